"""Limits of the system, set in processes of their own."""

import resource
import subprocess
import sys

import pytest

from ravine.engines import limits

CHECK = """
import resource, sys
from ravine.errors import UsageError
resource.setrlimit(getattr(resource, "RLIMIT_" + sys.argv[1]), (int(sys.argv[2]),) * 2)
from ravine.engines.limits import check_limits
try:
    check_limits()
except UsageError as error:
    print(error)
assert not {"jax", "numpy", "pandas"} & set(sys.modules)
"""
MEGABYTE = 10**6


def said(name, value):
    done = subprocess.run(
        [sys.executable, "-c", CHECK, name, str(value)], capture_output=True, text=True, check=True
    )
    return done.stdout


@pytest.mark.parametrize(
    ("name", "value", "words"),
    [
        ("AS", 400 * MEGABYTE, ("memory", "400 MB", "ulimit -v")),
        ("DATA", 300 * MEGABYTE, ("data memory", "300 MB", "ulimit -d")),
        ("NOFILE", 24, ("open files", "24 files", "ulimit -n")),
        ("CPU", 3, ("processor time", "3 seconds", "ulimit -t")),
        ("STACK", 256 * 1024, ("stack", "256 kB", "ulimit -s")),
    ],
)
def test_a_small_limit_is_refused_before_a_library_is_imported(name, value, words):
    message = said(name, value)
    assert all(word in message for word in words), message


@pytest.mark.parametrize(("name", "value"), [("AS", 2**42), ("NOFILE", 256), ("CPU", 3600)])
def test_a_large_limit_is_no_reason_to_refuse(name, value):
    assert said(name, value) == ""


CALL = """
import resource, sys
import ravine
resource.setrlimit(resource.RLIMIT_NOFILE, (24, 24))
try:
    ravine.compare("digits") if sys.argv[1] == "compare" else ravine.predict("latest", "digits")
except ravine.RavineError as error:
    print(error)
"""


@pytest.mark.parametrize("function", ["compare", "predict"])
def test_the_functions_in_python_refuse_a_small_limit_too(function):
    done = subprocess.run([sys.executable, "-c", CALL, function], capture_output=True, text=True, check=True)
    assert "The limit on open files is too small: 24 files." in done.stdout


def test_a_process_that_has_jax_already_is_not_checked(monkeypatch):
    monkeypatch.setattr(limits.resource, "getrlimit", lambda limit: (1, 1))
    monkeypatch.setitem(sys.modules, "jax", None)
    limits.check_limits()


def test_the_limit_on_threads_counts_the_threads_that_the_user_has(monkeypatch):
    monkeypatch.delitem(sys.modules, "jax", raising=False)
    monkeypatch.setattr(limits.os, "geteuid", lambda: 1000)
    monkeypatch.setattr(limits, "_threads_of_user", lambda: 500)
    allowed = {resource.RLIMIT_NPROC: 520}
    unlimited = resource.RLIM_INFINITY
    monkeypatch.setattr(limits.resource, "getrlimit", lambda limit: (allowed.get(limit, unlimited),) * 2)
    with pytest.raises(limits.UsageError, match="threads of the user is too small: 520"):
        limits.check_limits()
    allowed[resource.RLIMIT_NPROC] = 5000
    limits.check_limits()


def test_this_process_counts_among_the_threads_of_its_user():
    assert limits._threads_of_user() >= 1
