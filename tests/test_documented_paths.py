"""Every path and every local link in the documents leads to a file."""

import re
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[1]
DOCUMENTS = [
    *(ROOT / name for name in ("README.md", "CONTRIBUTING.md", "CHANGELOG.md", "SECURITY.md")),
    ROOT / "benchmarks" / "README.md",
    *sorted((ROOT / "docs").rglob("*.md")),
]
BASES = (ROOT, ROOT / "src" / "ravine", ROOT / "tests")
"""Where a path in a document may begin."""
PATH = re.compile(r"(?:[\w.-]+/)*[\w.-]+\.(?:py|md)|(?:docs|src|tests|scripts|benchmarks|examples)/[\w./*-]*")
PLACEHOLDER = re.compile(r"[A-Z]+\.py|^own\.py$|<")


def paths(text: str) -> set[str]:
    """Return the paths that stand in backticks, outside of listings."""
    prose = re.sub(r"^```.*?^```$", "", text, flags=re.MULTILINE | re.DOTALL)
    words = {word for span in re.findall(r"`([^`\n]+)`", prose) for word in span.split()}
    return {word for word in words if PATH.fullmatch(word) and not PLACEHOLDER.search(word)}


def links(text: str) -> set[str]:
    """Return the targets of links, those to other sites left out."""
    targets = re.findall(r"\]\(([^)#\s]+)[^)]*\)", text)
    return {target for target in targets if "://" not in target}


def anchors(text: str) -> set[str]:
    """Return the anchors of the headings of a document, as GitHub forms them."""
    prose = re.sub(r"^```.*?^```$", "", text, flags=re.MULTILINE | re.DOTALL)
    titles = re.findall(r"^#+ (.+)$", prose, flags=re.MULTILINE)
    return {re.sub(r"[^\w -]", "", title.lower()).replace(" ", "-") for title in titles}


def linked_anchors(text: str) -> list[tuple[str, str]]:
    """Return (file, anchor) of the links to a heading; the file is "" for the document itself."""
    return [link for link in re.findall(r"\]\(([^)#\s]*)#([^)\s]+)\)", text) if "://" not in link[0]]


def exists(path: str, bases: tuple[Path, ...]) -> bool:
    return any((base / path).exists() or any(base.glob(path)) for base in bases)


def test_paths_and_links_are_found_in_a_document():
    text = (
        "See `data/splits.py`, `python docs/x.py --json FILE`, `a.toml`, `benchmarks/NAME.py`, [b](c/d.md#e)."
    )
    assert paths(text) == {"data/splits.py", "docs/x.py"}
    assert links(text + " [f](https://example.org)") == {"c/d.md"}
    assert paths("```python\n`no/such.py`\n```\n") == set()


@pytest.mark.parametrize("document", DOCUMENTS, ids=lambda path: str(path.relative_to(ROOT)))
def test_every_path_and_link_exists(document):
    text = document.read_text()
    missing = [path for path in paths(text) if not exists(path, (*BASES, document.parent))]
    missing += [target for target in links(text) if not exists(target, (document.parent,))]
    assert not missing, f"{document.name} names {missing}"


def test_anchors_are_formed_from_headings():
    assert anchors("# A `b`, c-d\n```text\n# no\n```\n## E f\n") == {"a-b-c-d", "e-f"}
    assert linked_anchors("[a](b.md#c-d) [e](#f) [g](h.md) [i](https://j.k/l#m)") == [
        ("b.md", "c-d"),
        ("", "f"),
    ]


@pytest.mark.parametrize("document", DOCUMENTS, ids=lambda path: str(path.relative_to(ROOT)))
def test_every_anchor_is_a_heading(document):
    text = document.read_text()
    for file, anchor in linked_anchors(text):
        target = text if not file else (document.parent / file).read_text()
        assert anchor in anchors(target), f"{document.name} links to {file}#{anchor}"


def test_the_documents_name_many_paths():
    assert sum(len(paths(document.read_text())) for document in DOCUMENTS) > 100
