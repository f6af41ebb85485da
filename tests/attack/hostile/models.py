"""Model files whose description, weights or records are odd although their checksums fit."""

from __future__ import annotations

import hashlib
import json
import os
import pickle
import random
import struct
import zipfile
from collections.abc import Callable
from pathlib import Path
from typing import Any

from tests.attack import processes, product, undisturbed
from tests.attack.case import REFUSED, Failure, enumerated
from tests.attack.hostile.documents import Change, put
from tests.attack.hostile.judging import COMMANDS, prepare, used

NETWORK, ENCODER = ("description", "network"), ("description", "encoder")
COLUMN = (*ENCODER, "columns", 0)
TOUCH = "adam(b1=__import__('os').system('touch PWNED'))"
SIZES = (
    [5, 10**9, 10**9, 2], [5, 10**5, 10**5, 2], [-5, 64, 2], [], ["a", "b"], [5.0, 64.5, 64, 2],
    [5, 32, 64, 2], [5, 64, 2], [6, 64, 64, 2], [5, 64, 64, 1],
)  # fmt: skip
CLASSES = (
    None,
    ["p"],
    ["p", "q", "r"],
    ["q", "p"],
    ["p", "p"],
    [["p"], ["q"]],
    "pq",
    ["\x1b[31mp", "=cmd|x"],
)
SCALERS = (("mean", [0.0]), ("scale", [0.0] * 5), ("mean", "x"), ("mean", [[0.0] * 5]), ("mean", [9.0] * 5))
COLUMNS = (
    ("x", 1),
    ("kind", "nope"),
    ("scale", 0.0),
    ("scale", "x"),
    ("center", 1.5),
    ("name", 5),
    ("median", None),
    ("codes", ["x"]),
)
DESCRIPTIONS: list[tuple[str, Change]] = [
    *((f"sizes {sizes}", put(*NETWORK, "sizes", sizes)) for sizes in SIZES),
    *((f"activation {word}", put(*NETWORK, "activation", word)) for word in ("tanh", "nope", ["relu"])),
    *((f"network {value}", put(*NETWORK, value)) for value in (None, [])),
    ("network with a key more", put(*NETWORK, "x", 1)),
    *((f"numbers {value}", put("description", "numbers", value)) for value in (None, [1])),
    *((f"task {value}", put("description", "task", value)) for value in ("regress", None)),
    *((f"target {value}", put("description", "target", value)) for value in (None, 5)),
    *((f"classes {value!r}", put("description", "classes", value)) for value in CLASSES),
    ("origin null", put("description", "origin", None)),
    ("unit 0", put("description", "unit", 0)),
    *((f"encoder {value}", put(*ENCODER, value)) for value in (None, {"columns": []}, {"columns": [5]})),
    *((f"a column's {key} {value}", put(*COLUMN, key, value)) for key, value in COLUMNS),
    *(
        (f"levels {value}", put(*ENCODER, "columns", 2, "levels", value))
        for value in (["w", "v", "u"], [1, 2, 3])
    ),
    ("scaler null", put("description", "scaler", None)),
    *((f"scaler's {key} {value}", put("description", "scaler", key, value)) for key, value in SCALERS),
    *((f"about {value}", put("description", "about", value)) for value in (None, [])),
    ("an optimizer with code in it", put("description", "about", "optimizer", TOUCH)),
    *((f"sha256 {value}", put("sha256", value)) for value in (None, 5)),
    *((f"description {value}", put("description", value)) for value in (None, {})),
]


def described(rng: random.Random, case: tuple[tuple[str, Change], str], folder: Path) -> str | None:
    """A model whose description was changed."""
    (name, change), command = case
    run = undisturbed.copy("train", folder / "r")
    path = run / product.MODEL
    path.write_text(change(path.read_text()))
    return used(command, run, folder, f"model: {name}")


# --------------------------------------------------------------------------------------------------- weights


def _tensors(head: bytes, body: bytes = b"") -> bytes:
    return struct.pack("<Q", len(head)) + head + body


def _tensor(kind: str, shape: int, end: int, body: bytes = b"") -> bytes:
    return _tensors(
        f'{{"layer0.weight":{{"dtype":"{kind}","shape":[{shape}],"data_offsets":[0,{end}]}}}}'.encode(), body
    )


BLOBS = {
    "a pickle": pickle.dumps({"x": 1}), "empty": b"", "a head too long": struct.pack("<Q", 2**62) + b"{}",
    "a head that is no JSON": _tensors(b"{{{"), "no tensors": _tensors(b"{}"),
    "offsets beyond the end": _tensor("F32", 9, 36), "a tensor without numbers": _tensor("F32", 0, 0),
    "bfloat16": _tensor("BF16", 1, 2, b"\0\0"), "an unknown type": _tensor("F99", 1, 4, b"\0\0\0\0"),
}  # fmt: skip


