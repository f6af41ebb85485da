"""Measuring a loss where it stands: curvature, noise, signals, landscape, information. Values with errors.

Every piece stands alone and takes `loss(params, *data)`, any pytree of parameters, or plain arrays.
"""

from ravine.diagnostics.dense import (
    DENSE_LIMIT,
    ExactSpectrum,
    dense_gauss_newton,
    dense_hessian,
    exact_spectrum,
    gauss_newton_matrix,
    hessian_matrix,
)
from ravine.diagnostics.lanczos import Eigenpair, Eigenpairs, Krylov, krylov, lanczos
from ravine.diagnostics.mean_field import MeanField, mean_field, variance_map
from ravine.diagnostics.membership import Membership, membership_inference
from ravine.diagnostics.pac_bayes import (
    Certificate,
    catoni,
    certificate,
    gaussian_kl,
    kl_inverse,
    maurer,
    mcallester,
)
from ravine.diagnostics.paths import Path, interpolate
from ravine.diagnostics.products import Product, as_product, gauss_newton_product, hessian_product
from ravine.diagnostics.stability import (
    StabilityLimit,
    StabilityRatio,
    preconditioner,
    stability_limit,
    stability_ratio,
)
from ravine.diagnostics.vectors import check_parameters, from_vector, leaf_slices, to_vector

__all__ = [
    "DENSE_LIMIT",
    "Certificate",
    "Eigenpair",
    "Eigenpairs",
    "ExactSpectrum",
    "Krylov",
    "MeanField",
    "Membership",
    "Path",
    "Product",
    "StabilityLimit",
    "StabilityRatio",
    "as_product",
    "catoni",
    "certificate",
    "check_parameters",
    "dense_gauss_newton",
    "dense_hessian",
    "exact_spectrum",
    "from_vector",
    "gauss_newton_matrix",
    "gauss_newton_product",
    "gaussian_kl",
    "hessian_matrix",
    "hessian_product",
    "interpolate",
    "kl_inverse",
    "krylov",
    "lanczos",
    "leaf_slices",
    "maurer",
    "mcallester",
    "mean_field",
    "membership_inference",
    "preconditioner",
    "stability_limit",
    "stability_ratio",
    "to_vector",
    "variance_map",
]
