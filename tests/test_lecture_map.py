"""The map of the lecture names only what is there, and every claim."""

import importlib
import re
import shlex
from pathlib import Path

import click
import pytest

from ravine.cli.app import ravine as group
from ravine.lecture import claims

ROOT = Path(__file__).resolve().parents[1]
LINES = (ROOT / "docs" / "lecture-map.md").read_text(encoding="utf-8").splitlines()
ROWS = [[cell.strip() for cell in line.strip("|").split("|")] for line in LINES if line.startswith("| ")][1:]
IDS = [row[0] for row in ROWS]
# Files whose tests reach them through what they are built into.
REACHED_BY = {
    "weight_averages": ["compose"], "transforms": ["compose"], "connection_functions": ["Network"],
}  # fmt: skip


def commands(cell):
    """`train --l1 --l2` -> {"train --l1", "train --l2"}; `train` -> {"train"}."""
    verb, *flags = cell.strip("`").split()
    return {f"{verb} {flag}" for flag in flags} or {verb}


def built():
    """Every verb, and every option of every verb."""
    words = set(group.list_commands(None))
    for verb in group.list_commands(None):
        command = group.get_command(None, verb)
        words |= {f"{verb} {flag}" for item in command.params for flag in item.opts if flag.startswith("--")}
    return words | set(claims())


@pytest.mark.parametrize("row", ROWS, ids=IDS)
def test_files_are_there(row):
    _, code, _, _, test = row
    for path in (ROOT / "src" / "ravine" / code.strip("`"), ROOT / "tests" / test.strip("`")):
        assert path.is_file()


@pytest.mark.parametrize("row", ROWS, ids=IDS)
def test_the_test_is_of_the_code(row):
    """The test speaks of the file of its row, or of what the file gives others."""
    code, test = (ROOT / "src" / "ravine" / row[1].strip("`"), ROOT / "tests" / row[4].strip("`"))
    module = ".".join(code.relative_to(ROOT / "src").with_suffix("").parts)
    names = {module, *importlib.import_module(module).__all__, *REACHED_BY.get(code.stem, ())}
    text = test.read_text(encoding="utf-8")
    assert any(re.search(rf"\b{re.escape(name)}\b", text) for name in names)


@pytest.mark.parametrize("row", ROWS, ids=IDS)
def test_commands_and_claims_are_there(row):
    named = commands(row[2]) | ({*row[3].split(", ")} - {"–"})
    assert all(re.fullmatch(r"[A-Z]\d+|[a-z]+( --[a-z0-9-]+)?", name) for name in named)
    assert named <= built()


def test_every_claim_is_on_the_map():
    named = {name for row in ROWS for name in row[3].split(", ")}
    assert set(claims()) <= named


@pytest.mark.parametrize("folder", ["optimizers", "networks"])
def test_every_rule_and_layer_is_on_the_map(folder):
    """A file of rules or layers that is nowhere on the map is not of the lecture, or was forgotten."""
    helpers = {
        "compose", "from_file", "from_optax", "hyperparameters", "optax_rules", "optimizer_text",
        "per_array", "plateau", "plot_style", "ranges", "registry", "schedule_functions",
        "schedule_kinds", "schedule_text", "activations", "augmentation_text", "connections",
        "file_loss", "file_network", "initial_weights",
        "layers", "linear", "loss_functions", "losses", "metric_functions", "metrics",
        "network_text", "normalization", "parameters", "protocol", "smallest_difference", "validate",
    }  # fmt: skip
    there = {path.stem for path in (ROOT / "src" / "ravine" / folder).glob("[a-z]*.py")}
    named = {Path(row[1].strip("`")).stem for row in ROWS if row[1].startswith(f"`{folder}/")}
    assert there - named <= helpers


@pytest.mark.parametrize("claim", claims().values(), ids=list(claims()))
def test_the_command_for_ones_own_data_can_be_typed(claim):
    words = shlex.split(claim.try_it)
    assert words[0] == "ravine"
    command = group.get_command(None, words[1])
    # click keeps the help option that it makes here
    context = click.Context(command, **group.context_settings)
    command.make_parser(context).parse_args(words[2:])
