"""What is typed wrong, what is asked of help, and what none of it imports."""

import re
import subprocess
import sys

import pytest

from ravine.cli.app import ravine as group
from ravine.errors import nearest

VERBS = tuple(group.list_commands(None))
HEAVY = ("jax", "jaxlib", "optax", "sklearn", "pandas", "numpy", "scipy")


@pytest.mark.parametrize(
    ("word", "allowed", "meant"),
    [
        ("label", ["target", "Labels"], "Labels"),  # what is there goes before what it is called elsewhere
        ("label", ["target", "lapel"], "target"),
        ("--lr", ["--l1", "--rate"], "--rate"),
        ("weight_decay", ["--weights", "--decay"], "--decay"),
    ],
)
def test_the_one_word_that_was_meant(word, allowed, meant):
    assert nearest(word, allowed) == f"Did you mean '{meant}'?"


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


def test_bare_command_shows_help(ravine):
    ended = ravine()
    assert ended.status == 0
    assert all(verb in ended.stdout for verb in VERBS)
    assert {"compare", "train", "diagnose", "sweep", "lecture", "landscape"} < set(VERBS)


def test_version(ravine):
    from ravine import __version__

    assert ravine("--version").stdout == f"ravine {__version__}\n"


@pytest.mark.parametrize(
    ("arguments", "status", "words"),
    [
        (["compair", "digits"], 2, "'compare'"),
        (["digits"], 2, "ravine compare digits"),
        (["--jason"], 2, "There is no option '--jason'"),
        (["compare", "digits", "--tagret", "x"], 2, "'--target'"),
        (["train", "digits", "--batch_size", "8"], 2, "Did you mean '--batch-size'?"),
        (["landscape", "digits", "--min-change", "0.1"], 2, "--min-change cannot be used"),
        (["train", "digits", "--lr", "0.1"], 2, "Did you mean '--rate'?"),
        (["train", "digits", "--learning-rate", "0.1"], 2, "Did you mean '--rate'?"),
        (["compare", "digits", "--optim", "sgd"], 2, "Did you mean '--optimizers'?"),
        (["train", "digits", "--hidden_layer_sizes", "8"], 2, "Did you mean '--net'?"),
        (["sweep", "digits", "--vary", "lr=0.1,0.2"], 2, "Did you mean 'rate'?"),
        (["compare", "digits", "-Z"], 2, "There is no option '-Z'"),
        (["compare", "digits", "--seed"], 2, "requires an argument"),
        (["compare", "a", "b"], 2, "unexpected extra argument"),
        (["compare"], 2, "ravine compare digits"),
        (["compare", ""], 2, "No data was named"),
        (["predict"], 2, "MODEL"),
        (["predict", "latest"], 2, "DATA"),
        (["compare", "digits", "-q", "-v"], 2, "contradict"),
        (["compare", "digits", "--effort", "quik"], 2, "'quick'"),
        (["compare", "digits", "--effort", "quick", "--budget", "60s"], 2, "contradict"),
        (["compare", "digits", "--seed", "one"], 2, "whole number"),
        (["compare", "digits", "--validation", "nan"], 2, "validation"),
        (["compare", "digits", "-O", ","], 2, "empty"),
        (["compare", "digits", "-O", "adm"], 2, "'adam'"),
        (["compare", "digits", "--metric", "acuracy"], 2, "'accuracy'"),
        (["compare", "digits", "--net", "a-b"], 2, "the unknown word 'a-b'"),
        (["compare", "digits", "--budget", "soon"], 2, "not a budget"),
        (["compare", "digits", "--device", "tpu"], 2, "one of cpu, gpu"),
        (["compare", "digits", "-o", ""], 2, "--out DIR"),
        (["compare", "digits", "-c", "none.toml"], 2, "none.toml"),
        (["train", "digits", "--rate", "-1"], 2, "rate"),
        (["train", "digits", "--optimizer", "admm"], 2, "'adam'"),
        (["compare", "nosuch.csv"], 3, "nosuch.csv"),
        (["runs", "nofolder"], 3, "nofolder"),
        (["resume", "nothing"], 3, "nothing"),
        (["predict", "nothing", "digits"], 3, "nothing"),
    ],
)
def test_mistakes_get_a_sentence_and_a_status(ravine, folder, arguments, status, words):
    ended = ravine(*arguments)
    assert ended.status == status
    assert ended.stdout == ""
    assert words in ended.stderr
    assert "Traceback" not in ended.stderr
    assert re.search(r"^ravine: ", ended.stderr, re.M)
    assert not (folder / "runs").exists()


def test_a_mistyped_file_gets_its_neighbour(ravine, folder):
    (folder / "titanic.csv").write_text("a,b\n")
    assert "titanic.csv" in ravine("compare", "titanik.csv").stderr.splitlines()[-1]


def test_the_first_line_comes_before_anything_heavy(folder):
    """Stop at the first heavy import: the line must be out by then, and the run directory must be there."""
    code = (
        "import sys, pathlib\n"
        "class Gate:\n"
        "    def find_spec(self, name, path=None, target=None):\n"
        f"        if name in {HEAVY}:\n"
        "            raise SystemExit(sum(1 for _ in pathlib.Path('runs').glob('*/config.toml')) + 40)\n"
        "sys.meta_path.insert(0, Gate())\n"
        "from ravine.cli import main\nmain(['compare', 'data.csv'])"
    )
    (folder / "data.csv").write_text("a,b\n1,2\n")
    ended = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True)
    assert ended.stderr.startswith("Comparing 8 optimizers on data.csv.\n")
    assert ended.returncode in (41, 42)  # `latest` may be seen too
