"""Signals ask for a stop while a study runs, and are what they were before and after."""

import os
import signal
import threading
import time

import pytest

from ravine.cli.signals import stop_on_signals


def until(condition, patience=10.0):
    end = time.monotonic() + patience
    while not condition() and time.monotonic() < end:
        time.sleep(0.005)
    assert condition()


@pytest.mark.parametrize(
    ("number", "status"), [(signal.SIGINT, 130), (signal.SIGTERM, 143), (signal.SIGUSR1, 75)]
)
def test_a_signal_sets_the_status_and_is_announced_once(number, status):
    before = signal.getsignal(number)
    announced = []
    with stop_on_signals(announced.append) as stop:
        assert stop() is None
        os.kill(os.getpid(), number)
        until(lambda: stop() is not None)
        assert stop() == status
    assert len(announced) == 1 and "Stopping after this chunk" in announced[0]
    assert signal.getsignal(number) == before


def test_the_first_signal_decides_the_status():
    with stop_on_signals(lambda line: None) as stop:
        os.kill(os.getpid(), signal.SIGTERM)
        until(lambda: stop() is not None)
        os.kill(os.getpid(), signal.SIGUSR1)
        time.sleep(0.05)
        assert stop() == 143


def test_outside_the_main_thread_nothing_stops():
    found = []

    def work():
        with stop_on_signals(found.append) as stop:
            found.append(stop())

    before = signal.getsignal(signal.SIGINT)
    thread = threading.Thread(target=work)
    thread.start()
    thread.join()
    assert found == [None] and signal.getsignal(signal.SIGINT) == before
