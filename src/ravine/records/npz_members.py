"""The members of an NPZ file that Ravine wrote, read as arrays without trust in what they announce.

Ravine compresses no member, so a file cannot unpack to more bytes than it has. The size that the header of an
array announces must be that of the bytes after it, so that no memory is taken for numbers that do not exist.
"""

from __future__ import annotations

import io
import math
from collections.abc import Iterator
from typing import IO, TYPE_CHECKING

if TYPE_CHECKING:
    import numpy as np

__all__ = ["array_members", "array_of"]

SUFFIX = ".npy"


def array_members(file: IO[bytes]) -> Iterator[tuple[str, np.ndarray]]:
    """Yield name and array [...] of every member of an NPZ file, after a test of its checksum.

    file: the file, opened for reading. Raises ValueError for a compressed member, a name that occurs twice, a
    member that is no array, and a pickle. Raises zipfile.BadZipFile for a file that is no ZIP archive.
    """
    import zipfile

    size = file.seek(0, io.SEEK_END)
    with zipfile.ZipFile(file) as archive:
        entries = archive.infolist()
        names = [entry.filename for entry in entries]
        if len(set(names)) != len(names):
            raise ValueError("an array occurs twice")
        if any(entry.compress_type != zipfile.ZIP_STORED for entry in entries):
            raise ValueError("it holds a compressed array, and Ravine compresses none")
        if sum(entry.file_size for entry in entries) > size:
            raise ValueError("its arrays announce more bytes than the file has")
        for entry in entries:
            if not entry.filename.endswith(SUFFIX):
                raise ValueError("it holds a file that is no array")
            # read to the end: the checksum is compared only there
            yield entry.filename.removesuffix(SUFFIX), array_of(archive.read(entry))


def array_of(member: bytes) -> np.ndarray:
    """Return the array [...] in the bytes of an NPY file.

    Raises ValueError for bytes of another kind, for a pickle, and if the header announces another number of
    bytes than follow it.
    """
    import numpy as np

    file = io.BytesIO(member)
    version = np.lib.format.read_magic(file)
    readers = {(1, 0): np.lib.format.read_array_header_1_0, (2, 0): np.lib.format.read_array_header_2_0}
    if version not in readers:
        raise ValueError(f"an array has the NPY version {version}")
    shape, fortran_order, dtype = readers[version](file)
    if dtype.hasobject:
        raise ValueError("an array holds objects")
    if any(length < 0 for length in shape) or dtype.itemsize == 0:
        raise ValueError(f"an array announces the shape {shape}")
    start = file.tell()
    if math.prod(shape) * dtype.itemsize != len(member) - start:
        raise ValueError(f"an array announces {shape} of {dtype}, and {len(member) - start} bytes follow")
    values = np.frombuffer(member, dtype, offset=start).copy()  # a copy can be written to
    return values.reshape(shape, order="F" if fortran_order else "C")
