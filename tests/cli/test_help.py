"""The help of a command: common options first, all options under headings, examples as they are typed."""

from __future__ import annotations

import os
import re
import statistics
import subprocess
import sys
import time

import click
import pytest

from ravine.cli.app import COMMANDS
from ravine.cli.app import ravine as group
from ravine.cli.help import COMMON_EXAMPLES
from ravine.execution.registry import STUDIES, find_study
from ravine.options.fields import SECTIONS, options_of

RUN_OPTIONS = ["--config", "--out", "--dry-run"]  # those of every study that are not settings


def flags_in(lines):
    """The flags that begin the lines of a list of options, in order."""
    return [found[1] for line in lines if (found := re.match(r"  (?:-\w, )?(--[\w-]+)", line))]


def block(text, heading):
    """The lines below a heading, up to the next empty line."""
    lines = text.splitlines()
    start = lines.index(f"{heading}:") + 1
    return lines[start : [*lines[start:], ""].index("") + start]


@pytest.mark.parametrize("name", STUDIES)
def test_help_shows_the_common_options_and_two_examples(ravine, name):
    study = find_study(name)
    text = ravine(name, "-h").stdout
    assert ravine(name, "--help").stdout == text
    common = [option.flag for option in options_of(study.settings).values() if option.common]
    shown = flags_in(block(text, "Common options"))
    assert sorted(shown) == sorted([*common, *RUN_OPTIONS, "--help-all"])
    assert 8 <= len(shown) - 1 <= 10
    assert [line.strip() for line in block(text, "Examples")] == list(study.examples[:COMMON_EXAMPLES])
    assert len(study.examples) >= COMMON_EXAMPLES


@pytest.mark.parametrize("name", STUDIES)
def test_help_all_shows_every_option_under_its_heading(ravine, name):
    study = find_study(name)
    text = ravine(name, "--help-all").stdout
    lines = text.splitlines()
    assert "Common options:" not in lines
    places = [lines.index(f"{section}:") for section in SECTIONS if f"{section}:" in lines]
    assert places == sorted(places)
    for section in SECTIONS:
        options = [option for option in options_of(study.settings).values() if option.section == section]
        expected = [option.flag for option in options if not option.positional]
        shown = flags_in(block(text, section)) if f"{section}:" in lines else []
        assert shown[: len(expected)] == expected  # in the order of the fields
        assert len(shown) == len(expected) or section == "Output"
    assert [line.strip() for line in block(text, "Examples")] == list(study.examples)


@pytest.mark.parametrize("name", STUDIES)
def test_help_counts_all_options(ravine, name):
    text = ravine(name, "--help-all").stdout
    sections = [section for section in SECTIONS if f"{section}:" in text.splitlines()]
    number = sum(len(flags_in(block(text, section))) for section in sections)
    assert f"Show all {number} options." in text
    assert f"Show all {number} options." in ravine(name, "-h").stdout


@pytest.mark.parametrize("name", COMMANDS)
def test_a_command_with_few_options_shows_all_of_them(ravine, name):
    text = ravine(name, "-h").stdout
    assert ravine(name, "--help-all").stdout == text
    assert {"--json", "--quiet", "--verbose", "--help"} <= set(flags_in(text.splitlines()))
    assert "--help-all" not in text


def test_help_says_what_is_chosen_without_an_option(ravine):
    texts = {name: " ".join(ravine(name, "--help-all").stdout.split()) for name in STUDIES}
    assert "steps; if not given, standard, or quick for many rows or a large network" in texts["compare"]
    assert "Passes over the training rows; if not given, 50" in texts["train"]
    assert "Rows in a batch; if not given, from 16 for few training rows to 128" in texts["compare"]
    assert "Rows in a batch; if not given, 32" in texts["descent"]
    for name in ("sweep", "memorize", "descent"):
        effort = options_of(find_study(name).settings)["effort"]
        assert effort.help + (f" [{effort.default}]" if effort.default else "") in texts[name]
        assert "Passes over the training rows; if not given, set by the effort." in texts[name]


def test_only_all_options_of_commands_with_settings_explain_where_settings_come_from(ravine):
    assert "RAVINE_KEY" in ravine("train", "--help-all").stdout
    assert "RAVINE_KEY" not in ravine("train", "--help").stdout
    assert "RAVINE_KEY" not in ravine("runs", "--help-all").stdout


@pytest.mark.parametrize("columns", [60, 80, 100, 200])
@pytest.mark.parametrize("level", ["--help", "--help-all"])
def test_help_keeps_the_width_of_the_terminal(shell, columns, level):
    examples = find_study("compare").examples
    lines = shell("compare", level, env={"COLUMNS": str(columns)}, text=True).stdout.splitlines()
    assert "Examples:" in lines
    assert max(len(line) for line in lines if line.strip() not in examples) <= min(columns, 100)


def test_every_level_completes_in_a_shell():
    command = group.get_command(click.Context(group), "train")
    # click keeps the help option that it makes here
    context = click.Context(command, info_name="train", **group.context_settings)
    found = {item.value for item in command.shell_complete(context, "--")}
    assert {"--help", "--help-all", "--epochs", "--device"} <= found


