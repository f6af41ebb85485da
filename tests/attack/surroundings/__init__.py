"""Odd surroundings: environment, streams, terminals, rights, names, clocks, disks, processes, callers.

The result must be that of plain surroundings, or a refusal in sentences. Some families need root on Linux.
"""

from tests.attack.surroundings import callers, disks, environment, paths, resuming, rights, together

FAMILIES = [
    *environment.FAMILIES, *rights.FAMILIES, *paths.FAMILIES, *resuming.FAMILIES, *together.FAMILIES,
    *callers.FAMILIES, *disks.FAMILIES,
]  # fmt: skip