def _with_weights(run: Path, blob: bytes) -> None:
    """Put weights into a model and the checksum that fits them."""
    (run / product.WEIGHTS).write_bytes(blob)
    tree = json.loads((run / product.MODEL).read_text())
    tree["sha256"] = hashlib.sha256(blob).hexdigest()
    (run / product.MODEL).write_text(json.dumps(tree))


def weighted(rng: random.Random, case: tuple[tuple[str, bytes], str], folder: Path) -> str | None:
    """Weights that are no weights."""
    (name, blob), command = case
    run = undisturbed.copy("train", folder / "r")
    _with_weights(run, blob)
    return used(command, run, folder, f"weights: {name}")


def _arrays() -> dict[str, Callable[[dict], dict]]:
    import numpy as np

    each = lambda change: lambda arrays: {name: np.ascontiguousarray(change(a)) for name, a in arrays.items()}  # noqa: E731
    return {
        "transposed": each(lambda a: a.T), "integers": each(lambda a: a.astype("i4")),
        "bool": each(lambda a: a > 0), "float16": each(lambda a: a.astype("f2")),
        "NaN": each(lambda a: np.full_like(a, np.nan)), "inf": each(lambda a: np.full_like(a, np.inf)),
        "a row short": each(lambda a: a[:-1]), "scalars": each(lambda a: np.zeros((), "f4")),
        "broadcastable": each(lambda a: a[:1]),
        "one of float64": lambda arrays: {**arrays, min(arrays): arrays[min(arrays)].astype("f8")},
        "one more": lambda arrays: {**arrays, "more": np.zeros(5, "f4")},
        "one missing": lambda arrays: {name: a for name, a in arrays.items() if name != min(arrays)},
    }  # fmt: skip


ARRAYS = (
    "transposed", "integers", "bool", "float16", "NaN", "inf", "a row short", "scalars", "broadcastable",
    "one of float64", "one more", "one missing",
)  # fmt: skip


def arrayed(rng: random.Random, name: str, folder: Path) -> str | None:
    """Weights of other types and shapes, with fitting checksums: refused, or predictions but for rounding."""
    from safetensors.numpy import load, save

    run = undisturbed.copy("train", folder / "r")
    _with_weights(run, save(_arrays()[name](load((run / product.WEIGHTS).read_bytes()))))
    status, _, said = product.command(["predict", run, undisturbed.data_of("train")], folder)
    processes.must_not_break(status, said, about=f"arrays: {name}")
    if status in product.FINISHED and name not in ("float16", "one of float64", "one more"):
        raise Failure("accepted in silence", f"arrays: {name}: predicted all the same")
    return REFUSED if status else None


# --------------------------------------------------------------------------------------------------- cohorts


class Touch:
    """Unpickled, it makes the file PWNED."""

    def __reduce__(self):
        return os.system, ("touch PWNED",)


def _npy(kind: str, shape: str) -> bytes:
    head = f"{{'descr': '{kind}', 'fortran_order': False, 'shape': ({shape},), }}".ljust(117).encode() + b"\n"
    return b"\x93NUMPY\x01\x00" + struct.pack("<H", len(head)) + head


def _bomb(archive: zipfile.ZipFile) -> None:
    with archive.open("record.npy", "w", force_zip64=True) as member:
        member.write(_npy("|u1", "3000000000"))
        for _ in range(3000):
            member.write(bytes(1_000_000))


def _object(archive: zipfile.ZipFile) -> None:
    for name in ("record.npy", "status.npy"):
        archive.writestr(name, _npy("|O", "1") + pickle.dumps([Touch()]))


def _pickle(archive: zipfile.ZipFile) -> None:
    archive.writestr("record.npy", b"\x80\x04cos\nsystem\n(S'touch PWNED'\ntR.")


def _outside(archive: zipfile.ZipFile) -> None:
    archive.writestr("../../record.npy", b"x")


RECORDS: dict[str, Callable[[zipfile.ZipFile], Any]] = {
    "unpacks to 3 GB": _bomb, "holds an object": _object, "is a pickle": _pickle, "leads outside": _outside,
}  # fmt: skip


def recorded(rng: random.Random, case: tuple[str, str], folder: Path) -> str | None:
    """A kept record of training that was made to harm."""
    name, command = case
    run = undisturbed.copy("train", folder / "r")
    path = min((run / product.COHORTS).glob("*.npz"))
    with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as archive:
        RECORDS[name](archive)
    return used(command, run, folder, f"a cohort that {name}")


def _times(cases: Any, commands: tuple[str, ...] = COMMANDS[1:]) -> list:
    return [(case, command) for case in cases for command in commands]


FAMILIES = [
    enumerated("descriptions", _times(DESCRIPTIONS), described, prepare=prepare),
    enumerated("weights", _times(BLOBS.items()), weighted, prepare=prepare),
    enumerated("arrays", ARRAYS, arrayed, prepare=prepare),
    enumerated("records", _times(RECORDS), recorded, prepare=prepare),
]
