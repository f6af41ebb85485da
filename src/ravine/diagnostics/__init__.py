"""Measurements of a trained network: curvature, gradient noise, signals in layers, loss surface, information.

Every module can be used on its own. Functions take `loss(params, *data)` with any pytree of parameters, an
operator that multiplies a matrix with vectors, or plain arrays. Every estimate is returned with its error.
"""

from ravine.diagnostics.conditioning import (
    ConditionBounds,
    Conditioning,
    Ratio,
    condition_bounds,
    conditioning,
)
from ravine.diagnostics.dense_hessian import (
    MAX_DENSE_PARAMETERS,
    ExactSpectrum,
    dense_gauss_newton,
    dense_hessian,
    exact_spectrum,
    gauss_newton_matrix,
    hessian_matrix,
)
from ravine.diagnostics.directions import (
    TrajectoryPlane,
    random_directions,
    trajectory_plane,
)
from ravine.diagnostics.eigenpair_tracking import (
    TrackedEigenpairs,
    track_eigenpairs,
)
from ravine.diagnostics.flatten import (
    check_parameters,
    from_vector,
    leaf_slices,
    to_vector,
)
from ravine.diagnostics.gradient_noise import (
    NoiseScale,
    noise_scale,
    two_batch_noise_scale,
)
from ravine.diagnostics.hessian import (
    gauss_newton_matvec,
    gauss_newton_operator,
    hessian_matvec,
    hessian_operator,
)
from ravine.diagnostics.hessian_eigenpairs import (
    hessian_eigenpairs,
)
from ravine.diagnostics.information import (
    FunctionalInformation,
    GapBound,
    functional_information,
    gap_bound,
    gaussian_information,
)
from ravine.diagnostics.lanczos import (
    Eigenpair,
    Eigenpairs,
    Krylov,
    Which,
    krylov,
    lanczos,
)
from ravine.diagnostics.lanczos_loop import (
    ExtremeEigenvalues,
    extreme_eigenvalues,
)
from ravine.diagnostics.layer_signals import (
    GradientProfile,
    LayerSaturation,
    SignAgreement,
    expected_sign_agreement,
    gradient_profile,
    saturation,
    sign_agreement,
)
from ravine.diagnostics.linear_operator import (
    SymmetricOperator,
    as_operator,
)
from ravine.diagnostics.loss_barrier import (
    Path,
    interpolate,
)
from ravine.diagnostics.loss_slices import (
    Slice,
    landscape,
    parabola,
)
from ravine.diagnostics.mean_field import (
    MeanField,
    mean_field,
    variance_map,
)
from ravine.diagnostics.membership_inference import (
    Membership,
    membership_inference,
)
from ravine.diagnostics.pac_bayes import (
    Certificate,
    catoni,
    certificate,
    gaussian_kl,
    kl_inverse,
    maurer,
    mcallester,
)
from ravine.diagnostics.saddles import (
    Saddle,
    escape_steps,
    saddle,
)
from ravine.diagnostics.sharpness import (
    Sharpness,
    invariant_sharpness,
    sharpness,
)
from ravine.diagnostics.spectrum import (
    Density,
    Quadrature,
    density,
    log_determinant,
    quadrature,
)
from ravine.diagnostics.stability import (
    StabilityLimit,
    StabilityRatio,
    stability_ratio,
)
from ravine.diagnostics.trace_estimation import (
    Diagonal,
    Estimate,
    diagonal,
    hutchinson,
    trace,
)
from ravine.diagnostics.weight_matching import (
    Alignment,
    align,
    permute,
)

__all__ = [
    "MAX_DENSE_PARAMETERS",
    "Alignment",
    "Certificate",
    "ConditionBounds",
    "Conditioning",
    "Density",
    "Diagonal",
    "Eigenpair",
    "Eigenpairs",
    "Estimate",
    "ExactSpectrum",
    "ExtremeEigenvalues",
    "FunctionalInformation",
    "GapBound",
    "GradientProfile",
    "Krylov",
    "LayerSaturation",
    "MeanField",
    "Membership",
    "NoiseScale",
    "Path",
    "Quadrature",
    "Ratio",
    "Saddle",
    "Sharpness",
    "SignAgreement",
    "Slice",
    "StabilityLimit",
    "StabilityRatio",
    "SymmetricOperator",
    "TrackedEigenpairs",
    "TrajectoryPlane",
    "Which",
    "align",
    "as_operator",
    "catoni",
    "certificate",
    "check_parameters",
    "condition_bounds",
    "conditioning",
    "dense_gauss_newton",
    "dense_hessian",
    "density",
    "diagonal",
    "escape_steps",
    "exact_spectrum",
    "expected_sign_agreement",
    "extreme_eigenvalues",
    "from_vector",
    "functional_information",
    "gap_bound",
    "gauss_newton_matrix",
    "gauss_newton_matvec",
    "gauss_newton_operator",
    "gaussian_information",
    "gaussian_kl",
    "gradient_profile",
    "hessian_eigenpairs",
    "hessian_matrix",
    "hessian_matvec",
    "hessian_operator",
    "hutchinson",
    "interpolate",
    "invariant_sharpness",
    "kl_inverse",
    "krylov",
    "lanczos",
    "landscape",
    "leaf_slices",
    "log_determinant",
    "maurer",
    "mcallester",
    "mean_field",
    "membership_inference",
    "noise_scale",
    "parabola",
    "permute",
    "quadrature",
    "random_directions",
    "saddle",
    "saturation",
    "sharpness",
    "sign_agreement",
    "stability_ratio",
    "to_vector",
    "trace",
    "track_eigenpairs",
    "trajectory_plane",
    "two_batch_noise_scale",
    "variance_map",
]
