"""Registry of the built-in data sets, such as `digits`, for a first comparison without a file.

Importing this module imports neither pandas nor scikit-learn.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING

from ravine.data.formats import load_object

if TYPE_CHECKING:
    from ravine.data.table import Table

__all__ = ["BUILTIN", "read_builtin"]

BUILTIN: dict[str, str] = {
    "digits": "ravine.data.readers.scikit_learn:digits",
    "breast_cancer": "ravine.data.readers.scikit_learn:breast_cancer",
    "wine": "ravine.data.readers.scikit_learn:wine",
    "iris": "ravine.data.readers.scikit_learn:iris",
    "diabetes": "ravine.data.readers.scikit_learn:diabetes",
}
"""Name of a set -> "module:function"; the function takes a name and returns the table with this name."""


def read_builtin(which: str, name: str) -> Table:
    """Return the table of the built-in data set `which`, such as "iris"; `name` is the name of the table.

    Raises KeyError if there is no such data set.
    """
    loader: Callable[[str], Table] = load_object(BUILTIN[which])
    return loader(name)
