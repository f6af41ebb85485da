"""Measure the structure of the package from its syntax trees: size, `Any`, docstrings, imports.

    python scripts/measure_code.py [FOLDER]              default: src/ravine
    python scripts/measure_code.py --packages [FOLDER]   packages and their imports, as a Mermaid diagram

Lines: those of the files. Any: share of annotated parameters whose annotation names `Any`. Docstrings:
docstring lines / (code + docstring lines), without blank lines and comments. Imports: pairs of modules of the
package, imports inside functions included, those for type checking left out. Chain: modules of the longest
path along imports.
"""

from __future__ import annotations

import ast
import sys
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass, field
from functools import cache
from pathlib import Path

DEFAULT = Path(__file__).resolve().parents[1] / "src" / "ravine"


@dataclass
class Counts:
    """Counts of some files."""

    files: int = 0
    lines: int = 0
    code: int = 0
    docstrings: int = 0
    parameters: int = 0
    any: int = 0
    imports: set[tuple[str, str]] = field(default_factory=set)

    def add(self, other: Counts) -> None:
        """Add the counts of another file."""
        for name in ("files", "lines", "code", "docstrings", "parameters", "any"):
            setattr(self, name, getattr(self, name) + getattr(other, name))
        self.imports |= other.imports


def main() -> None:
    """Print one row for each package, and one for all; or the diagram."""
    arguments = [word for word in sys.argv[1:] if word != "--packages"]
    root = (Path(arguments[0]) if arguments else DEFAULT).resolve()
    modules = {module_name(path, root): path for path in sorted(root.rglob("*.py"))}
    counted = {name: count(path, name, root, set(modules)) for name, path in modules.items()}
    packages: dict[str, Counts] = {}
    for name, counts in counted.items():
        part = package_of(name, root)
        packages.setdefault(part, Counts()).add(counts)
        packages.setdefault("total", Counts()).add(counts)
    total = packages.pop("total")
    if "--packages" in sys.argv:
        print(diagram([(package_of(a, root), package_of(b, root)) for a, b in sorted(total.imports)]))
        return
    print(f"{'package':14}{'files':>6}{'lines':>8}{'docstrings':>12}{'Any':>8}{'imports':>9}")
    for part, counts in [*sorted(packages.items()), ("all", total)]:
        inside = {pair for pair in counts.imports if all(f".{part}" in f"{name}." for name in pair)}
        imports = len(inside if part != "all" else counts.imports)
        print(
            f"{part:14}{counts.files:>6}{counts.lines:>8,}"
            f"{share(counts.docstrings, counts.code + counts.docstrings):>12}"
            f"{share(counts.any, counts.parameters):>8}{imports:>9}"
        )
    chain = longest_chain({name: {b for a, b in total.imports if a == name} for name in modules})
    print(f"Longest import chain: {len(chain)} modules: {' > '.join(chain)}")


def package_of(name: str, root: Path) -> str:
    """Return the package right below the root in which a module lies; "(base)" for one of the root's own."""
    inside = name.count(".") > 1 or (root / name.split(".")[-1]).is_dir()
    return name.split(".")[1] if inside else "(base)"


def diagram(imports: list[tuple[str, str]]) -> str:
    """Return packages and how many imports tie them, without arrows that a longer way implies."""
    ties = Counter((a, b) for a, b in imports if a != b and "(base)" not in (a, b))

    def reaches(start: str, end: str) -> bool:
        return any(b == end or reaches(b, end) for a, b in ties if a == start)

    direct = [
        (a, b) for a, b in ties if not any(other == a and c != b and reaches(c, b) for other, c in ties)
    ]
    return "\n".join(["flowchart TD", *(f"    {a} -->|{ties[a, b]}| {b}" for a, b in sorted(direct))])


def module_name(path: Path, root: Path) -> str:
    """Return the dotted name of a file."""
    parts = [root.name, *path.relative_to(root).with_suffix("").parts]
    return ".".join(parts[:-1] if parts[-1] == "__init__" else parts)


def count(path: Path, name: str, root: Path, modules: set[str]) -> Counts:
    """Return the counts of one file."""
    text = path.read_text()
    tree = ast.parse(text)
    counts = Counts(files=1, lines=len(text.splitlines()))
    docstring_lines = {line for first, last in docstrings(tree) for line in range(first, last + 1)}
    counts.docstrings = len(docstring_lines)
    code = {
        number
        for number, line in enumerate(text.splitlines(), 1)
        if line.strip() and not line.strip().startswith("#")
    }
    counts.code = len(code - docstring_lines)
    for node in ast.walk(tree):
        if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef):
            listed = node.args
            arguments = [*listed.posonlyargs, *listed.args, *listed.kwonlyargs, listed.vararg, listed.kwarg]
            annotations = [item.annotation for item in arguments if item is not None and item.annotation]
            counts.parameters += len(annotations)
            counts.any += sum("Any" in names(annotation) for annotation in annotations)
    counts.imports = {(name, other) for other in imported(tree, modules, name) if other != name}
    return counts


def docstrings(tree: ast.Module) -> Iterator[tuple[int, int]]:
    """Yield first and last line of the docstrings of module, classes, functions and fields."""
    for node in ast.walk(tree):
        body = getattr(node, "body", None)
        documented = ast.Module | ast.ClassDef | ast.FunctionDef | ast.AsyncFunctionDef
        if not isinstance(node, documented) or not body:
            continue
        for place, statement in enumerate(body):
            value = getattr(getattr(statement, "value", None), "value", None)
            text = isinstance(statement, ast.Expr) and isinstance(value, str)
            follows = place and isinstance(body[place - 1], ast.AnnAssign | ast.Assign)
            if text and (place == 0 or follows):
                yield statement.lineno, statement.end_lineno or statement.lineno


def names(annotation: ast.expr) -> set[str]:
    """Return all names in an annotation, also in one that is text."""
    if isinstance(annotation, ast.Constant) and isinstance(annotation.value, str):
        annotation = ast.parse(annotation.value, mode="eval").body
    return {node.id for node in ast.walk(annotation) if isinstance(node, ast.Name)}


def imported(tree: ast.Module, modules: set[str], name: str) -> Iterator[str]:
    """Yield the modules of the package that a file imports, those for type checking left out."""
    skipped = {
        id(inner)
        for node in ast.walk(tree)
        if isinstance(node, ast.If) and "TYPE_CHECKING" in names(node.test)
        for inner in ast.walk(node)
    }
    for node in ast.walk(tree):
        if id(node) in skipped:
            continue
        if isinstance(node, ast.ImportFrom) and node.module:
            for alias in node.names:
                whole = f"{node.module}.{alias.name}"
                yield from ([whole] if whole in modules else [node.module] if node.module in modules else [])
        elif isinstance(node, ast.Import):
            yield from (alias.name for alias in node.names if alias.name in modules)


def longest_chain(graph: dict[str, set[str]]) -> list[str]:
    """Return the longest path along imports; an import back along the path is not followed."""
    active: set[str] = set()

    @cache
    def below(name: str) -> tuple[str, ...]:
        active.add(name)
        paths = [below(other) for other in sorted(graph[name]) if other not in active]
        active.discard(name)
        return (name, *max(paths, key=len, default=()))

    return list(max((below(name) for name in graph), key=len))


def share(part: int, whole: int) -> str:
    """Return a share in percent."""
    return f"{100 * part / whole:.1f} %" if whole else "-"


if __name__ == "__main__":
    main()
