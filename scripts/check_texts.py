"""Rules for the texts of the package, checked on its syntax trees. Nothing is imported.

    python scripts/check_texts.py [PACKAGE ...]      optimizers, cli, ...; default: all packages
    python scripts/check_texts.py --rule shapes ...  one rule

docstrings  every public module, class, function and method has one; a method that a base class or a protocol
            of the package describes, and an `overload`, need none
first       its first line is a statement: a capital first, a period last, no question, no "What ...";
            of a function, an imperative
shapes      a public function that takes or returns arrays gives their shapes in brackets, such as [N, D]
fields      a field of a result has a text below it
exports     a constant in `__all__` has a text below, a comment after or above, or holds a text itself
share       in the packages of `DOCUMENTED`, docstrings are at least a quarter of code and docstrings
banned      no expression of the list
"""

from __future__ import annotations

import ast
import re
import sys
from collections.abc import Iterator
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path

from measure_code import Counts, count, module_name

ROOT = Path(__file__).resolve().parents[1]
SOURCE = ROOT / "src" / "ravine"
DOCUMENTS = tuple(ROOT / f"{name}.md" for name in ("README", "CONTRIBUTING", "CHANGELOG", "SECURITY"))

BANNED = re.compile(  # "None is" may speak of Python's None
    r"(?i:\bis\s+(?:said|told|had|held\s+against)\b|\bcannot\s+be\.)|\bnone\s+is\b"
    r"|(?i:\b(?:lest|by\s+heart|as\s+ever|mend|asks\s+no\s+more|in\s+no\s+less)\b)"
)
RULES = ("docstrings", "first", "shapes", "fields", "exports", "share", "banned")
DOCUMENTED = ("optimizers", "diagnostics", "statistics", "training")
MIN_SHARE = 0.25
NOT_IMPERATIVE = ("a", "an", "the", "whether")  # first words of a function that tell no action
QUESTION_WORDS = ("what", "whatever", "who", "whose", "whom", "how", "where", "wherever")
ARRAYS = {"Array", "ArrayLike", "NDArray", "ndarray"}
WITHOUT_SHAPE = ("Callable", "Mapping", "dict")  # functions, and arrays by name
SHAPE = re.compile(r"\[(?:(?=[^\]]*[A-Za-z.])[\w.*+/ -]+(?:, ?[\w.*+/ -]+)*)?\]")  # [N, D], [..., D], []
COMMENT = re.compile(r"(?:^|  )# (?!fmt:|type:|noqa|-)")
FIRST_CHARACTER = re.compile(r"[A-Z0-9`'\"-]")

Definition = ast.FunctionDef | ast.AsyncFunctionDef | ast.ClassDef
Function = ast.FunctionDef | ast.AsyncFunctionDef


@dataclass(frozen=True)
class Fault:
    """A text that breaks a rule."""

    rule: str
    path: Path
    line: int
    text: str

    def __str__(self) -> str:
        path = self.path.relative_to(ROOT) if self.path.is_relative_to(ROOT) else self.path
        return f"{path}:{self.line}: {self.rule}: {self.text}"


