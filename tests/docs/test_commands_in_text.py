"""Commands and options that stand in the sentences of the documents exist.

Listings are run by `test_snippets.py`.
"""

from __future__ import annotations

import re
from pathlib import Path

import click
import pytest

from ravine.cli.app import ravine as group

ROOT = Path(__file__).resolve().parents[2]
DOCUMENTS = (
    ROOT / "README.md",
    ROOT / "CONTRIBUTING.md",
    ROOT / "benchmarks" / "README.md",
    *sorted((ROOT / "docs").rglob("*.md")),
)


def _inline_commands() -> list:
    """Return every `ravine ...` in backticks outside of listings, with its document."""
    found = []
    for document in DOCUMENTS:
        prose = re.sub(r"^```.*?^```$", "", document.read_text("utf-8"), flags=re.MULTILINE | re.DOTALL)
        for span in re.findall(r"`(ravine [^`\n]+)`", prose):
            found.append(pytest.param(span, id=f"{document.relative_to(ROOT)}: {span}"))
    return found


def unknown_words(command: str) -> set[str]:
    """Return the command and the options in a text that the command line does not have."""
    words = command.split()[1:]
    name = words[0] if words and not words[0].startswith("-") else ""
    if not name:
        known = {option for parameter in group.params for option in parameter.opts} | {"--help", "-h"}
    elif name.isupper():
        known = _options(*group.list_commands(None))
    elif group.get_command(None, name) is None:
        return {name}
    else:
        known = _options(name)
    return {flag for flag in re.findall(r"(?<!\S)--?[a-zA-Z][\w-]*", command)} - known


def _options(*names: str) -> set[str]:
    """Return the options that any of the commands has."""
    found = {"-h", "--help"}
    for name in names:
        command = group.get_command(None, name)
        # click keeps the help option that it makes here
        context = click.Context(command, **group.context_settings)
        found |= {option for parameter in command.get_params(context) for option in parameter.opts}
        found |= {option for parameter in command.get_params(context) for option in parameter.secondary_opts}
    return found


def test_an_unknown_command_or_option_is_found():
    assert unknown_words("ravine compare digits --effort quick") == set()
    assert unknown_words("ravine bake bread") == {"bake"}
    assert unknown_words("ravine compare digits --oven-heat 200 -O sgd") == {"--oven-heat"}
    assert unknown_words("ravine --version") == set()


@pytest.mark.parametrize("command", _inline_commands())
def test_an_inline_command_has_a_known_command_and_options(command):
    assert not unknown_words(command)


def _inline_options() -> list:
    """Return every option in backticks without a command, such as `--schedule`; XLA's flags are not ours."""
    found = {}
    for document in DOCUMENTS:
        prose = re.sub(r"^```.*?^```$", "", document.read_text("utf-8"), flags=re.MULTILINE | re.DOTALL)
        for span in re.findall(r"`(--(?!xla)[a-z][\w-]*)[^`\n]*`", prose):
            found.setdefault(span, f"{document.relative_to(ROOT)}: {span}")
    return [pytest.param(option, id=name) for option, name in found.items()]


@pytest.mark.parametrize("option", _inline_options())
def test_an_inline_option_exists(option):
    files = [path for folder in ("scripts", "benchmarks") for path in (ROOT / folder).glob("*.py")]
    scripts = " ".join(path.read_text("utf-8") for path in files)
    assert option in _options(*group.list_commands(None)) or re.search(
        rf"(?<![\w-]){option}(?![\w-])", scripts
    )
