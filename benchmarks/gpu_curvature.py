"""Top eigenvalue and spectrum of a network's Hessian on one GPU, against PyHessian and curvlinops there.

The tasks and the accuracy of `curvature`. PyTorch with CUDA and the peers come from the Python that
RAVINE_PEER_PYTHON names. `--top`, `--spectrum`: only these.
"""

from __future__ import annotations

from functools import partial

from curvature import FLAGS, measure
from measure import main

ROW = "gpu_curvature"


if __name__ == "__main__":
    what = "top eigenvalue and spectrum of a Hessian on one GPU against PyHessian and curvlinops there"
    main(ROW, what, partial(measure, device="gpu"), FLAGS, gpu=True)
