"""The wheel, installed into an environment without the checkout, works."""

import os
import subprocess
import sys
import sysconfig
import zipfile
from pathlib import Path

import pytest
from hatchling.builders.wheel import WheelBuilder

ROOT = Path(__file__).resolve().parents[1]

pytestmark = pytest.mark.slow


@pytest.fixture(scope="module")
def wheel(tmp_path_factory):
    (path,) = WheelBuilder(str(ROOT)).build(directory=str(tmp_path_factory.mktemp("wheel")))
    return Path(path)


@pytest.fixture(scope="module")
def installed(wheel, tmp_path_factory):
    """Return the folder of programs of an environment that holds the wheel and what Ravine depends on."""
    folder = tmp_path_factory.mktemp("installed") / "env"
    _run([sys.executable, "-m", "venv", "--without-pip", str(folder)], folder.parent)
    python = folder / "bin" / "python"
    pip = [sys.executable, "-m", "pip", "--python", str(python), "--disable-pip-version-check", "--quiet"]
    _run([*pip, "install", "--no-deps", "--no-index", str(wheel)], folder.parent)
    # The dependencies come from the environment of the tests, so that no network is needed. Python does not
    # follow the .pth files in a folder that is named in a .pth file, so the checkout stays out.
    (site,) = folder.glob("lib/python*/site-packages")
    (site / "dependencies.pth").write_text(sysconfig.get_path("purelib") + "\n")
    return folder / "bin"


@pytest.fixture(scope="module")
def work(tmp_path_factory):
    return tmp_path_factory.mktemp("work")


def _run(command, folder):
    outside = {name: value for name, value in os.environ.items() if name != "PYTHONPATH"}
    done = subprocess.run(
        [str(word) for word in command], cwd=folder, env=outside, capture_output=True, text=True
    )
    assert done.returncode == 0, done.stderr
    return done.stdout


def test_the_wheel_holds_the_files_that_are_not_python(wheel):
    names = zipfile.ZipFile(wheel).namelist()
    package = ROOT / "src"
    others = [path for path in (package / "ravine").rglob("*") if path.is_file() and path.suffix != ".py"]
    expected = {path.relative_to(package).as_posix() for path in others if path.suffix != ".pyc"}
    assert {"ravine/py.typed", "ravine/lecture/animations/page.html"} <= expected
    assert expected <= set(names)
    assert not [name for name in names if name.startswith(("tests", "docs", "benchmarks"))]


def test_the_package_comes_from_the_wheel(installed, work):
    shown = _run([installed / "python", "-c", "import ravine; print(ravine.__file__)"], work)
    assert Path(shown.strip()).is_relative_to(installed.parent)


def test_compare_and_runs(installed, work):
    compare = ["compare", "digits", "--effort", "quick", "-O", "sgd,adam", "--epochs", "2"]
    shown = _run([installed / "ravine", *compare], work)
    assert "validation accuracy" in shown and "sgd" in shown and "adam" in shown
    listed = _run([installed / "ravine", "runs"], work)
    assert "digits" in listed and "finished" in listed


def test_a_claim_of_the_lecture_with_its_picture(installed, work):
    assert "A1" in _run([installed / "ravine", "lecture", "A1", "-o", "lecture"], work)
    assert (work / "lecture" / "A1.png").read_bytes().startswith(b"\x89PNG")
