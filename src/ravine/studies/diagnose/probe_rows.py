"""Choice of the training and validation rows on which a diagnosed run is measured.

The number of training rows grows with the length of training, so that measurements take about a fixed share
of the time.
"""

from __future__ import annotations

from typing import NamedTuple

import numpy as np

from ravine.training import Batches, Plan, Rows
from ravine.training.batches import SeedData

__all__ = ["ChosenRows", "chosen_rows"]

ROWS_PER_PROBED_ROW = 200  # training rows over all steps for each row of a gradient
ROWS_PER_CURVED_ROW = 400  # the same for each row of the spectrum


class ChosenRows(NamedTuple):
    """Training and validation rows on which a run is measured.

    pieces: training rows for losses and gradients, in pieces of equal size with one gradient each, x [piece,
    row, D]. curved: training rows for curvature, x [n, D]. valid: validation rows, x [m, D].
    """

    pieces: Rows
    curved: Rows
    valid: Rows


def chosen_rows(plan: Plan, batches: Batches, seed: int, rows: SeedData) -> ChosenRows:
    """Return the training and validation rows to measure a run on.

    The training rows are the first of the first epoch. Gradients use one of them for every 200 rows that
    training processes, but 128 to 4,096. Curvature uses one for every 400, but 64 to 2,048. If the data have
    fewer training rows, all of them are used. The validation rows are the first 4,096 or all. seed: seed of
    the run. rows: rows of its split.
    """
    n = batches.sizes[0]
    work = plan.steps * plan.batch_size
    most = min(n, int(np.clip(work / ROWS_PER_PROBED_ROW, 128, 4096)))
    piece = max(1, min(plan.batch_size, most // 2))
    if plan.network.mixes_rows:
        piece = max(piece, min(2, most))
    count = max(1, most // piece)
    order = batches.order(seed, 0, -(-n // batches.batch_size)).ravel()[:n]
    order = np.resize(order, max(len(order), piece * count))
    train = rows.train

    def part(index: np.ndarray) -> Rows:
        return Rows(train.x[index], train.y[index], None if train.weight is None else train.weight[index])

    pieces = part(order[: piece * count].reshape(count, piece))
    curved = part(order[: min(n, int(np.clip(work / ROWS_PER_CURVED_ROW, 64, 2048)))])
    valid = Rows(*(None if array is None else array[:4096] for array in rows.valid))
    return ChosenRows(pieces, curved, valid)
