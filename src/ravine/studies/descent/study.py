"""The double-descent study: error on new rows against width, epochs and number of training rows.

Source: Belkin, Hsu, Ma & Mandal 2019; Nakkiran et al. 2020, Deep double descent.
"""

from __future__ import annotations

from ravine.execution.context import RunContext
from ravine.execution.divergence import all_diverged
from ravine.execution.result import Artifacts
from ravine.execution.result_parts import DivergedRuns
from ravine.execution.run_files import data_facts
from ravine.studies.descent.design import DescentDesign
from ravine.studies.descent.result import DescentResult, ProgramSeconds
from ravine.studies.descent.sweeps import Sweeps

__all__ = ["run"]


def run(design: DescentDesign, context: RunContext) -> DescentResult:
    """Train all networks of a double-descent study and return the result of the study.

    Raises Stopped, after saving, if a stop was requested. Raises NothingTrained if no width has a mean test
    loss, since runs diverged at every width with every kind of training.
    """
    sweeps = Sweeps(design, context)
    widths, epochs = sweeps.widths()
    if all(loss.mean is None for arm in widths.arms for loss in arm.test_loss):
        raise all_diverged(design.learning_rate, "at every width")
    examples = sweeps.examples(widths.threshold.units or widths.units[-1])
    seconds = context.seconds(sweeps.programs.items())
    return DescentResult(
        study="descent",
        data=data_facts(context.dataset),
        source=design.settings.source,
        run_dir=context.run_dir,
        rows=design.row_counts,
        metric=design.metric,
        plan=design.facts(),
        widths=widths,
        epochs=epochs,
        examples=examples,
        seconds=ProgramSeconds(**vars(seconds), programs=len(sweeps.programs)),
        result=DivergedRuns(diverged=sweeps.diverged),
        pictures=[],
    ).with_artifacts(Artifacts(records=context.records))
