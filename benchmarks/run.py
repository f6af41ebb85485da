"""Run benchmark rows one after another, each as a process of its own, and print one table.

    python benchmarks/run.py [ROW]... [--quick] [--no-peers] [--json]      default: all rows of ROWS

The document of a row holds `lines`. A line has `what`, `peer`, `unit`, `ours`, `theirs`, `ratio` (median,
min, max, count), the target (`at_least` or `at_most`), the more ambitious `aim`, and whether the median
meets them (`reached`, `aim_reached`; null with `--quick`). `--json` prints one document with `rows` (these
documents) and `failed` (`row`, `error`). Exit status: 0 all rows ran, 1 some rows failed, 2 wrong usage.
"""

from __future__ import annotations

import argparse
import difflib
import json
import signal
import subprocess
import sys
import tempfile
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import Any

__all__ = ["ROWS", "main", "run_rows", "table"]

FOLDER = Path(__file__).resolve().parent
SCHEMA_VERSION = 1
ROWS = {
    "small_networks_torch_loop": "many small networks against a PyTorch loop, one network after another",
    "small_networks_ensembles": "many small networks against torch.func and JAX ensembles",
    "small_networks_sklearn": "many small networks against scikit-learn and Keras",
    "sizes": "tables of up to a million rows and networks of up to 512-512-512 against PyTorch loops",
    "curvature": "top Hessian eigenvalue and spectrum against PyHessian and curvlinops",
    "landscape": "a 51 x 51 grid of the loss against loss-landscapes",
    "share_of_peak": "training steps, as a share of the measured peak of matrix products",
    "main_job": "compare digits, cold, against the same plan in PyTorch",
    "first_line": "seconds until the first line and the first result",
    "warm_cache": "compilations of a second comparison; cost against number of runs",
}
HEADER = ("row", "peer", "ours", "peer's", "ratio", "wanted", "reached")


def main(arguments: Sequence[str] | None = None) -> int:
    """Run the rows that the command line names. Returns the exit status."""
    parser = argparse.ArgumentParser(
        description="Run benchmark rows one after another and print one table.",
        epilog="Rows: " + ", ".join(ROWS),
    )
    parser.add_argument("rows", nargs="*", metavar="ROW", type=_row, help="a row; if not given, all rows")
    parser.add_argument("--quick", action="store_true", help="tiny sizes that measure nothing")
    parser.add_argument("--no-peers", action="store_true", help="run Ravine's side only")
    parser.add_argument("--json", action="store_true", help="print one document in place of the table")
    options = parser.parse_args(arguments)
    flags = [
        flag for flag, is_set in (("--quick", options.quick), ("--no-peers", options.no_peers)) if is_set
    ]
    document = run_rows(options.rows, flags, lambda text: print(text, file=sys.stderr, flush=True))
    print(json.dumps(document, indent=2) if options.json else table(document))
    return 1 if document["failed"] else 0


def _row(name: str) -> str:
    if name in ROWS:
        return name
    near = difflib.get_close_matches(name, ROWS, 1)
    hint = f"Did you mean {near[0]}?" if near else f"Choose from {', '.join(ROWS)}."
    raise argparse.ArgumentTypeError(f"there is no row '{name}'. {hint}")


def run_rows(
    rows: Sequence[str], flags: Sequence[str], tell: Callable[[str], None], folder: Path = FOLDER
) -> dict[str, Any]:
    """Run rows (default: all), each with the same flags, and return one document.

    It holds `schema_version`, `quick`, `environment`, `rows` (the document of each row that ran) and `failed`
    (`row`, `error` of every other). tell: called with one line of progress at a time.
    """
    chosen = [row for row in ROWS if row in rows] if rows else list(ROWS)
    documents: list[dict[str, Any]] = []
    failed: list[dict[str, str]] = []
    for number, row in enumerate(chosen, 1):
        tell(f"row {number} of {len(chosen)}, {row}: {ROWS[row]}")
        document, error = _run(folder / f"{row}.py", flags, tell)
        if document is not None:
            documents.append(document)
        else:
            failed.append({"row": row, "error": error})
    return {
        "schema_version": SCHEMA_VERSION,
        "quick": "--quick" in flags,
        "environment": documents[0]["environment"] if documents else None,
        "rows": documents,
        "failed": failed,
    }


def _run(
    script: Path, flags: Sequence[str], tell: Callable[[str], None]
) -> tuple[dict[str, Any] | None, str]:
    """Run one script. Returns its document, or None and the last line of its standard error."""
    with tempfile.TemporaryDirectory() as name:
        path = Path(name) / "row.json"
        process = subprocess.Popen(
            [sys.executable, str(script), "--json", str(path), *flags],
            stdout=subprocess.DEVNULL,
            stderr=subprocess.PIPE,
            text=True,
            errors="replace",
        )
        last = ""
        assert process.stderr is not None
        try:
            for text in process.stderr:
                # Frames of a traceback are indented; its last line is the message.
                if text[:1].strip() and not text.startswith("Traceback"):
                    last = text.strip()
                    tell(f"  {last}")
        except BaseException:
            process.send_signal(signal.SIGINT)  # the script ends the workers that it started
            raise
        finally:
            process.wait()
            process.stderr.close()
        if process.returncode == 0:
            return json.loads(path.read_text()), ""
        return None, last or f"The script ended with status {process.returncode}."


def table(document: Mapping[str, Any]) -> str:
    """Return the table: row, peer, the median of each side, their ratio, the limit, and whether it is met."""
    cells = [HEADER]
    for row in document["rows"]:
        for line in row["lines"]:
            cells.append(
                (
                    line["what"],
                    line["peer"] or "",
                    f"{line['ours']['median']:.3g} {line['unit']}",
                    "" if line["theirs"] is None else f"{line['theirs']['median']:.3g}",
                    "" if line["ratio"] is None else _ratio(line["ratio"]),
                    _limit(line),
                    {True: "yes", False: "NO", None: ""}[line["reached"]],
                )
            )
    widths = [max(map(len, column)) for column in zip(*cells, strict=True)]
    lines = ["  ".join(cell.ljust(w) for cell, w in zip(row, widths, strict=True)).rstrip() for row in cells]
    lines.insert(1, "  ".join("-" * width for width in widths))
    about = document["environment"]
    if about is not None:
        lines += [
            "",
            f"{about['processor']}, {about['cores']} cores, {about['date']}, commit {about['commit']}",
        ]
    if document["quick"]:
        lines.append("Quick: tiny sizes. These are not measurements.")
    for row in document["rows"]:
        lines += [f"{row['row']}, not measured: {task}" for task in row.get("not_measured", [])]
    lines += [f"{failure['row']} failed: {failure['error']}" for failure in document["failed"]]
    return "\n".join(lines)


def _ratio(ratio: Mapping[str, float]) -> str:
    middle = f"{ratio['median']:.3g}x"
    return middle if ratio["count"] == 1 else f"{middle} ({ratio['min']:.3g} to {ratio['max']:.3g})"


def _limit(line: Mapping[str, Any]) -> str:
    limit, sign = (line["at_most"], "<=") if line["at_most"] is not None else (line["at_least"], ">=")
    if limit is None:
        return ""
    return f"{sign} {limit:g}" + ("" if line["aim"] is None else f", aim {line['aim']:g}")


if __name__ == "__main__":
    sys.exit(main())
