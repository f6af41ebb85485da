"""Natural faults and sound configurations on real tables, to count how often `diagnose` is right.

    python docs/diagnose/natural.py DATA [--faults | --sound] [--only ID,...] [--every N] [--seconds N]
                                    [--no-proof] [--out DIR]

DATA is the folder of the tables. The script reads the list `faults.toml` and runs the whole study for every
entry: with proofs, or without them (`--no-proof`). It writes natural.json and natural.md. It saves after each
case, and a run that was interrupted goes on where it stopped. The folder `baselines` holds the baselines of
each table. `faults.sha256` holds the digests of the list, and of the functions that change its files, as they
were before the verdicts were written. The script refuses another list, so that nobody adapts the list to the
verdicts.
"""

from __future__ import annotations

import argparse
import hashlib
import json
import tempfile
import time
import tomllib
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from natural_cases.baseline_cache import remember_baselines
from natural_cases.changes import CHANGES, OWN_DUPLICATES, OWN_ORDER
from natural_cases.tables import random_of, read, sampled

import ravine
from ravine.errors import RavineError
from ravine.networks import METRICS

HERE = Path(__file__).parent
LIST = HERE / "faults.toml"
DIGEST = HERE / "faults.sha256"
SEEDS = 20  # of a proof: the default of `diagnose`
REPAIRABLE_BY_SETTINGS = {
    "rate_high", "rate_low", "few_epochs", "not_standardized", "vanishing", "exploding", "dead", "saturated",
    "batchnorm", "overfits", "interpolation_peak", "gradient_noise", "batches_small", "ill_conditioned",
    "plateau", "seed_sensitivity", "penalty_strong", "dropout_strong", "too_small", "units_alike",
}  # fmt: skip
"""Kinds of faults that a change of settings can repair. The others need other data."""
OBSERVATIONS = {"edge_of_stability", "constant_columns"}
"""Verdicts that say nothing against a sound configuration."""


@dataclass(frozen=True)
class Entry:
    """An entry of the list: a table, further options of the sound command, and one change or none.

    change: one option with its faulty value. file: change of the file, with its kind and arguments. expected:
    verdicts that count as right, the main one first; empty for a sound configuration.
    """

    id: str
    table: str
    base: dict[str, Any] = field(default_factory=dict)
    change: dict[str, Any] = field(default_factory=dict)
    file: dict[str, Any] = field(default_factory=dict)
    expected: tuple[str, ...] = ()

    @property
    def kind(self) -> str:
        """The main verdict, or "sound"."""
        return self.expected[0] if self.expected else "sound"


@dataclass(frozen=True)
class NaturalList:
    """The list: tables with their sound commands, faults and sound configurations.

    rows: largest number of rows of a table. seed: seed of samples and of changes of files.
    """

    rows: int
    seed: int
    tables: dict[str, dict[str, Any]]
    faults: tuple[Entry, ...]
    sound: tuple[Entry, ...]


def read_list(path: Path, digest: Path) -> NaturalList:
    """Return the list.

    digest: file with the SHA-256 of the list and of the modules that write its files, as sha256sum writes it.
    Raises SystemExit if one of these files was changed.
    """
    for line in digest.read_text().splitlines():
        recorded, name = line.split()
        found = hashlib.sha256((path.parent / name).read_bytes()).hexdigest()
        if found != recorded:
            raise SystemExit(f"{name} has SHA-256 {found}, and {digest.name} records {recorded}.")
    document = tomllib.loads(path.read_text())
    return NaturalList(
        rows=document["rows"],
        seed=document["seed"],
        tables=document["tables"],
        faults=tuple(_entry(row) for row in document["faults"]["list"]),
        sound=tuple(_entry(row) for row in document["sound"]["list"]),
    )


def _entry(row: Mapping[str, Any]) -> Entry:
    entry = Entry(**{**row, "expected": tuple(row.get("expected", ()))})
    if bool(entry.expected) != (len(entry.change) + bool(entry.file) == 1):
        raise SystemExit(f"{entry.id}: a fault has one change, a sound configuration has none.")
    return entry


def write_files(entry: Entry, listed: NaturalList, data: Path, folder: Path) -> tuple[Path, Path | None]:
    """Write the training file of an entry and its test file, if it has one; return both paths."""
    table, kind = listed.tables[entry.table], entry.file.get("kind")
    whole = read(data, table, unique=False if kind == OWN_DUPLICATES else None)
    rows = sampled(whole, listed.rows, random_of(listed.seed, entry.table), in_file_order=kind == OWN_ORDER)
    test = None
    if kind is not None:
        arguments = {name: value for name, value in entry.file.items() if name != "kind"}
        rows, test = CHANGES[kind](rows, table["target"], random_of(listed.seed, entry.id), **arguments)
    path, test_path = folder / f"{entry.table}.csv", folder / f"{entry.table}-test.csv"
    rows.to_csv(path, index=False)
    if test is None:
        return path, None
    test.to_csv(test_path, index=False)
    return path, test_path


