"""The verb: what data, runs and models it takes, what it refuses at once, what it writes."""

import json

import pytest

SMALL = ["--net", "4", "--epochs", "2", "--grid", "5", "--solutions", "2"]


def test_help_needs_no_jax(shell):
    code = "import sys; from ravine.cli import main\ntry: main(['landscape','--help'])\nfinally: "
    code += "print(sorted({'jax', 'matplotlib', 'pandas'} & set(sys.modules)), file=sys.stderr)"
    import subprocess
    import sys

    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, timeout=120)
    assert "--grid" in done.stdout
    assert done.stderr.strip().endswith("[]")


@pytest.mark.parametrize(
    ("words", "said"),
    [
        (["iris", "--format", "gif"], "one of png, svg, pdf"),
        (["iris", "wine"], "'iris' is neither a run nor a model"),
        (["iris", "--grid", "3"], "--grid 3 cannot be used"),
        (["iris", "--solutions", "9"], "--solutions 9 cannot be used"),
        (["iris", "-O", "adm"], "no optimizer 'adm'"),
        (["iris", "-o", ""], "no name"),
        ([], "No data was named"),
        (["iris", "--early-stop", "2"], "--early-stop cannot be used here"),
    ],
)
def test_mistakes_are_answered_at_once(ravine, words, said):
    ended = ravine("landscape", *words)
    assert ended.status == 2
    assert said in " ".join(ended.stderr.split())
    assert not ended.stdout


def test_a_landscape_that_never_was_leaves_no_folder(ravine, folder):
    (folder / "one.csv").write_text("a,b,y\n" + "1,2,cat\n2,3,cat\n" * 20)
    for more in ([], ["-o", "new/deeper"]):
        assert ravine("landscape", "one.csv", "-t", "y", *more).status == 3
    assert [each.name for each in folder.iterdir()] == ["one.csv"]


@pytest.mark.slow
def test_data_then_the_run_of_it(ravine, folder):
    ended = ravine("landscape", "iris", *SMALL, "-o", "seen", "--json")
    assert ended.status == 0, ended.stderr
    document = json.loads(ended.stdout)
    assert [each["optimizer"] for each in document["trajectories"]] == ["sgd", "adam"]
    assert all((folder / each).is_file() for each in document["pictures"])
    assert (folder / "seen" / "pictures" / "plane-trajectories.png").read_bytes()[:4] == b"\x89PNG"

    assert ravine("train", "iris", "-q", "--net", "4", "--epochs", "2", "-o", "t").status == 0
    ended = ravine("landscape", "t", "--grid", "5", "--net", "9")
    assert ended.status == 0, ended.stderr
    assert "have no effect" in ended.stderr and "--net" in ended.stderr
    assert "stability limit" in ended.stdout
    assert (folder / "runs" / "latest" / "arrays.npz").is_file()
    assert ravine("landscape", "t/models/best", "iris", "--grid", "5", "-q").status == 0
