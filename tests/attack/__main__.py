"""Entry point of `python -m tests.attack`."""

from __future__ import annotations

import argparse
import json
import secrets
import signal
import sys
from pathlib import Path

from tests.attack.campaign import SCRIPTS, families_of, find_family, run
from tests.attack.child import run_cases
from tests.attack.report import COMMAND, report
from tests.attack.results import FOLDER, Results


def arguments() -> argparse.Namespace:
    """Return the arguments of the command line."""
    parser = argparse.ArgumentParser(prog=COMMAND, description="Attack Ravine; see tests/attack/__init__.py.")
    parser.add_argument("--seed", help="any word without '/'; random if not given. A second call goes on")
    parser.add_argument(
        "--minutes", type=float, help="stop after this time; families then run in random order"
    )
    parser.add_argument("--only", metavar="SCRIPT|FAMILY[:NUMBER,...]", nargs="+", help="only these cases")
    parser.add_argument("--scale", type=float, default=1.0, help="share of the cases of each family")
    parser.add_argument("--workers", type=int, default=1, help="families that run at the same time")
    parser.add_argument("--list", action="store_true", help="list the families and their numbers of cases")
    parser.add_argument("--keep", metavar="FOLDER", help="work in this folder, and leave the files")
    parser.add_argument("--results", metavar="FOLDER", type=Path, default=FOLDER, help="saved results")
    parser.add_argument("--child", nargs=3, help=argparse.SUPPRESS)
    given = parser.parse_args()
    given.seed = given.seed or secrets.token_hex(4)
    if "/" in given.seed:
        parser.error("--seed names a file, so it cannot hold '/'")
    return given


def main() -> int:
    """Run the suite, and return the exit status."""
    given = arguments()
    if given.child:
        for number in (signal.SIGINT, signal.SIGQUIT, signal.SIGHUP):
            signal.signal(number, signal.SIG_DFL)  # a shell ignores some in the background, and `nohup` does
        name, indexes, folder = given.child
        run_cases(find_family(name), name, json.loads(indexes), given.seed, Path(folder))
    if given.list:
        for script in SCRIPTS:
            for name, family in families_of(script).items():
                print(f"{name:36} {family.count:5} cases")
        return 0
    print(f"seed {given.seed}", flush=True)
    return report(run(given, Results(given.results / f"{given.seed}.jsonl")), given.seed)


if __name__ == "__main__":
    sys.exit(main())