class Sources:
    """The syntax trees of all modules below a folder, and their classes by name."""

    def __init__(self, folder: Path = SOURCE) -> None:
        self.folder = folder
        self.trees = {path: ast.parse(path.read_text()) for path in sorted(folder.rglob("*.py"))}

    def package(self, path: Path) -> str:
        """Return the package right below the folder; "base" for a module of the folder itself."""
        parts = path.relative_to(self.folder).parts
        return parts[0] if len(parts) > 1 else "base"

    @property
    def packages(self) -> list[str]:
        """All packages, in the order of the alphabet."""
        return sorted({self.package(path) for path in self.trees})

    @cached_property
    def classes(self) -> dict[str, ast.ClassDef]:
        """Every class of the package by name."""
        return {
            node.name: node
            for tree in self.trees.values()
            for node in ast.walk(tree)
            if isinstance(node, ast.ClassDef)
        }

    @cached_property
    def protocols(self) -> list[dict[str, bool]]:
        """Of every protocol, its methods: whether each has a docstring."""
        protocols = [node for node in self.classes.values() if "Protocol" in base_names(node)]
        return [
            {name: bool(ast.get_docstring(method)) for name, method in methods(node)} for node in protocols
        ]

    @cached_property
    def arrays(self) -> set[str]:
        """Names of array types: those of the libraries, and aliases for them in the package."""
        names = set(ARRAYS)  # an alias that also names `float` is a number
        for tree in self.trees.values():
            for node in tree.body:
                target = node.targets[0] if isinstance(node, ast.Assign) else getattr(node, "target", None)
                value = getattr(node, "value", None)
                is_alias = isinstance(target, ast.Name) and target.id[0].isupper() and not target.id.isupper()
                is_type = isinstance(value, ast.Attribute | ast.BinOp | ast.Subscript)
                if (
                    is_alias
                    and is_type
                    and names_arrays(value, ARRAYS)
                    and "float |" not in ast.unparse(value)
                ):
                    names.add(target.id)
        return names

    def is_inherited(self, owner: ast.ClassDef, method: str) -> bool:
        """Return whether a base class, or a protocol that the class fulfills, describes a method."""
        for name in base_names(owner):
            base = self.classes.get(name)
            if base is not None and base is not owner:
                own = dict(methods(base)).get(method)
                if (own is not None and ast.get_docstring(own)) or self.is_inherited(base, method):
                    return True
        present = {name for name, _ in methods(owner)}
        return any(protocol.get(method) and protocol.keys() <= present for protocol in self.protocols)


def base_names(node: ast.ClassDef) -> list[str]:
    """Return the names of the base classes, without their modules and parameters."""
    bases = [base.value if isinstance(base, ast.Subscript) else base for base in node.bases]
    return [ast.unparse(base).rpartition(".")[2] for base in bases]


def methods(node: ast.ClassDef) -> list[tuple[str, Function]]:
    """Return the methods that a class defines, by name."""
    return [(item.name, item) for item in node.body if isinstance(item, Function)]


def decorators(node: Definition) -> set[str]:
    """Return the names of the decorators, without their arguments."""
    called = [item.func if isinstance(item, ast.Call) else item for item in node.decorator_list]
    return {ast.unparse(item).rpartition(".")[2] for item in called}


def is_public(path: Path, folder: Path) -> bool:
    """Return whether no part of a module's path begins with an underscore, `__init__` excepted."""
    parts = path.relative_to(folder).with_suffix("").parts
    return not any(part.startswith("_") and part != "__init__" for part in parts)


def public(
    tree: ast.Module | ast.ClassDef, owner: ast.ClassDef | None = None
) -> Iterator[tuple[Definition, ast.ClassDef | None]]:
    """Yield the public classes, functions and methods, each with the class that holds it."""
    for node in tree.body:
        if isinstance(node, Definition) and not node.name.startswith("_"):
            yield node, owner
            if isinstance(node, ast.ClassDef):
                yield from public(node, node)


def names_arrays(annotation: ast.AST | None, arrays: set[str]) -> bool:
    """Return whether an annotation names an array type; functions and mappings are left out."""
    if annotation is None:
        return False
    if isinstance(annotation, ast.Constant) and isinstance(annotation.value, str):
        try:
            annotation = ast.parse(annotation.value, mode="eval").body
        except SyntaxError:  # a text in a type, such as a pattern
            return False
    if isinstance(annotation, ast.Subscript) and ast.unparse(annotation.value).endswith(WITHOUT_SHAPE):
        return False
    if isinstance(annotation, ast.Name | ast.Attribute):
        return ast.unparse(annotation).rpartition(".")[2] in arrays
    return any(names_arrays(part, arrays) for part in ast.iter_child_nodes(annotation))


