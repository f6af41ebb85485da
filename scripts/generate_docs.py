"""The documents that are generated from the code and from measured results.

python scripts/generate_docs.py            write them
python scripts/generate_docs.py --check    exit with 1 if one is out of date
"""

from __future__ import annotations

import sys
from collections.abc import Callable
from pathlib import Path

from benchmarks_document import benchmarks_document
from json_document import json_document
from reliability_document import reliability_document
from verdicts_document import verdicts_document

from ravine.execution.registry import STUDIES, find_study
from ravine.options.documentation import options_document

DOCS = Path(__file__).resolve().parents[1] / "docs"


def options() -> str:
    """Return `docs/options.md`."""
    return options_document({name: find_study(name).settings for name in STUDIES})


DOCUMENTS: dict[str, Callable[[], str]] = {
    "json.md": json_document,
    "options.md": options,
    "benchmarks.md": benchmarks_document,
    "reliability.md": reliability_document,
    "verdicts/README.md": verdicts_document,
}


def main(arguments: list[str]) -> int:
    """Write or check all documents. Returns the exit status."""
    stale = [name for name, text in DOCUMENTS.items() if not _is(DOCS / name, text())]
    if "--check" in arguments:
        for name in stale:
            print(f"docs/{name} is out of date. Run python scripts/generate_docs.py.")
        return 1 if stale else 0
    for name in stale:
        (DOCS / name).write_text(DOCUMENTS[name](), "utf-8")
        print(f"docs/{name} written.")
    return 0


def _is(path: Path, text: str) -> bool:
    return path.exists() and path.read_text("utf-8") == text


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