@pytest.mark.parametrize(
    "words",
    [["train", "iris", "--net"], ["train", "iris", "-o"], ["runs", "--no-such"], ["train", "--help-al"]],
)
def test_a_mistake_in_options_points_to_the_help_of_its_command(ravine, words):
    ended = ravine(*words)
    assert ended.status == 2
    level = "--help" if words[0] == "runs" else "--help-all"  # `runs` has one level of help
    assert f"`ravine {words[0]} {level}`." in ended.stderr.splitlines()[-1]


@pytest.mark.parametrize(
    "words, says",
    [
        (["train", "iris", "--net"], ["--net has no value.", "It takes LAYERS."]),
        (
            ["train", "iris", "--net", "--dry-run"],
            ["--net has no value.", "the next word is the option --dry-run"],
        ),
        (["lecture", "-o"], ["-o has no value.", "It takes DIR."]),
        (["train", "iris", "--json=1"], ["--json takes no value.", "It is a switch."]),
        (["predict", "latest"], ["DATA is missing.", "Usage: ravine predict [OPTIONS] MODEL DATA"]),
        (["runs", "a", "b"], ["'b' is one word too many.", "Usage: ravine runs [OPTIONS] [FOLDER]"]),
        (
            ["compare", "iris", "--rate", "1"],
            ["There is no option '--rate'.", "These commands have it: train, "],
        ),
        (["compare", "iris", "--optimizer", "sgd"], ["Did you mean '--optimizers'?"]),
        (
            ["train", "iris", "--plot", "x.png"],
            ["renamed to --plot-schedule.", "Type --plot-schedule, or `ravine train --help-all`."],
        ),
        (["train", "iris", "--help_all"], ["There is no option '--help_all'.", "'--help-all'"]),
    ],
)
def test_a_wrong_word_is_named_with_what_is_allowed(ravine, words, says):
    ended = ravine(*words)
    assert ended.status == 2
    assert not [text for text in says if text not in ended.stderr]


VERBS = tuple(group.list_commands(None))


@pytest.mark.parametrize("verb", VERBS)
def test_help_documents_every_option(ravine, verb):
    ended = ravine(verb, "--help-all")
    assert (ended.status, ended.stderr) == (0, "")
    for parameter in group.get_command(None, verb).params:
        for flag in parameter.opts if parameter.param_type_name == "option" else ():
            assert flag in ended.stdout
        assert parameter.param_type_name == "argument" or parameter.help
    assert max(map(len, ended.stdout.splitlines())) <= 100


def test_conventions_name_these_options(ravine):
    text = ravine("compare", "--help-all").stdout
    for flag in (
        "-t, --target", "--features", "--drop", "--weights", "--groups", "--test", "--task", "--metric",
        "-O, --optimizers", "--effort", "--budget", "--seed ", "--seeds", "--device", "--precision",
        "-o, --out", "-c, --config", "--dry-run", "--json", "-q", "-v",
    ):  # fmt: skip
        assert flag in text


HEAVY = ("jax", "jaxlib", "optax", "pandas", "sklearn", "scipy", "numpy", "matplotlib", "msgspec", "rich")
HELP = "from ravine.cli import main; main({words})"
CLICK = "import click"
REPEATS = 21
LIMIT = 2.0


@pytest.mark.parametrize("level", ["--help", "--help-all"])
def test_help_imports_nothing_heavy(level):
    code = (
        f"import sys\nfrom ravine.cli.app import run\nrun(['compare', '{level}'])\n"
        f"print([name for name in {HEAVY} if name in sys.modules], file=sys.stderr)"
    )
    ended = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert "--effort" in ended.stdout
    assert ended.stderr.splitlines()[-1] == "[]"


@pytest.mark.slow
@pytest.mark.parametrize("words", [["--help"], ["compare", "--help"], ["compare", "--help-all"]])
def test_help_takes_at_most_twice_the_time_of_click(tmp_path, words):
    """Alternate both, with bytecode cached as in an installed package; take the median ratio of neighbors.

    Neighbors in time meet the same load of the machine.
    """
    environment = {key: value for key, value in os.environ.items() if key != "PYTHONDONTWRITEBYTECODE"}
    environment["PYTHONPYCACHEPREFIX"] = str(tmp_path)

    def seconds(code):
        start = time.perf_counter()
        subprocess.run([sys.executable, "-c", code], env=environment, stdout=subprocess.DEVNULL, check=True)
        return time.perf_counter() - start

    helps = HELP.format(words=words)
    for code in (CLICK, helps):  # write the bytecode
        seconds(code)
    rows = [(seconds(CLICK), seconds(helps)) for _ in range(REPEATS)]
    ratio = statistics.median(help_s / click_s for click_s, help_s in rows)
    print(f"ravine {' '.join(words)} takes {ratio:.2f} times as long as `import click`")
    assert ratio <= LIMIT
