"""`ravine predict`: mistakes are answered first, and predictions go to standard output or to a file."""

import csv
import io
import json
from pathlib import Path

import pytest

import ravine as package


@pytest.fixture(scope="module")
def model(tmp_path_factory):
    """The folder of a small model of iris."""
    folder = tmp_path_factory.mktemp("model") / "run"
    package.train("iris", net="4", epochs=2, out=folder)
    return folder


@pytest.mark.parametrize(
    ("arguments", "status", "says"),
    [
        (["nothing", "x.csv"], 3, "nothing"),
        (["", "x.csv"], 2, "The model has no name"),
        (["latest", "x.csv", "-o", ""], 2, "-o FILE.csv"),
        (["latest", "x.csv", "-o", "folder"], 2, "is a folder"),
        (["latest", "x.csv", "-o", "x.csv"], 2, "-o x.csv names the data"),
        (["latest", "x.csv"], 3, "no latest run"),
    ],
)
def test_mistakes(ravine, folder, arguments, status, says):
    (folder / "folder").mkdir()
    (folder / "x.csv").write_text("a,b\n1,2\n")
    ended = ravine("predict", *arguments)
    assert (ended.status, ended.stdout) == (status, "")
    assert says in ended.stderr
    assert (folder / "x.csv").read_text() == "a,b\n1,2\n"


def test_predictions_go_to_standard_output_or_to_a_file(ravine, folder, model):
    ended = ravine("predict", model, "iris", "-q")
    assert (ended.status, ended.stderr) == (0, "")
    rows = list(csv.DictReader(io.StringIO(ended.stdout)))
    names = ("setosa", "versicolor", "virginica")
    assert list(rows[0]) == ["prediction", *(f"probability_{name}" for name in names)]
    expected = package.load_model(model)
    from ravine.data import read

    assert [row["prediction"] for row in rows] == list(expected.predict(read("iris").frame))
    assert ravine("predict", model, "iris", "-o", "p.csv").stdout == ""
    assert Path("p.csv").read_text() == ended.stdout
    assert ravine("predict", model, "iris", "-o", "-", "-q").stdout == ended.stdout


def test_rows_from_standard_input_as_a_document(ravine, folder, model):
    rows = "petal width (cm),petal length (cm),sepal width (cm),sepal length (cm),other\n0.2,1.4,3.5,5.1,x\n"
    document = json.loads(ravine("predict", model, "-", "--json", "-q", stdin=rows).stdout)
    assert document["data"]["rows"] == len(document["predictions"]["prediction"]) == 1
    assert (document["task"], document["target"]) == ("classify", "target")
    ended = ravine("predict", model, "-", stdin="petal width (cm)\n0.2\n")
    assert ended.status == 3 and "sepal width (cm)" in ended.stderr
