"""Python programs that call the product from threads and forked processes: it works, or it refuses."""

from __future__ import annotations

import functools
import random
import sys
from pathlib import Path

from tests.attack import processes, product, undisturbed
from tests.attack.case import REFUSED, Failure, enumerated

CALLERS = {
    "once": "print(call())",
    "twice": "print(call()); print(call())",
    "in a thread": "in_threads(1)",
    "in four threads": "in_threads(4)",
    "in a thread beside the main one": "thread = threading.Thread(target=lambda: print(call()))\n"
    "    thread.start(); print(call()); thread.join()",
    "forked before": "in_fork()",
    "forked after a call": "print(call()); in_fork()",
    "two forks before": "in_fork(2)",
    "a pool of forks": "in_pool('fork')",
    "a pool of forks after a call": "print(call()); in_pool('fork')",
    "a pool of spawned processes": "in_pool('spawn')",
    "a pool of spawned processes after a call": "print(call()); in_pool('spawn')",
    "a daemon thread at the end": "threading.Thread(target=call, daemon=True).start(); print(call())",
    "with a handler of signals": "signal.signal(signal.SIGTERM, print); print(call())",
    "with closed output": "sys.stdout = sys.stderr = None\n    os.write(1, (call() + '\\n').encode())",
}
HEAD = """
import multiprocessing, os, signal, sys, threading, warnings
warnings.simplefilter("ignore")

def in_threads(count):
    threads = [threading.Thread(target=lambda: print(call())) for _ in range(count)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()

def in_fork(count=1):
    sys.stdout.flush()
    for _ in range(count):
        if os.fork() == 0:
            print(call(), flush=True)
            os._exit(0)
    for _ in range(count):
        os.wait()

def in_pool(method):
    with multiprocessing.get_context(method).Pool(2) as pool:
        for text in pool.starmap(call, [()] * 2):
            print(text)
"""


def _said(about: str, folder: Path) -> list[str]:
    """Return the lines that a program prints: the scores of each call, or a refusal."""
    program = folder / "program.py"
    program.write_text(f"{HEAD}\n{product.CALLED}\nif __name__ == '__main__':\n    {CALLERS[about]}\n")
    done = processes.watched([sys.executable, str(program)], undisturbed.data(), processes.environment(), 120)
    processes.must_not_break(done.status, done.said, done.stopped, about)
    if done.status:
        raise Failure("undocumented status", f"{about}: status {done.status}")
    return done.out.decode().splitlines()


@functools.cache
def _wanted() -> str:
    folder = undisturbed.WORK / "called"
    with undisturbed.one_maker():
        folder.mkdir(exist_ok=True)
    return _said("once", folder)[0]


def called(rng: random.Random, about: str, folder: Path) -> str | None:
    """Each call gives the scores of a plain call, or refuses in a sentence."""
    lines = _said(about, folder)
    wanted = CALLERS[about].count("call()")
    if len(lines) < max(1, wanted - 1):
        raise Failure("data lost", f"{about}: {len(lines)} calls ended")
    for line in lines:
        if line != _wanted() and not line.startswith(product.CALL_REFUSED):
            raise Failure("changed result", f"{about}: {line[:80]}")
    return REFUSED if any(line.startswith(product.CALL_REFUSED) for line in lines) else None


FAMILIES = [enumerated("callers", list(CALLERS), called, processes=True)]
