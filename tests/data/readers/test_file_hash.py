"""The hash of a file equals that of hashlib, whether a thread computes it, cannot start, or ends early."""

from __future__ import annotations

import hashlib
import threading

import numpy as np
import pytest

from ravine.data.readers import file_hash
from ravine.data.readers.file_hash import THREAD_BYTES, FileHash


def content(size):
    return np.random.default_rng(0).bytes(size)


@pytest.mark.parametrize("size", [0, 1, 1000, THREAD_BYTES - 1, THREAD_BYTES, 3 * THREAD_BYTES])
def test_hash_is_that_of_hashlib(size):
    data = content(size)
    assert FileHash(data).hexdigest() == hashlib.sha256(data).hexdigest()


def test_small_content_starts_no_thread(monkeypatch):
    monkeypatch.setattr(threading, "Thread", None)
    assert FileHash(b"x").hexdigest() == hashlib.sha256(b"x").hexdigest()


def test_hash_without_a_thread(monkeypatch):
    def refuse(thread):
        raise RuntimeError("can't start new thread")

    data = content(THREAD_BYTES)
    monkeypatch.setattr(threading.Thread, "start", refuse)
    assert FileHash(data).hexdigest() == hashlib.sha256(data).hexdigest()


def test_hash_if_the_thread_fails(monkeypatch):
    data, compute, calls = content(THREAD_BYTES), FileHash._compute, []

    def fail_once(self):
        calls.append(threading.current_thread())
        if len(calls) > 1:
            compute(self)

    monkeypatch.setattr(file_hash.FileHash, "_compute", fail_once)
    assert FileHash(data).hexdigest() == hashlib.sha256(data).hexdigest()
    assert calls[0] is not threading.main_thread() and calls[1:] == [threading.main_thread()]
