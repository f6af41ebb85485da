"""Every module imports, says what it offers, and offers what it says."""

import ast
import importlib
import inspect
import pkgutil
import subprocess
import sys
from pathlib import Path

import pytest

import ravine
from ravine import errors
from ravine.api import functions, predictions
from ravine.execution.events import EVENTS
from ravine.execution.registry import STUDIES, find_study

MODULES = sorted(
    module.name
    for module in pkgutil.walk_packages(ravine.__path__, "ravine.")
    if not module.name.rpartition(".")[2].startswith("_")
)


def offers(name):
    module = importlib.import_module(name)
    return module, getattr(module, "__all__", None)


def test_modules_are_found():
    assert {"ravine.errors", "ravine.training.loop", "ravine.records.record"} <= set(MODULES)


@pytest.mark.parametrize("name", MODULES)
def test_what_is_offered_exists(name):
    module, offered = offers(name)
    missing = [text for text in offered or () if not hasattr(module, text)]
    assert not missing
    assert len(set(offered or ())) == len(offered or ())


@pytest.mark.parametrize("name", MODULES)
def test_a_module_offers_its_own_public_names(name):
    """A module with public functions or classes of its own has `__all__`, which is where readers look."""
    module, offered = offers(name)
    own = [
        text
        for text, value in vars(module).items()
        if not text.startswith("_")
        and (inspect.isfunction(value) or inspect.isclass(value))
        and value.__module__ == name
    ]
    assert offered is not None or not own


@pytest.mark.parametrize("name", MODULES)
def test_what_is_offered_is_described(name):
    module, offered = offers(name)
    bare = [
        text
        for text in offered or ()
        if (inspect.isfunction(getattr(module, text)) or inspect.isclass(getattr(module, text)))
        and not inspect.getdoc(getattr(module, text))
    ]
    assert not bare


def public_names():
    """Functions, exceptions, events, result and settings of every study, and the types behind them."""
    studies = [find_study(name) for name in STUDIES]
    exceptions = {
        name
        for name, value in vars(errors).items()
        if inspect.isclass(value) and issubclass(value, errors.RavineError)
    }
    return {
        "__version__", "Event", "Model", "Predictions", "Result", *functions.__all__, *predictions.__all__,
        *exceptions,
        *(event.__name__ for event in EVENTS),
        *(study.result for study in studies), *(study.settings.__name__ for study in studies),
    }  # fmt: skip


def test_the_package_offers_every_public_name():
    assert set(ravine.__all__) == public_names()
    assert dir(ravine) == sorted(ravine.__all__)


def test_type_checkers_see_the_names_that_python_finds():
    tree = ast.parse(Path(ravine.__file__).read_text())
    (block,) = [
        node for node in tree.body if isinstance(node, ast.If) and ast.unparse(node.test) == "TYPE_CHECKING"
    ]
    imported_names = {(entry.module, name.name, name.asname) for entry in block.body for name in entry.names}
    offered = set(ravine.__all__) - {"__version__"}
    offered_names = {(getattr(ravine, name).__module__, name, name) for name in offered}
    assert imported_names == offered_names


def test_a_name_that_is_not_there_is_an_attribute_error():
    with pytest.raises(AttributeError, match="no attribute 'comparison'"):
        _ = ravine.comparison


def test_importing_the_package_imports_nothing_slow():
    code = "import sys, ravine; print([n for n in ('jax', 'numpy', 'pandas', 'click') if n in sys.modules])"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "[]"


def test_an_old_function_is_answered_with_its_new_name():
    with pytest.raises(AttributeError, match=r"ravine\.memorise was renamed to ravine\.memorize"):
        _ = ravine.memorise
