"""The claims of a lecture on neural networks, as programs: one file for each claim, with its experiment.

claim.py           Claim, Evidence, Finding
registry.py        claims, find, load: the list of claims, read without importing their files
measurement.py     measure: run the experiment of one claim and compare its numbers with expected values
results.py         results of the command `ravine lecture`, and their files
view.py            results as blocks of text
plot_style.py      style of all pictures
optimizer_path.py, gradient_gain.py, width_ensemble.py, random_features.py, initial_params.py, confidence.py
                   calculations that several claims share
animations/        animations of optimizers, each in one HTML or GIF file

To add a claim, add one file that is named after its id, such as `l4_stability.py`. The file defines

    CLAIM = Claim("L4", title="To converge needs a learning rate below 2 / curvature", section="Landscape",
                  says="The learning rate must be ...", run="2,000 steps on a quadratic",
                  caveat="The limit is of ...",
                  try_it="ravine train digits --optimizer sgd --learning-rate 1")
    def run() -> Evidence                     runs the experiment: the measured arrays by name
    def read(evidence) -> list[Finding]       numbers from these arrays, with their expected values
    def draw(evidence) -> Figure              the picture: marks for measurements, lines for theory
    def animate(path) -> None                 optional: writes an animation, see animations/

- The arguments of `CLAIM` are literals, which are read from the source, so listing claims imports no JAX. The
  file may import JAX at its top. It imports matplotlib inside `draw` only and creates no JAX array on import.
- `run` is called in float64 (`measure` sets `precision_context("float64")`), in one process, on one device.
  It has no arguments and no hidden input; its seeds are in the file. It runs under strict promotion of types
  and ranks.
- `read` takes expected values from theory (a formula in the file) or from the table of claims, a list of
  numbers from theory and from checked runs, never from our own output. A number that is only reported has
  `expected=None`. Evidence of NaN gives findings that do not hold. Sizes and learning rates of the experiment
  are constants of the file, not part of the evidence.
- `says`, `run` and `caveat` are texts for the user that end with a period; `try_it` is a command to type.
- `draw` begins with `canvas(CLAIM.title)` of plot_style.py and is called inside the style of that file.
- Evidence has plain words as keys and arrays of numbers or booleans as values; `run` describes their shapes.
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
