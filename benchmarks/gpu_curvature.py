"""Top eigenvalue and spectrum of a network's Hessian on one GPU, against PyHessian and curvlinops there.

Tasks and accuracy are those of `curvature`. RAVINE_PEER_PYTHON names a Python with PyTorch for CUDA and the
peers. `--top` and `--spectrum` select one half.
"""

from __future__ import annotations

from functools import partial

from curvature import FLAGS, measure
from measure import main

ROW = "gpu_curvature"


if __name__ == "__main__":
    what = "top eigenvalue and spectrum of a Hessian on one GPU against PyHessian and curvlinops there"
    main(ROW, what, partial(measure, device="gpu"), FLAGS, gpu=True)
