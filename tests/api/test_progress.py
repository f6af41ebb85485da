"""Progress of Python functions: one display by default, none with progress=False."""

import sys
import types

import pytest

import ravine
from ravine.api import progress
from ravine.api.progress import with_progress
from ravine.execution.events import ChunkDone, StageStarted
from ravine.execution.progress import Bar, Lines, NotebookBar

EVENT = StageStarted("measure", "curvature")


@pytest.fixture
def displays(monkeypatch):
    """Displays that are opened during the test."""
    opened = []
    choose = progress._display

    def watched():
        opened.append(choose())
        return opened[-1]

    monkeypatch.setattr(progress, "_display", watched)
    return opened


@pytest.mark.parametrize("shown", [True, False])
def test_the_listener_hears_every_event_with_and_without_progress(displays, shown):
    heard = []
    with with_progress(shown, heard.append) as notify:
        notify(EVENT)
    assert heard == [EVENT] and len(displays) == shown


@pytest.mark.parametrize(
    ("terminal", "kind", "shown"), [(True, "xterm", Bar), (True, "dumb", Lines), (False, "xterm", Lines)]
)
def test_a_bar_appears_on_a_terminal_only(monkeypatch, capsys, displays, terminal, kind, shown):
    monkeypatch.setenv("TERM", kind)
    monkeypatch.setattr(sys.stderr, "isatty", lambda: terminal)
    with with_progress(True, None):
        assert type(displays[0]) is shown


def test_a_notebook_has_a_bar_below_the_cell(monkeypatch, displays):
    handle = types.SimpleNamespace(update=lambda shown: None)
    module = types.SimpleNamespace(HTML=str, display=lambda shown, display_id: handle)
    shell = types.SimpleNamespace(kernel=object())
    ipython = types.SimpleNamespace(display=module, get_ipython=lambda: shell)
    monkeypatch.setitem(sys.modules, "IPython", ipython)
    monkeypatch.setitem(sys.modules, "IPython.display", module)
    with with_progress(True, None):
        assert type(displays[0]) is NotebookBar


def test_a_function_shows_one_display_and_writes_nothing_to_standard_output(capsys, displays, blobs):
    X, y = blobs
    ravine.train(X, y, net="4", epochs=1, baselines=False)
    assert len(displays) == 1 and displays[0].activity.title == "testing"
    ravine.train(X, y, net="4", epochs=1, baselines=False, progress=False)
    assert len(displays) == 1
    assert capsys.readouterr().out == ""


def test_without_progress_a_study_still_reports_to_the_listener(blobs):
    heard = []
    X, y = blobs
    ravine.train(X, y, net="4", epochs=1, baselines=False, progress=False, notify=heard.append)
    assert any(isinstance(event, ChunkDone) for event in heard)


@pytest.fixture
def blobs():
    """A small classification: inputs [60, 2] and targets [60]."""
    import numpy as np

    X = np.random.default_rng(0).normal(size=(60, 2))
    return X, X[:, 0] > 0
