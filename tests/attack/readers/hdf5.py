"""HDF5 files of odd structure: links, depth, size, types, and numbers that lie in another file."""

from __future__ import annotations

import random
from collections.abc import Callable
from pathlib import Path
from typing import Any

from tests.attack import product
from tests.attack.case import Failure, Skip, enumerated
from tests.attack.readers.tables import prepare

ELSEWHERE = [float(i) for i in range(40)]  # what lies in another file


def _x_y() -> tuple[Any, Any]:
    import numpy as np

    return np.random.default_rng(0).normal(size=(40, 2)), np.arange(40) % 2


def _put(x: Any = None, y: Any = None) -> Callable[[Any, Path], None]:
    """A file with X and y, either of them replaced by what a function makes of the plain ones."""

    def write(file: Any, folder: Path) -> None:
        plain_x, plain_y = _x_y()
        file["X"] = plain_x if x is None else x(plain_x)
        file["y"] = plain_y if y is None else y(plain_y)

    return write


def _dataset(**how: Any) -> Callable[[Any, Path], None]:
    """A file whose X is created as told; types are made when h5py is there."""

    def write(file: Any, folder: Path) -> None:
        import h5py

        made = {key: value(h5py) if callable(value) else value for key, value in how.items()}
        file.create_dataset("X", **made)
        file["y"] = _x_y()[1]

    return write


def _loop(file: Any, folder: Path) -> None:
    import h5py

    _put()(file, folder)
    file["loop"] = h5py.SoftLink("/")


def _loop_below(file: Any, folder: Path) -> None:
    import h5py

    file.create_group("a")["b"] = h5py.SoftLink("/a")


def _deep(levels: int) -> Callable[[Any, Path], None]:
    def write(file: Any, folder: Path) -> None:
        group = file
        for _ in range(levels):
            group = group.create_group("g")

    return write


def _attribute(file: Any, folder: Path) -> None:
    _put()(file, folder)
    file["X"].attrs["pandas_type"] = "x"


def _records(file: Any, folder: Path) -> None:
    import numpy as np

    file["t"] = np.zeros((4, 4), [("a", "f4")])


def _nested_records(file: Any, folder: Path) -> None:
    import numpy as np

    file["t"] = np.zeros(40, [("a", "f4", (2, 3)), ("y", "i8")])


def _external(file: Any, folder: Path) -> None:
    import h5py
    import numpy as np

    (folder / "secret.bin").write_bytes(np.array(ELSEWHERE).tobytes())
    file.create_dataset(
        "X", shape=(40,), dtype="f8", external=[(str(folder / "secret.bin"), 0, h5py.h5f.UNLIMITED)]
    )
    file["y"] = _x_y()[1]


def _other_file(folder: Path) -> str:
    import h5py
    import numpy as np

    with h5py.File(folder / "other.h5", "w") as other:
        other["X"] = np.array(ELSEWHERE)
    return str(folder / "other.h5")


def _virtual(file: Any, folder: Path) -> None:
    import h5py

    layout = h5py.VirtualLayout(shape=(40,), dtype="f8")
    layout[:] = h5py.VirtualSource(_other_file(folder), "X", shape=(40,))
    file.create_virtual_dataset("X", layout)
    file["y"] = _x_y()[1]


def _link_outside(file: Any, folder: Path) -> None:
    import h5py

    file["X"] = h5py.ExternalLink(_other_file(folder), "X")
    file["y"] = _x_y()[1]


def _escape_in_name(file: Any, folder: Path) -> None:
    x, y = _x_y()
    file["a\x1b[31m"], file["y"] = x[:, 0], y


def _compound(x: Any) -> Any:
    import numpy as np

    return np.zeros(40, [("a", "f4"), ("b", "i8"), ("c", "S3")])


CASES = [
    _loop, _loop_below, _deep(30), _deep(60), _deep(400), _attribute, _records, _nested_records, _external,
    _virtual, _link_outside, _escape_in_name, _put(_compound), _put(lambda x: x[:0], lambda y: y[:0]),
    _put(y=lambda y: y[:7]), _put(lambda x: 5.0, lambda y: 1),
    _put(lambda x: x.astype("f2"), lambda y: y.astype("u1")), _put(lambda x: x.astype(">c16")),
    _dataset(shape=(10**9, 100), dtype="f8", chunks=(1000, 100)),
    _dataset(shape=(10**15,), dtype="f8", chunks=(1000,)),
    _dataset(shape=(40,), dtype=lambda h5py: h5py.vlen_dtype("f8")),
    _dataset(shape=(40,), dtype=lambda h5py: h5py.ref_dtype),
    _dataset(data=[0, 1] * 20, dtype=lambda h5py: h5py.enum_dtype({"A": 0, "B": 1})),
    _dataset(data=lambda h5py: h5py.Empty("f8")),
    _dataset(data=["u", "v"] * 20, dtype=lambda h5py: h5py.string_dtype("ascii")),
    _dataset(data=[float(i) for i in range(40)], compression="lzf", shuffle=True, chunks=True),
]  # fmt: skip


def _read(rng: random.Random, write: Callable[[Any, Path], None], folder: Path) -> None:
    try:
        import h5py
        import numpy as np
    except ImportError:
        raise Skip("h5py is not installed") from None
    with h5py.File(folder / "o.h5", "w") as file:
        write(file, folder)
    table = product.read_table(folder / "o.h5")
    first = table.frame.iloc[:, 0]
    leads_outside = write in (_external, _virtual, _link_outside) and str(first.name).lower().startswith("x")
    if leads_outside and np.array_equal(np.asarray(first, float), ELSEWHERE):
        raise Failure("accepted in silence", "the file made the product read another file of the disk")
    prepare(folder / "o.h5", str(table.frame.columns[-1]))


FAMILIES = [enumerated("hdf5_structure", CASES, _read)]
