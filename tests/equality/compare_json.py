"""What all commands print and write, before and after a change of the code.

    cd tests/equality
    python compare_json.py record --source OLD/src --out before
    python compare_json.py record --source ../../src --out after --renamed renamed.toml
    python compare_json.py compare before after --renamed renamed.toml

`record` runs the commands of `cases.py` (four minutes on two idle cores) and skips those already recorded.
`compare` demands the same texts, seeds, plans and counts, and numbers within 1e-6 (--exact: the same bits).
Times, ids, paths and versions are excepted (`comparison.EXCEPTED`); `renamed.toml` holds new names. The exit
status is 1 if a case differs.
"""

from __future__ import annotations

import argparse
import re
import sys
from fnmatch import fnmatchcase
from pathlib import Path

from cases import CASES
from comparison import Renamed, compare_recordings, load_renamed
from recording import RecordingError, load, record, recorded_names

SHOWN = 5  # differences printed for one case


def main() -> int:
    """Record or compare; return the exit status."""
    arguments = _parser().parse_args()
    renamed = Renamed() if arguments.renamed is None else load_renamed(arguments.renamed)
    try:
        if arguments.action == "record":
            names = _with_needed(_chosen(arguments.only))
            failed = record(arguments.python, arguments.source, arguments.out, renamed.flags, names)
            print(f"{len(names)} recorded in {arguments.out}, {failed} with an unexpected status")
            return int(failed > 0)
        return compare(
            arguments.old, arguments.new, renamed, arguments.exact, arguments.only, arguments.differences
        )
    except RecordingError as error:
        print(error, file=sys.stderr)
        return 2


def compare(old: Path, new: Path, renamed: Renamed, exact: bool, only: str, shown: int = SHOWN) -> int:
    """Print one line for each case and the first differences; return 1 if a case differs."""
    before, after = set(recorded_names(old)), set(recorded_names(new))
    equal = different = 0
    for name in _chosen(only):
        if name not in before and name not in after:
            continue
        if name not in before or name not in after:
            print(f"DIFFERENT  {name:<26} not recorded in {new if name in before else old}")
            different += 1
            continue
        differences, count = compare_recordings(name, load(old, name), load(new, name), renamed, exact)
        if not differences:
            print(f"equal      {name:<26} {count:,} values")
            equal += 1
            continue
        different += 1
        print(f"DIFFERENT  {name:<26} {len(differences):,} of {count:,} values")
        for difference in differences[:shown]:
            print(f"    {difference.path}: {difference.old} → {difference.new}")
    print(f"{equal} equal, {different} different")
    return int(different > 0)


def _chosen(only: str) -> list[str]:
    names = [name for name in CASES if any(fnmatchcase(name, pattern) for pattern in only.split(","))]
    if not names:
        raise RecordingError(f"No case is named '{only}'. The names stand in cases.py.")
    return names


def _with_needed(names: list[str]) -> list[str]:
    """Return the cases, and before them those whose folders they use."""
    folders = {f"runs/{name}": name for name in CASES}
    folders |= {
        word: name for name, command in CASES.items() for word in re.findall(r"-o (listed/\S+)", command)
    }
    needed, waiting = set(names), list(names)
    while waiting:
        words = CASES[waiting.pop()].split()
        used = {
            name
            for folder, name in folders.items()
            for word in words
            if word.startswith(f"{folder}/") or word == folder or folder.startswith(f"{word}/")
        }
        waiting += used - needed
        needed |= used
    return [name for name in CASES if name in needed]


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    actions = parser.add_subparsers(dest="action", required=True)
    recorder = actions.add_parser("record", help="run the commands and keep what they print and write")
    recorder.add_argument(
        "--python", type=Path, default=Path(sys.executable), help="interpreter of the commands"
    )
    recorder.add_argument("--source", type=Path, required=True, help="folder that holds the package ravine")
    recorder.add_argument("--out", type=Path, required=True, help="folder of the recordings")
    comparer = actions.add_parser("compare", help="compare two folders of recordings")
    comparer.add_argument("old", type=Path)
    comparer.add_argument("new", type=Path)
    comparer.add_argument("--exact", action="store_true", help="demand the same bits of all numbers")
    comparer.add_argument("--differences", type=int, default=SHOWN, help="how many to print for a case")
    for action in (recorder, comparer):
        action.add_argument("--renamed", type=Path, help="file of renamed flags, keys and texts")
        action.add_argument("--only", default="*", help="names of cases, with * and separated by commas")
    return parser


if __name__ == "__main__":
    sys.exit(main())
