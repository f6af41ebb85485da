"""Work that the cores share: values in order, the first error, and as many threads as allowed."""

from __future__ import annotations

import threading
import time

import pytest

from ravine.cores import cores, map_on_cores


def test_a_process_has_a_core():
    assert cores() >= 1


@pytest.mark.parametrize("count", [1, 3])
def test_values_keep_the_order_of_their_items(monkeypatch, count):
    monkeypatch.setattr("ravine.cores.cores", lambda: count)

    def slow_first(item):
        time.sleep(0.02 if item == 0 else 0)
        return 2 * item

    assert map_on_cores(slow_first, range(7)) == [0, 2, 4, 6, 8, 10, 12]
    assert map_on_cores(slow_first, []) == []


@pytest.mark.parametrize("count", [1, 3])
def test_the_first_error_is_raised(monkeypatch, count):
    monkeypatch.setattr("ravine.cores.cores", lambda: count)

    def failing(item):
        if item > 1:
            raise ValueError(f"item {item}")
        return item

    with pytest.raises(ValueError, match="item 2"):
        map_on_cores(failing, range(9))


@pytest.mark.parametrize(("most", "expected"), [(None, 3), (2, 2), (1, 1)])
def test_no_more_threads_than_allowed(monkeypatch, most, expected):
    monkeypatch.setattr("ravine.cores.cores", lambda: 3)
    running, peak, lock = set(), [], threading.Lock()

    def one(item):
        with lock:
            running.add(item)
            peak.append(len(running))
        time.sleep(0.02)
        with lock:
            running.discard(item)

    map_on_cores(one, range(8), most)
    assert max(peak) == expected
