"""Coverage-guided fuzzing of readers and loaders with atheris, a development tool: `pip install atheris`.

    python -m tests.attack.fuzz --minutes 60          all targets in turn
    python -m tests.attack.fuzz npz --minutes 15      one target

targets.py   the functions that are fuzzed
corpus/      a small corpus of inputs, which the tests read too
"""
