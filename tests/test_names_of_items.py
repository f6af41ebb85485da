"""Items define their own properties: no other code compares or lists their names.

Outside an item's own file, its registry, the defaults and the lecture, no registered name of an optimizer,
activation, schedule, metric, file format or study is compared (`==`, `in`, `match`), and no literal holds two
names of one registry.
"""

from __future__ import annotations

import ast
import sys
from pathlib import Path

import pytest

from ravine.data.formats import FORMATS
from ravine.execution.registry import STUDIES
from ravine.networks import ACTIVATIONS, METRICS
from ravine.optimizers import OPTIMIZERS, SCHEDULES

SOURCE = Path(__file__).resolve().parents[1] / "src" / "ravine"
REGISTRIES = {
    "optimizer": set(OPTIMIZERS),
    "activation": set(ACTIVATIONS),
    "schedule": set(SCHEDULES),
    "metric": set(METRICS),
    "format": set(FORMATS),
    "study": set(STUDIES),
}
SPLITS = {"train", "validation", "test"}  # a study has the name of a split
OWN = {
    "optimizers/__init__.py",  # the registry and the defaults
    "optimizers/optax_rules.py",  # names of another library's rules
    "optimizers/schedule_kinds.py",
    "networks/activations.py",
    "networks/metrics.py",
    "data/formats.py",
    "execution/registry.py",
    "__init__.py",  # exports
}
FILES = sorted(path for path in SOURCE.rglob("*.py") if path.relative_to(SOURCE).parts[0] != "lecture")


def is_own(path: Path, name: str) -> bool:
    """Whether a file is the registry of an item or the item's own."""
    relative = path.relative_to(SOURCE).as_posix()
    return relative in OWN or path.stem == name or f"studies/{name}/" in relative


def literals(node: ast.AST) -> set[str]:
    """The texts that a literal holds: a text, or the items of a tuple, list, set or dictionary."""
    if isinstance(node, ast.Constant):
        return {node.value} if isinstance(node.value, str) else set()
    if isinstance(node, ast.Tuple | ast.List | ast.Set):
        return {text for item in node.elts for text in literals(item) if isinstance(item, ast.Constant)}
    if isinstance(node, ast.Dict):
        return {text for key in node.keys if isinstance(key, ast.Constant) for text in literals(key)}
    return set()


def compared(tree: ast.Module) -> list[tuple[int, str]]:
    """All texts that are compared, with their line."""
    texts_with_lines = []
    for node in ast.walk(tree):
        if isinstance(node, ast.Compare):
            sides = [node.left, *node.comparators]
            texts_with_lines += [(node.lineno, text) for side in sides for text in literals(side)]
        elif isinstance(node, ast.MatchValue):
            texts_with_lines += [(node.lineno, text) for text in literals(node.value)]
    return texts_with_lines


def listed(tree: ast.Module) -> list[tuple[int, set[str]]]:
    """The texts of every literal that holds several; exports and defaults of options excepted."""
    excepted = {
        id(part)
        for node in tree.body
        if isinstance(node, ast.Assign) and getattr(node.targets[0], "id", "") == "__all__"
        for part in ast.walk(node)
    }
    calls = [node for node in ast.walk(tree) if isinstance(node, ast.Call) and node.args]
    excepted |= {id(node.args[0]) for node in calls if getattr(node.func, "id", "") == "option"}
    several = (ast.Tuple, ast.List, ast.Set, ast.Dict)
    nodes = [node for node in ast.walk(tree) if isinstance(node, several) and id(node) not in excepted]
    return [(node.lineno, literals(node)) for node in nodes]


def violations(path: Path) -> list[str]:
    tree = ast.parse(path.read_text())
    messages = []
    for kind, names in REGISTRIES.items():
        for line, text in compared(tree):
            if text in names and not (kind == "study" and text in SPLITS) and not is_own(path, text):
                messages.append(f"{line}: the {kind} '{text}' is compared")
        for line, texts in listed(tree):
            listed_names = {text for text in texts & names if not is_own(path, text)}
            if len(listed_names - (SPLITS if kind == "study" else set())) > 1:
                messages.append(f"{line}: the {kind}s {', '.join(sorted(listed_names))} are listed")
    return messages


@pytest.mark.parametrize("path", FILES, ids=lambda path: path.relative_to(SOURCE).as_posix())
def test_no_name_of_an_item_is_compared_or_listed_elsewhere(path):
    assert violations(path) == []


@pytest.mark.parametrize(
    "code, count",
    [
        ("if name == 'adam': pass", 1),
        ("if name in ('relu', 'elu'): pass", 3),
        ("match name:\n    case 'rmse': pass", 1),
        ("BEST = ['sgd', 'adam']", 1),
        ("STYLES = {'sgd': 1, 'momentum': 2}", 1),
        ("__all__ = ['sgd', 'adam']", 0),
        ("if part == 'train': pass", 0),
        ("names = option(['sgd', 'adam'], 'Optimizers.')", 0),
        ("print('adam')", 0),
    ],
)
def test_the_search_finds_comparisons_and_lists(tmp_path, monkeypatch, code, count):
    monkeypatch.setattr(sys.modules[__name__], "SOURCE", tmp_path)
    path = tmp_path / "code.py"
    path.write_text(code)
    assert len(violations(path)) == count
