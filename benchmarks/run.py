"""Run the benchmarks of the checkout and read what they found.

Each row is a script in `benchmarks/`, run as a process of its own, one after another. The document of a row
holds `lines`, each with `what`, `peer`, `unit`, `ours`, `theirs`, `ratio` (median, min, max, count), what had
to be reached (`at_least` or `at_most`, `aim`) and whether it was (`reached`, `aim_reached`; null when quick).
"""

from __future__ import annotations

import json
import signal
import subprocess
import sys
import tempfile
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from ravine.errors import UsageError, did_you_mean
from ravine.execution.events import Event, Notify

__all__ = ["ROWS", "bench", "bench_text", "benchmarks_folder"]

SCHEMA_VERSION = 1
ROWS = {
    "small_networks_torch_loop": "many small networks against a PyTorch loop",
    "small_networks_ensembles": "many small networks against torch.func and JAX ensembles",
    "small_networks_sklearn": "many small networks against scikit-learn and Keras",
    "curvature": "top Hessian eigenvalue and spectrum against PyHessian and curvlinops",
    "landscape": "a 51 x 51 grid of the loss against loss-landscapes",
    "share_of_peak": "share of the measured matrix-product peak",
    "main_job": "compare digits, cold, against the same plan in PyTorch",
    "first_line": "seconds until something is to be seen",
    "warm_cache": "compilations of a second comparison; cost against number of runs",
}


def benchmarks_folder() -> Path:
    """Return the benchmarks of this checkout, or of the current directory. Raises UsageError if neither."""
    for root in (Path(__file__).resolve().parents[3], Path.cwd()):
        if (root / "benchmarks" / "measure.py").is_file():
            return root / "benchmarks"
    raise UsageError(
        "There are no benchmarks here.",
        "They come with the source of Ravine, not with the installed package.",
        "Go to a checkout of Ravine and type ravine bench there.",
    )


def bench(rows: Sequence[str] = (), quick: bool = False, notify: Notify | None = None) -> dict[str, Any]:
    """Run rows (all if none is named) and return one document.

    `schema_version`, `quick`, `environment`, `rows` (the document of each row that ran), `failed` (`row`,
    `error` of each that did not). quick: tiny sizes, which show that all works and measure nothing.
    Raises UsageError for an unknown row, and where there are no benchmarks.
    """
    for row in rows:
        if row not in ROWS:
            raise UsageError(f"There is no benchmark '{row}'.", "", did_you_mean(row, ROWS))
    chosen = [row for row in ROWS if row in rows] if rows else list(ROWS)
    folder, tell = benchmarks_folder(), notify or (lambda _: None)
    found: list[dict[str, Any]] = []
    failed: list[dict[str, str]] = []
    for number, row in enumerate(chosen):
        tell(Event("bench", f"{row}: {ROWS[row]}", number, len(chosen)))
        document, error = _run(folder, row, quick, tell, number, len(chosen))
        if document is not None:
            found.append(document)
        else:
            failed.append({"row": row, "error": error})
    return {
        "schema_version": SCHEMA_VERSION,
        "quick": quick,
        "environment": found[0]["environment"] if found else None,
        "rows": found,
        "failed": failed,
    }


def _run(
    folder: Path, row: str, quick: bool, tell: Notify, number: int, total: int
) -> tuple[dict[str, Any] | None, str]:
    """Run one script; return its document, or None and the last line it said."""
    with tempfile.TemporaryDirectory() as name:
        path = Path(name) / "row.json"
        process = subprocess.Popen(
            [sys.executable, str(folder / f"{row}.py"), "--json", str(path), *["--quick"] * quick],
            stdout=subprocess.DEVNULL,
            stderr=subprocess.PIPE,
            text=True,
            errors="replace",
        )
        said = ""
        assert process.stderr is not None
        try:
            for text in process.stderr:
                if text[:1].strip() and not text.startswith("Traceback"):  # the frames tell a user nothing
                    said = text.strip()
                    tell(Event("bench", f"{row}: {said}", number, total))
        except BaseException:  # stopped: as Ctrl-C, so that the script ends what it started
            process.send_signal(signal.SIGINT)
            raise
        finally:
            process.wait()
            process.stderr.close()
        if process.returncode == 0:
            return json.loads(path.read_text()), ""
        return None, said or f"It ended with status {process.returncode}."


HEADER = ("row", "peer", "ours", "peer's", "ratio", "wanted", "reached")


def bench_text(document: Mapping[str, Any]) -> str:
    """Return the table: what was measured, against whom, both figures, their ratio, whether it suffices."""
    table = [HEADER]
    for row in document["rows"]:
        for line in row["lines"]:
            table.append(
                (
                    line["what"],
                    line["peer"] or "",
                    f"{line['ours']['median']:.3g} {line['unit']}",
                    "" if line["theirs"] is None else f"{line['theirs']['median']:.3g}",
                    "" if line["ratio"] is None else _ratio(line["ratio"]),
                    _wanted(line),
                    {True: "yes", False: "NO", None: ""}[line["reached"]],
                )
            )
    widths = [max(len(cells[k]) for cells in table) for k in range(len(HEADER))]
    lines = [
        "  ".join(cell.ljust(w) for cell, w in zip(cells, widths, strict=True)).rstrip() for cells in table
    ]
    lines.insert(1, "  ".join("-" * width for width in widths))
    about = document["environment"]
    if about is not None:
        lines.append("")
        lines.append(
            f"{about['processor']}, {about['cores']} cores, {about['date']}, commit {about['commit']}"
        )
    if document["quick"]:
        lines.append("Quick: tiny sizes, to see that everything works. These are not measurements.")
    for row in document["rows"]:
        lines += [f"{row['row']}, not measured: {each}" for each in row.get("not_measured", [])]
    lines += [f"{each['row']} failed: {each['error']}" for each in document["failed"]]
    return "\n".join(lines)


def _ratio(ratio: Mapping[str, float]) -> str:
    middle = f"{ratio['median']:.3g}x"
    return middle if ratio["count"] == 1 else f"{middle} ({ratio['min']:.3g} to {ratio['max']:.3g})"


def _wanted(line: Mapping[str, Any]) -> str:
    limit, sign = (line["at_most"], "<=") if line["at_most"] is not None else (line["at_least"], ">=")
    if limit is None:
        return ""
    return f"{sign} {limit:g}" + ("" if line["aim"] is None else f", aim {line['aim']:g}")