def takes_arrays(node: Function, arrays: set[str]) -> bool:
    """Return whether a parameter or the result is annotated with an array type."""
    listed = node.args
    parameters = [*listed.posonlyargs, *listed.args, *listed.kwonlyargs, listed.vararg, listed.kwarg]
    annotations = [parameter.annotation for parameter in parameters if parameter is not None]
    return any(names_arrays(annotation, arrays) for annotation in [*annotations, node.returns])


def first_line_fault(text: str, acts: bool = False) -> str:
    """Return the fault of the first line of a docstring; empty if it has none. acts: of a function."""
    line = text.strip().splitlines()[0].strip()
    word = re.split(r"\W", line.lower(), maxsplit=1)[0]
    if word in QUESTION_WORDS:
        return f"begins with '{line.split()[0]}': {line}"
    if acts and word in NOT_IMPERATIVE:
        return f"is no imperative: {line}"
    if line.endswith("?"):
        return f"is a question: {line}"
    if not line.endswith("."):
        return f"does not end with a period: {line}"
    if not FIRST_CHARACTER.match(line):
        return f"does not begin with a capital: {line}"
    return ""


def docstring_faults(sources: Sources, path: Path) -> Iterator[Fault]:
    """Yield public definitions without a docstring, and first lines that are no statements."""
    tree = sources.trees[path]
    shown: list[tuple[ast.Module | Definition, str, ast.ClassDef | None]] = []
    if tree.body and is_public(path, sources.folder):
        shown.append((tree, path.stem, None))
        shown += [(node, node.name, owner) for node, owner in public(tree)]
    for node, name, owner in shown:
        line = getattr(node, "lineno", 1)
        title = f"{owner.name}.{name}" if owner else name
        text = ast.get_docstring(node)
        if text:
            acts = isinstance(node, Function) and not decorators(node) & {"property", "cached_property"}
            if fault := first_line_fault(text, acts):
                yield Fault("first", path, line, f"{title} {fault}")
            continue
        if owner is not None and sources.is_inherited(owner, name):
            continue
        if not isinstance(node, ast.Module) and "overload" in decorators(node):
            continue
        yield Fault("docstrings", path, line, f"{title} has no docstring")


def shape_faults(sources: Sources, path: Path) -> Iterator[Fault]:
    """Yield public functions of arrays whose docstring has no shape in brackets."""
    if not is_public(path, sources.folder):
        return
    for node, owner in public(sources.trees[path]):
        if not isinstance(node, Function) or not takes_arrays(node, sources.arrays):
            continue
        text = ast.get_docstring(node)
        if text is not None and not SHAPE.search(text):
            title = f"{owner.name}.{node.name}" if owner else node.name
            yield Fault("shapes", path, node.lineno, f"{title} has no shape in brackets")


def field_faults(sources: Sources, path: Path) -> Iterator[Fault]:
    """Yield the public fields without a text, of the dataclasses in modules named `result`."""
    if path.stem != "result":
        return
    for node in sources.trees[path].body:
        if not isinstance(node, ast.ClassDef) or "dataclass" not in decorators(node):
            continue
        for position, item in enumerate(node.body):
            if not isinstance(item, ast.AnnAssign) or not isinstance(item.target, ast.Name):
                continue
            name = item.target.id
            described = f"{name}:" in (ast.get_docstring(node) or "") or _has_text_below(node.body, position)
            if not name.startswith("_") and not described:
                yield Fault("fields", path, item.lineno, f"{node.name}.{name} has no text")


def export_faults(sources: Sources, path: Path) -> Iterator[Fault]:
    """Yield the constants in `__all__` that have no text below and no comment after or above."""
    tree, lines = sources.trees[path], path.read_text().splitlines()
    exported = {
        item.value
        for node in tree.body
        if isinstance(node, ast.Assign) and getattr(node.targets[0], "id", "") == "__all__"
        for item in ast.walk(node.value)
        if isinstance(item, ast.Constant)
    }
    for position, node in enumerate(tree.body):
        if not isinstance(node, ast.Assign | ast.AnnAssign):
            continue
        target = node.targets[0] if isinstance(node, ast.Assign) else node.target
        if not isinstance(target, ast.Name) or target.id not in exported:
            continue
        last = node.end_lineno or node.lineno
        around = [*lines[node.lineno - 1 : node.lineno], lines[last - 1], *_comment_above(lines, node.lineno)]
        commented = any(COMMENT.search(line) for line in around)
        if not (commented or _holds_a_text(node.value) or _has_text_below(tree.body, position)):
            yield Fault("exports", path, node.lineno, f"{target.id} has neither text nor comment")


