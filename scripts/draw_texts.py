"""Draw texts for a reading test: docstrings, messages, help and paragraphs of the docs, with a fixed seed.

    python scripts/draw_texts.py [--seed 0] [--count 50] [-o texts.json]

A fresh reader gets the printed texts alone, without their places, and says in other words what each means. A
second person compares that with the code; the file given by -o holds the place of each text for this. Two
fifths of the texts are docstrings; messages, help of options and paragraphs are one fifth each.
"""

from __future__ import annotations

import argparse
import ast
import json
import random
import re
from collections.abc import Iterator
from dataclasses import asdict, dataclass
from pathlib import Path

from ravine.execution.registry import STUDIES, find_study
from ravine.options.fields import options_of

ROOT = Path(__file__).resolve().parents[1]
SOURCE = ROOT / "src" / "ravine"
DOCS = (
    "README.md", "CONTRIBUTING.md", "docs/*.md", "docs/decisions/*.md", "docs/verdicts/*.md",
    "docs/diagnose/README.md", "docs/scores/README.md",
)  # fmt: skip
GENERATED = ("docs/json.md", "docs/options.md")
SHARES = {"docstring": 2, "message": 1, "help": 1, "paragraph": 1}
"""How many of each kind are drawn, in fifths."""

MIN_WORDS = 8


@dataclass(frozen=True)
class Text:
    """A text that a person reads, its kind and its place in the repository."""

    kind: str
    place: str
    text: str


def docstrings() -> Iterator[Text]:
    """Yield the docstrings of modules, public classes and public functions."""
    for path, tree in _modules():
        for node in ast.walk(tree):
            if isinstance(node, ast.Module | ast.ClassDef | ast.FunctionDef):
                name = getattr(node, "name", "")
                text = ast.get_docstring(node)
                if text and not name.startswith("_"):
                    yield Text("docstring", _place(path, getattr(node, "lineno", 1), name), text)


def messages() -> Iterator[Text]:
    """Yield the texts of raised errors: what is wrong, what is allowed, what to type. Values read `{...}`."""
    for path, tree in _modules():
        for node in ast.walk(tree):
            if isinstance(node, ast.Call) and _called(node).endswith("Error"):
                parts = [_literal(argument) for argument in node.args]
                if text := "\n".join(part for part in parts if part):
                    yield Text("message", _place(path, node.lineno), text)


def help_texts() -> Iterator[Text]:
    """Yield the help of every option, once for each different text."""
    texts = {
        f"--{name.replace('_', '-')}: {option.help}": study
        for study in STUDIES
        for name, option in options_of(find_study(study).settings).items()
    }
    for text, study in texts.items():
        yield Text("help", f"settings of {study}", text)


def paragraphs() -> Iterator[Text]:
    """Yield the paragraphs of the documents that people write: no tables, code or headings."""
    for pattern in DOCS:
        for path in sorted(ROOT.glob(pattern)):
            name = str(path.relative_to(ROOT))
            if name in GENERATED:
                continue
            prose = re.sub(r"```.*?```", "", path.read_text("utf-8"), flags=re.DOTALL)
            for paragraph in re.split(r"\n\s*\n", prose):
                text = paragraph.strip()
                if text and not text.startswith(("#", "|", "    ", "!", "<")):
                    yield Text("paragraph", name, text)


def draw(seed: int, count: int) -> list[Text]:
    """Return `count` different texts of at least `MIN_WORDS` words, shuffled."""
    generator = random.Random(seed)
    drawn: list[Text] = []
    for kind, texts in zip(SHARES, (docstrings(), messages(), help_texts(), paragraphs()), strict=True):
        long_enough = {text.text: text for text in texts if len(text.text.split()) >= MIN_WORDS}
        number = SHARES[kind] * count // sum(SHARES.values())
        drawn += generator.sample(sorted(long_enough.values(), key=lambda text: text.text), number)
    generator.shuffle(drawn)
    return drawn


def _modules() -> Iterator[tuple[Path, ast.Module]]:
    for path in sorted(SOURCE.rglob("*.py")):
        yield path, ast.parse(path.read_text("utf-8"))


def _place(path: Path, line: int, name: str = "") -> str:
    return f"{path.relative_to(ROOT)}:{line} {name}".rstrip()


def _called(node: ast.Call) -> str:
    function = node.func
    return function.id if isinstance(function, ast.Name) else getattr(function, "attr", "")


def _literal(node: ast.expr) -> str:
    """Return a string as it stands in the code; values that are put into it read `{expression}`."""
    if isinstance(node, ast.Constant):
        return node.value if isinstance(node.value, str) else ""
    if isinstance(node, ast.JoinedStr):
        return "".join(
            str(part.value) if isinstance(part, ast.Constant) else f"{{{ast.unparse(part.value)}}}"
            for part in node.values
            if isinstance(part, ast.Constant | ast.FormattedValue)
        )
    return ""


def main() -> None:
    """Print the texts, and write them with their places."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").splitlines()[0])
    parser.add_argument("--seed", type=int, default=0)
    parser.add_argument("--count", type=int, default=50)
    parser.add_argument("-o", type=Path, help="JSON file for texts and places")
    options = parser.parse_args()
    texts = draw(options.seed, options.count)
    for number, text in enumerate(texts, 1):
        print(f"--- {number} ({text.kind})\n{text.text}\n")
    if options.o:
        options.o.write_text(json.dumps([asdict(text) for text in texts], indent=1), "utf-8")


if __name__ == "__main__":
    main()
