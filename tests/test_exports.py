"""Every module imports, says what it offers, and offers what it says."""

import importlib
import inspect
import pkgutil

import pytest

import ravine

MODULES = sorted(
    found.name
    for found in pkgutil.walk_packages(ravine.__path__, "ravine.")
    if not found.name.rpartition(".")[2].startswith("_")
)


def offers(name):
    module = importlib.import_module(name)
    return module, getattr(module, "__all__", None)


def test_modules_are_found():
    assert {"ravine.errors", "ravine.training.loop", "ravine.records.record"} <= set(MODULES)


@pytest.mark.parametrize("name", MODULES)
def test_what_is_offered_exists(name):
    module, offered = offers(name)
    missing = [each for each in offered or () if not hasattr(module, each)]
    assert not missing
    assert len(set(offered or ())) == len(offered or ())


@pytest.mark.parametrize("name", MODULES)
def test_a_module_offers_its_own_public_names(name):
    """A module with public functions or classes of its own has `__all__`, which is where readers look."""
    module, offered = offers(name)
    own = [
        each
        for each, value in vars(module).items()
        if not each.startswith("_")
        and (inspect.isfunction(value) or inspect.isclass(value))
        and value.__module__ == name
    ]
    assert offered is not None or not own


@pytest.mark.parametrize("name", MODULES)
def test_what_is_offered_is_described(name):
    module, offered = offers(name)
    bare = [
        each
        for each in offered or ()
        if (inspect.isfunction(getattr(module, each)) or inspect.isclass(getattr(module, each)))
        and not inspect.getdoc(getattr(module, each))
    ]
    assert not bare