def _holds_a_text(value: ast.expr | None) -> bool:
    """Return whether a value is a text of several words, or a call with one among its arguments."""
    values = (
        [*value.args, *(item.value for item in value.keywords)] if isinstance(value, ast.Call) else [value]
    )
    texts = [
        part for item in values if isinstance(item, ast.Constant | ast.JoinedStr) for part in ast.walk(item)
    ]
    return any(isinstance(text, ast.Constant) and " " in str(text.value) for text in texts)


def _comment_above(lines: list[str], line: int) -> list[str]:
    """Return the line above a statement if it is a comment of its own."""
    return [text for text in lines[max(0, line - 2) : line - 1] if text.startswith("#")]


def _has_text_below(body: list[ast.stmt], position: int) -> bool:
    """Return whether the next statement is a text alone."""
    after = body[position + 1] if position + 1 < len(body) else None
    value = after.value if isinstance(after, ast.Expr) else None
    return isinstance(value, ast.Constant) and isinstance(value.value, str)


def share_faults(sources: Sources, package: str) -> Iterator[Fault]:
    """Yield a fault for a package of `DOCUMENTED` with too few docstrings, counted as `measure_code` does."""
    if package not in DOCUMENTED:
        return
    total, names = Counts(), {module_name(path, sources.folder) for path in sources.trees}
    for path in sources.trees:
        if sources.package(path) == package:
            total.add(count(path, module_name(path, sources.folder), sources.folder, names))
    share = total.docstrings / max(1, total.code + total.docstrings)
    if share < MIN_SHARE:
        text = f"docstrings are {100 * share:.1f} %; at least {100 * MIN_SHARE:.0f} %"
        yield Fault("share", sources.folder / package, 1, text)


def banned_faults(path: Path) -> Iterator[Fault]:
    """Yield the banned expressions in a file, also those broken over two lines."""
    text = path.read_text()
    for match in BANNED.finditer(text):
        yield Fault("banned", path, text.count("\n", 0, match.start()) + 1, repr(match.group()))


def documents() -> list[Path]:
    """Return the files outside the package that people read; tests and this file hold the expressions."""
    folders = [ROOT / name for name in ("docs", "benchmarks", "examples", "scripts")]
    paths = [path for folder in folders for path in folder.rglob("*") if path.suffix in (".md", ".py")]
    return [*DOCUMENTS, *sorted(set(paths) - {Path(__file__).resolve()})]


def faults(sources: Sources, package: str) -> list[Fault]:
    """Return the faults of one package."""
    all_faults: list[Fault] = []
    for path in sources.trees:
        if sources.package(path) == package:
            all_faults += docstring_faults(sources, path)
            all_faults += shape_faults(sources, path)
            all_faults += field_faults(sources, path)
            all_faults += export_faults(sources, path)
            all_faults += banned_faults(path)
    return [*all_faults, *share_faults(sources, package)]


def main(words: list[str]) -> int:
    """Print the faults of packages, or of all packages and documents. Returns the exit status."""
    rule = ""
    if "--rule" in words:
        place = words.index("--rule")
        rule = words[place + 1]
        words = [*words[:place], *words[place + 2 :]]
    sources = Sources()
    all_faults = [fault for package in words or sources.packages for fault in faults(sources, package)]
    if not words:
        all_faults += [fault for path in documents() for fault in banned_faults(path)]
    all_faults = [fault for fault in all_faults if rule in ("", fault.rule)]
    for fault in all_faults:
        print(fault)
    print(f"{len(all_faults)} faults.", file=sys.stderr)
    return 1 if all_faults else 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
