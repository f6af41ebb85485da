"""The lecture, executable: one file a claim, each with its measurement, its truth and its picture.

claim.py           Claim, Evidence, Finding
registry.py        claims, find, load: the list of claims, read without importing their files
measurement.py     measure: run one claim and read its findings
results.py         results of `ravine lecture`, and their files
view.py            results as blocks of text
plot_style.py      style of all pictures
optimizer_path.py, gradient_gain.py, width_ensemble.py, random_features.py, initial_params.py, confidence.py
                   calculations that several claims share
animations/        animations in one file

To add a claim, add one file named after its id, `l4_stability.py`; nothing else. It has

    CLAIM = Claim("L4", "To converge needs a rate below 2 / curvature", section="Landscape",
                  says="The rate must be ...", run="2,000 steps on a quadratic at three rates",
                  caveat="The limit is of ...",
                  try_it="ravine train digits --optimizer sgd --learning-rate 1")
    def run() -> Evidence                     what was measured, nothing judged
    def read(evidence) -> list[Finding]       each number held against its truth
    def draw(evidence) -> Figure              measured marks over the line of theory
    def animate(path) -> None                 optional, see animations

- The arguments of `CLAIM` are literals: they are read from the source, so that listing imports no JAX. The
  file itself may import JAX at its top, but matplotlib only inside `draw`, and makes no JAX array at import.
- `run` is called in float64 (`measure` sets `precision_context("float64")`), in one process, on one device.
  It has no arguments and no hidden input: seeds stand in the file. It passes strict dtype and rank promotion.
- `read` takes each expected number from theory (a closed form in the file) or from the table of claims, never
  from our own output; a number that is only reported has `expected=None`. Fed with NaN it returns findings
  that do not hold. The setting (sizes, rates) stands in constants of the file, not in the evidence.
- `says`, `run` and `caveat` are what a user reads: whole sentences; `try_it` is a command that can be typed.
- `draw` begins with `canvas(CLAIM.title)` of plot_style.py and is called inside its style.
- Evidence keys are plain words with arrays of numbers or booleans; shapes stand in the docstring of `run`.
"""

from ravine.lecture.claim import SECTIONS, Claim, Evidence, Finding
from ravine.lecture.measurement import Measurement, measure
from ravine.lecture.registry import claims, find, has_animation, load

__all__ = [
    "SECTIONS",
    "Claim",
    "Evidence",
    "Finding",
    "Measurement",
    "claims",
    "find",
    "has_animation",
    "load",
    "measure",
]
