"""`ravine predict`: mistakes are answered first, and predictions go to standard output or to a file."""

import csv
import io
import json
import re
import sys
from pathlib import Path

import numpy as np
import pandas as pd
import pytest

import ravine as package
from ravine.data import read


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
        (["latest", "x.csv", "-o", "p.xlsx"], 2, ".csv, .csv.gz, .parquet (pip install 'ravine[parquet]')"),
        (["latest", "x.csv", "-o", "p"], 2, "Type -o p.csv."),
        (["latest", "x.csv", "--json", "-o", "p.csv"], 2, "Type -o p.json"),
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
    assert [row["prediction"] for row in rows] == list(expected.predict(read("iris").frame))
    with_score = ravine("predict", model, "iris", "-o", "p.csv").stdout
    right = np.mean(np.array([row["prediction"] for row in rows]) == read("iris").frame["target"])
    number, unit = re.fullmatch(r"Score: accuracy ([0-9.]+) (.*)\n", with_score).groups()
    assert float(number) == pytest.approx(100 * right, abs=0.006) and unit == "%, 150 rows"
    assert Path("p.csv").read_text() == ended.stdout
    assert ravine("predict", model, "iris", "-o", "-", "-q").stdout == ended.stdout


def test_rows_from_standard_input_as_a_document(ravine, folder, model):
    rows = "petal width (cm),petal length (cm),sepal width (cm),sepal length (cm),other\n0.2,1.4,3.5,5.1,x\n"
    document = json.loads(ravine("predict", model, "-", "--json", "-q", stdin=rows).stdout)
    assert document["data"]["rows"] == len(document["predictions"]["prediction"]) == 1
    assert (document["task"], document["target"]) == ("classify", "target")
    ended = ravine("predict", model, "-", stdin="petal width (cm)\n0.2\n")
    assert ended.status == 3 and "sepal width (cm)" in ended.stderr


@pytest.mark.parametrize("name", ["p.csv", "p.csv.gz", "p.parquet", "p.npz", "p.root"])
def test_the_name_of_the_file_decides_its_format(ravine, folder, model, name):
    suffix = name.rpartition(".")[2]
    for needed in {"parquet": ["pyarrow"], "root": ["uproot", "awkward"]}.get(suffix, []):
        pytest.importorskip(needed)
    rows = read("iris").frame.assign(event=np.arange(150) * 10, run=["r1", "r2"] * 75)
    rows.to_csv("rows.csv", index=False)
    ended = ravine("predict", model, "rows.csv", "--keep", "run,event", "-o", name)
    assert ended.status == 0, ended.stderr
    if suffix == "root":
        import uproot

        written = uproot.open(name)["predictions"].arrays(library="np")
        columns = {key: values.tolist() for key, values in written.items()}
    elif suffix == "npz":
        with np.load(name) as archive:
            columns = {key: archive[key].tolist() for key in archive.files}
    else:
        kinds = {"parquet": pd.read_parquet}
        columns = kinds.get(suffix, pd.read_csv)(name).to_dict("list")
    expected = package.load_model(model).table(rows)
    assert set(columns) == {"run", "event", *expected.columns}
    assert columns["run"] == list(rows.run) and columns["event"] == list(rows.event)
    assert columns["prediction"] == list(expected.prediction)
    np.testing.assert_allclose(columns["probability_setosa"], expected.probability_setosa, rtol=1e-12)
    assert not list(Path().glob(".tmp-*"))


def test_a_failed_write_leaves_the_old_file(ravine, folder, model, monkeypatch):
    Path("p.npz").write_bytes(b"old")

    def fail(*arguments, **more):
        raise OSError(28, "No space left on device")

    monkeypatch.setattr("os.fsync", fail)
    ended = ravine("predict", model, "iris", "-o", "p.npz")
    assert ended.status == 3 and Path("p.npz").read_bytes() == b"old"


def test_a_missing_package_is_named_before_anything_slow(ravine, folder, model, monkeypatch):
    monkeypatch.setitem(sys.modules, "uproot", None)
    ended = ravine("predict", model, "iris", "-o", "p.root")
    assert ended.status == 3 and "pip install 'ravine[root]'" in ended.stderr
    assert not Path("p.root").exists()


def test_a_json_file_holds_the_document(ravine, folder, model):
    assert ravine("predict", model, "iris", "-o", "p.json", "--keep", "target").status == 0
    document = json.loads(Path("p.json").read_text())
    assert document["score"]["rows"] == 150 and len(document["predictions"]["target"]) == 150


def test_latest_is_the_newest_run_with_a_model(ravine, folder):
    assert ravine("train", "iris", "--net", "4", "--epochs", "2", "-o", "trained", "-q").status == 0
    assert ravine("diagnose", "latest", "--no-proof", "-q").status == 0
    ended = ravine("predict", "latest", "iris", "-o", "p.csv")
    assert ended.status == 0 and "with trained." in ended.stderr.replace(str(folder) + "/", "")


@pytest.mark.parametrize("flags", [[], ["--json"]])
def test_a_long_prediction_shows_that_it_goes_on(ravine, folder, model, monkeypatch, flags):
    from ravine.execution import progress

    monkeypatch.setattr(progress, "LINE_INTERVAL_S", 0.0)  # as if five seconds had passed
    ended = ravine("predict", str(model), "iris", *flags)
    assert ended.status == 0 and "reading and predicting: 0 s so far" in ended.stderr
    assert "reading and predicting" not in ended.stdout
    quiet = ravine("predict", str(model), "iris", "-q", *flags)
    assert (quiet.stdout, quiet.stderr) == (ended.stdout, "")


def test_a_file_of_another_format_is_refused_with_all_formats(ravine, folder, model):
    ended = ravine("predict", model, "iris", "-o", "p.txt")
    assert ended.status == 2 and not Path("p.txt").exists()
    assert all(suffix in ended.stderr for suffix in (".csv", ".parquet", ".npz", ".root", ".json"))