def options_of(entry: Entry, listed: NaturalList) -> dict[str, Any]:
    """Return the options of the command of an entry: those of its table, of its base, and its change."""
    options = {**listed.tables[entry.table]["options"], **entry.base, **entry.change}
    if "features" in entry.change:
        options.pop("drop", None)  # named inputs leave out all others
    return options


def diagnosed(entry: Entry, listed: NaturalList, data: Path, seeds: int) -> dict[str, Any]:
    """Diagnose an entry and return one row: verdicts, recommendation, test scores and seconds.

    A command that is refused gives a row with the message and no verdict.
    """
    begin = time.perf_counter()
    row: dict[str, Any] = {"kind": entry.kind, "expected": list(entry.expected), "seeds": seeds}
    with tempfile.TemporaryDirectory() as folder:
        path, test = write_files(entry, listed, data, Path(folder))
        try:
            result = ravine.diagnose(
                path, target=listed.tables[entry.table]["target"], test=test, seeds=seeds, progress=False,
                **options_of(entry, listed),
            )  # fmt: skip
        except RavineError as error:
            message = str(error).replace(folder, "FOLDER")
            return row | {"error": message, "verdicts": [], "seconds": time.perf_counter() - begin}
    advice = result.recommendation
    test_scores = None
    if advice is not None and advice.test is not None:
        test_scores = {"before": advice.test.before, "after": advice.test.after}
    return row | {
        "verdicts": [finding.verdict for finding in result.findings if finding.severity],
        "noted": [finding.verdict for finding in result.findings if not finding.severity],
        "metric": result.metric.name,
        "score": result.score,
        "proved": advice is not None,
        "changes": None if advice is None else dict(advice.changes),
        "test": test_scores,
        "seconds": time.perf_counter() - begin,
    }


def wanted(
    listed: NaturalList, faults: bool, sound: bool, only: Sequence[str], every: int
) -> Iterator[Entry]:
    """Yield the entries to diagnose: every `every`-th one, of those that were named."""
    chosen = [*(listed.faults if faults else ()), *(listed.sound if sound else ())]
    known = {entry.id for entry in (*listed.faults, *listed.sound)}
    if unknown := [name for name in only if name not in known]:
        raise SystemExit(f"The list has no entry {', '.join(unknown)}.")
    named = [entry for entry in chosen if not only or entry.id in only]
    yield from named[::every]


def saved(rows: dict[str, Any], path: Path) -> None:
    """Write the rows so that an interruption leaves the old file or the new one."""
    new = path.with_suffix(".new")
    new.write_text(json.dumps(rows, indent=1, default=float) + "\n")
    new.replace(path)


def is_right(row: Mapping[str, Any]) -> bool:
    """Return whether a row reports an expected verdict, or none for a sound configuration.

    Verdicts that are only noted, with severity 0, count like others: as found, and as false alarms.
    """
    reported = {*row["verdicts"], *row.get("noted", ())}
    if not row["expected"]:
        return not reported - OBSERVATIONS and "error" not in row
    return bool(set(row["expected"]) & reported)


def gain(row: Mapping[str, Any]) -> float | None:
    """Return by how much the recommended settings are better on the test rows; None if they diverged.

    The value is 0 if the original settings are recommended. It is infinite if only the original diverged.
    """
    if not row["changes"] or row["test"] is None:
        return 0.0
    before, after = row["test"]["before"], row["test"]["after"]
    if after is None:
        return None
    if before is None:
        return float("inf")
    return (after - before) * (1 if METRICS[row["metric"]].greater_is_better else -1)


def table(rows: Mapping[str, Mapping[str, Any]]) -> str:
    """Return the counts as Markdown: recall of each kind, misses, false alarms and proofs."""
    faults = {name: row for name, row in rows.items() if row["expected"]}
    sound = {name: row for name, row in rows.items() if not row["expected"]}
    minutes = sum(row["seconds"] for row in rows.values()) / 60
    lines = [
        "# Natural faults on real tables",
        "",
        f"`python docs/diagnose/natural.py DATA` diagnosed {len(faults)} faults and {len(sound)} sound",
        f"configurations of [faults.toml](faults.toml) in {minutes:.0f} minutes. A fault counts as",
        "found if one of the verdicts that the list expects is reported.",
        "",
        "| fault | cases | found | recall |",
        "|---|---|---|---|",
    ]
    kinds = dict.fromkeys(row["kind"] for row in faults.values())
    for kind in kinds:
        of_kind = [row for row in faults.values() if row["kind"] == kind]
        lines.append(_share_row(kind, [is_right(row) for row in of_kind]))
    lines.append(_share_row("all faults", [is_right(row) for row in faults.values()]))
    alarms = {name: row for name, row in sound.items() if not is_right(row)}
    noted = sum(not row["verdicts"] and "error" not in row for row in alarms.values())
    lines += [
        "",
        f"Sound configurations with a finding: {len(alarms)} of {len(sound)}. In {noted} of them the",
        "finding is only a note, of severity 0.",
    ]
    lines += ["", "Missed faults, with the verdicts that were reported instead:", ""]
    lines += [_listed(name, row) for name, row in faults.items() if not is_right(row)] or ["- none"]
    lines += ["", "Sound configurations with findings:", ""]
    lines += [_listed(name, row) for name, row in alarms.items()] or ["- none"]
    lines += _proofs(faults, sound)
    return "\n".join(lines) + "\n"


