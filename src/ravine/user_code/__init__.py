"""Python files of the user that hold an optimizer, a network or a loss: text, trust, loading and errors.

A file runs only if the user named it here: on the command line, in a variable of the environment or in
Python. A run, a model or a configuration file that names a Python file cannot run it, unless the same file
was named before on this machine, or the user adds `--trust`.
"""
