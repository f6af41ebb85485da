"""Texts follow the rules of `scripts/check_texts.py`, and every option and exported name has one."""

from __future__ import annotations

import importlib
import re
import sys
from functools import cache
from pathlib import Path

import click
import pytest

import ravine
from ravine.cli.app import COMMANDS, TITLES
from ravine.execution.registry import STUDIES, find_study
from ravine.options.fields import options_of

ROOT = Path(__file__).resolve().parents[1]
sys.path.insert(0, str(ROOT / "scripts"))
try:
    check_texts = importlib.import_module("check_texts")
finally:
    sys.path.remove(str(ROOT / "scripts"))

SOURCES = check_texts.Sources()
CHECKS = [(package, rule) for package in SOURCES.packages for rule in check_texts.RULES]


@cache
def faults(package: str) -> list[check_texts.Fault]:
    return check_texts.faults(SOURCES, package)


@pytest.mark.parametrize("package, rule", CHECKS)
def test_the_texts_of_a_package_follow_a_rule(package, rule):
    broken = [fault for fault in faults(package) if fault.rule == rule]
    assert not broken, "\n".join(["", *map(str, broken)])


@pytest.mark.parametrize("path", check_texts.documents(), ids=lambda path: path.relative_to(ROOT).as_posix())
def test_documents_hold_no_banned_expression(path):
    broken = list(check_texts.banned_faults(path))
    assert not broken, "\n".join(["", *map(str, broken)])


def is_statement(text: str) -> bool:
    """Whether a help text begins with a capital and ends with a period; a default in brackets may follow."""
    return bool(re.match(r"[A-Z0-9]", text)) and re.sub(r"  \[.*\]$", "", text).endswith(".")


@pytest.mark.parametrize("name", STUDIES)
def test_every_option_has_a_text(name):
    wrong = [
        (key, option.help)
        for key, option in options_of(find_study(name).settings).items()
        if not is_statement(option.help) or check_texts.first_line_fault(option.help)
    ]
    assert not wrong


@pytest.mark.parametrize("name", [*STUDIES, *COMMANDS])
def test_every_flag_and_command_has_a_text(name):
    command = ravine_command(name)
    assert is_statement(TITLES[name] if name in COMMANDS else find_study(name).title)
    flags = [parameter for parameter in command.params if isinstance(parameter, click.Option)]
    assert flags
    assert not [(flag.name, flag.help) for flag in flags if not is_statement(flag.help or "")]


def ravine_command(name: str) -> click.Command:
    from ravine.cli.app import ravine as group

    command = group.get_command(click.Context(group), name)
    assert command is not None
    return command


@pytest.mark.parametrize("name", sorted(set(ravine.__all__) - {"__version__"}))
def test_every_exported_name_has_a_text_of_its_own(name):
    """A dataclass without one has its signature as text, and a subclass shows that of its base."""
    exported = getattr(ravine, name)
    text = (vars(exported).get("__doc__") if isinstance(exported, type) else exported.__doc__) or ""
    assert text and not text.startswith(f"{name}(")


# -------------------------------------------------------------------------------------- the rules themselves
PLANTED = {
    "docstrings": "'''Module.'''\ndef average(): pass\n",
    "first": "'''Module.'''\nclass Average:\n    '''What an average is.'''\n",
    "shapes": "'''Module.'''\ndef mean(x: jax.Array) -> float:\n    '''Return the mean in [0, 1].'''\n",
    "fields": "'''Module.'''\n@dataclass(frozen=True)\nclass Row:\n    '''Row.'''\n    score: float\n",
    "exports": "'''Module.'''\n__all__ = ['RATES']\nRATES = (1, 2)\n",
    "banned": "'''Module.'''\nTEXT = '''The user is\n    told.'''\n",
}


@pytest.mark.parametrize("rule", PLANTED)
def test_each_rule_finds_the_fault_it_is_for(tmp_path, rule):
    (tmp_path / "package").mkdir()
    (tmp_path / "package" / "result.py").write_text(PLANTED[rule])
    faults = check_texts.faults(check_texts.Sources(tmp_path), "package")
    assert [fault.rule for fault in faults] == [rule]


def test_too_few_docstrings_are_found(tmp_path):
    (tmp_path / "training").mkdir()
    (tmp_path / "training" / "loop.py").write_text("'''Loop.'''\n" + "X = 1\n" * 4)
    sources = check_texts.Sources(tmp_path)
    assert [str(fault.text) for fault in check_texts.faults(sources, "training")] == [
        "docstrings are 20.0 %; at least 25 %"
    ]
    (tmp_path / "training" / "loop.py").write_text("'''Loop.'''\n" + "X = 1\n" * 3)
    assert check_texts.faults(check_texts.Sources(tmp_path), "training") == []


def test_a_function_is_an_imperative_and_a_class_is_not():
    assert check_texts.first_line_fault("The mean of all rows.", True).startswith("is no imperative")
    assert check_texts.first_line_fault("The mean of all rows.") == ""
    assert check_texts.first_line_fault("Return the mean of all rows.", True) == ""


@pytest.mark.parametrize(
    "line, fault",
    [
        ("Return the mean.", ""),
        ("`Network` and its layers.", ""),
        ("Whatever is left.", "begins with 'Whatever'"),
        ("Is the mean finite?", "is a question"),
        ("Return the mean", "does not end with a period"),
        ("the mean of all rows.", "does not begin with a capital"),
    ],
)
def test_first_lines_are_statements(line, fault):
    fault_text = check_texts.first_line_fault(line)
    assert fault_text.startswith(fault) and bool(fault_text) == bool(fault)


def test_an_inherited_text_counts(tmp_path):
    code = (
        "'''Module.'''\n"
        "class Base:\n    '''Base.'''\n    def fit(self):\n        '''Fit.'''\n"
        "class Step(Protocol):\n    '''Step.'''\n    def run(self):\n        '''Run.'''\n"
        "class Child(Base):\n    '''Child.'''\n"
        "    def fit(self): pass\n    def run(self): pass\n    def go(self): pass\n"
    )
    (tmp_path / "module.py").write_text(code)
    faults = check_texts.faults(check_texts.Sources(tmp_path), "base")
    assert [fault.text for fault in faults] == ["Child.go has no docstring"]


@pytest.mark.parametrize(
    "text, count",
    [
        ("The name is told.", 1),
        ("The name is\n    held against it.", 1),
        ("The setting cannot be.", 1),
        ("Mend the file.", 1),
        ("None is not allowed.", 0),
        ("and none is left", 1),
        ("This is toldness, and it cannot be used.", 0),
    ],
)
def test_banned_expressions_are_found(tmp_path, text, count):
    path = tmp_path / "text.md"
    path.write_text(text)
    assert len(list(check_texts.banned_faults(path))) == count