def _share_row(name: str, right: Sequence[bool]) -> str:
    share = f"{100 * sum(right) / len(right):.0f} %" if right else "–"
    return f"| {name} | {len(right)} | {sum(right)} | {share} |"


def _listed(name: str, row: Mapping[str, Any]) -> str:
    notes = [f"{verdict} (note)" for verdict in row.get("noted", ())]
    return f"- {name}: {row.get('error') or ', '.join([*row['verdicts'], *notes]) or 'no fault found'}"


def _proofs(faults: Mapping[str, Any], sound: Mapping[str, Any]) -> list[str]:
    """Return the lines on recommendations: as good on the test rows, and better by more than matters."""
    groups = {
        "sound configurations": list(sound.values()),
        "faults": list(faults.values()),
        "faults that settings can repair": [
            row for row in faults.values() if row["kind"] in REPAIRABLE_BY_SETTINGS
        ],
    }
    lines = []
    for name, group in groups.items():
        proved = [row for row in group if row.get("proved")]
        if not proved:
            continue
        as_good = sum(gain(row) == 0 or _beyond(row, -1) for row in proved)
        better = sum(_beyond(row, 1) for row in proved)
        lines.append(f"| {name} | {len(proved)} | {_percent(as_good, proved)} | {_percent(better, proved)} |")
    if not lines:
        return []
    head = [
        "",
        "The recommended settings against the original ones, on the test rows and fresh seeds. *As good*:",
        "not worse by more than the smallest difference that matters. *Better*: better by more than it.",
        "",
        "| cases | with proofs | as good | better |",
        "|---|---|---|---|",
    ]
    return head + lines


def _percent(count: int, group: Sequence[Any]) -> str:
    return f"{count} ({100 * count / len(group):.0f} %)"


def _beyond(row: Mapping[str, Any], sign: int) -> bool:
    """Return whether the gain exceeds `sign` times the smallest difference that matters."""
    value = gain(row)
    if value is None:
        return False
    scores = () if row["test"] is None else (row["test"]["before"], row["test"]["after"])
    return value > sign * METRICS[row["metric"]].smallest_difference_at(*scores)


def main() -> None:
    """Diagnose the entries of the list that have no row yet; write JSON and Markdown."""
    parser = argparse.ArgumentParser()
    parser.add_argument("data", type=Path, help="folder of the tables")
    which = parser.add_mutually_exclusive_group()
    which.add_argument("--faults", action="store_true", help="faults only")
    which.add_argument("--sound", action="store_true", help="sound configurations only")
    parser.add_argument("--only", default="", help="names of entries, with commas between them")
    parser.add_argument("--every", type=int, default=1, help="every N-th entry")
    parser.add_argument("--seconds", type=float, default=float("inf"), help="begin no case after N seconds")
    parser.add_argument("--no-proof", action="store_true", help="try no remedies")
    parser.add_argument("--list", type=Path, default=LIST, help="list of faults; its digest lies next to it")
    parser.add_argument("--out", type=Path, default=HERE)
    arguments = parser.parse_args()
    listed = read_list(arguments.list, arguments.list.with_suffix(".sha256"))
    arguments.out.mkdir(parents=True, exist_ok=True)
    remember_baselines(arguments.out / "baselines")
    path = arguments.out / "natural.json"
    rows: dict[str, Any] = json.loads(path.read_text()) if path.exists() else {}
    begin, seeds = time.perf_counter(), 0 if arguments.no_proof else SEEDS
    only = [name for name in arguments.only.split(",") if name]
    for entry in wanted(listed, not arguments.sound, not arguments.faults, only, arguments.every):
        if entry.id in rows and rows[entry.id]["seeds"] == seeds:
            continue
        if time.perf_counter() - begin > arguments.seconds:
            break
        row = diagnosed(entry, listed, arguments.data, seeds)
        rows[entry.id] = row
        saved(rows, path)
        verdict = "" if is_right(row) else f"   WRONG, expected {' or '.join(entry.expected) or 'no finding'}"
        print(
            f"{entry.id}: {row.get('error') or ' '.join(row['verdicts']) or 'no fault found'} "
            f"({row['seconds']:.0f} s){verdict}",
            flush=True,
        )
    order = [entry.id for entry in (*listed.faults, *listed.sound) if entry.id in rows]
    (arguments.out / "natural.md").write_text(table({name: rows[name] for name in order}))


if __name__ == "__main__":
    main()
