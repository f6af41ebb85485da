"""The sweeps of a double-descent study: errors of networks against width, epochs and training rows.

widths     networks with H units in every hidden layer, on one number of training rows; the threshold is the
           narrowest network that fits them
epochs     the same networks during training: a narrow one, the one at the threshold, the widest
examples   the network at the threshold (without one, the widest), on fewer and more training rows

By counting equations, the threshold lies where parameters = rows x outputs. Networks fit rows if, in the mean
over seeds, at most 1 % of the labels are wrong, or the squared error of standardized targets is at most 0.01.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

import numpy as np

from ravine.execution.context import RunContext
from ravine.execution.evaluation import cross_entropies
from ravine.execution.measure_summary import NON_NEGATIVE, measure_summary
from ravine.execution.result_parts import Measure
from ravine.records.record import Record, Status
from ravine.studies.descent.design import DescentDesign
from ravine.studies.descent.double_descent import double_descent
from ravine.studies.descent.result import (
    FITTED_BELOW,
    Arm,
    EpochCurve,
    EpochSweep,
    ErrorCurves,
    ExampleSweep,
    RowThreshold,
    SecondDescents,
    WidthSweep,
    WidthThreshold,
)
from ravine.studies.descent.width_groups import of_width
from ravine.training import Batches, Plan, ProgramShape, Rows, TrainedNetwork

__all__ = ["Sweeps"]

Errors = dict[str, np.ndarray]  # by name of `ErrorCurves`: [seed], NaN where a run diverged


@dataclass
class Sweeps:
    """The sweeps of a double-descent study, which train its networks and return errors.

    programs: the different compiled programs so far. diverged: number of diverged runs so far.
    """

    design: DescentDesign
    context: RunContext
    programs: dict[Plan, ProgramShape] = field(default_factory=dict)
    diverged: int = 0

    def widths(self) -> tuple[WidthSweep, EpochSweep]:
        """Train networks of all widths of a study; return their losses and errors against width and epochs.

        Each width is trained plain (as the settings say), with added ridge (an L2 penalty) and with added
        early stopping; the latter two are left out if the settings already contain them. The curves against
        epochs are those of the plain networks of up to three widths: a narrow one, the narrowest that fits
        all training rows (without one, a middle width), and the widest.
        """
        names, widths = list(self.design.arms), list(self.design.effort.widths)
        errors = [self._train("width", units, self.design.rows, all_arms=True) for units in widths]
        plain = [arms[0] for arms in errors]
        fitted = [k for k, arm in enumerate(plain) if self._is_fitted(arm)]
        parameters = [of_width(self.design.network, units).parameters for units in widths]
        sweep = WidthSweep(
            units=widths,
            parameters=parameters,
            arms=[
                Arm(name=name, **vars(_error_curves([arms[k] for arms in errors])))
                for k, name in enumerate(names)
            ],
            threshold=WidthThreshold(
                units=widths[fitted[0]] if fitted else None,
                parameters=parameters[fitted[0]] if fitted else None,
                by_count=self.design.rows * self.design.outputs,
            ),
            descent=_test_descents(plain, widths),
        )
        middle = widths[fitted[0]] if fitted else widths[len(widths) // 2]
        shown = dict.fromkeys((widths[len(widths) // 4], middle, widths[-1]))
        return sweep, self._by_epoch(list(shown))

    def examples(self, units: int) -> ExampleSweep:
        """Train networks of one width on several numbers of training rows; return losses and errors.

        The result has one mean for each number of rows. The networks are trained without the ridge and the
        early stopping that the study adds for comparison. units: units in every hidden layer.
        """
        sizes = self.design.examples
        errors = [self._train(f"{rows} rows", units, rows, all_arms=False)[0] for rows in sizes]
        fitted = [rows for rows, plain in zip(sizes, errors, strict=True) if self._is_fitted(plain)]
        parameters = of_width(self.design.network, units).parameters
        return ExampleSweep(
            **vars(_error_curves(errors)),
            rows=sizes,
            units=units,
            parameters=parameters,
            threshold=RowThreshold(rows=max(fitted, default=None), by_count=parameters / self.design.outputs),
            descent=_test_descents(errors, sizes),
        )

    def _train(self, stage: str, units: int, rows: int, *, all_arms: bool) -> list[Errors]:
        """Train networks of one width on `rows` rows; return losses and errors for each kind of training."""
        batches = self.design.batches(rows)
        cohort = self.design.cohort(units, batches, all_arms=all_arms)
        shape, name = self.design.shape(cohort.plan, batches), f"{units} units"
        self.programs[cohort.plan] = shape
        self.context.train(stage, name, cohort, shape)
        record = self.context.parameters_of(stage, name)
        self.diverged += int(np.sum(record.status == Status.DIVERGED))
        errors = self._errors(record, cohort.plan, batches)
        count = len(self.design.seeds)
        parts = [slice(first, first + count) for first in range(0, len(record), count)]
        return [{name: values[part] for name, values in errors.items()} for part in parts]

    def _errors(self, record: Record, plan: Plan, batches: Batches) -> Errors:
        """Return losses and errors [run] on training rows (with the labels of the training) and test rows."""
        names = ("train_loss", "train_error", "test_loss", "test_error")
        errors = {name: np.full(len(record), np.nan) for name in names}
        for run in np.flatnonzero(record.status == Status.FINISHED).tolist():
            seed = int(record.hyper["seed"][run])
            network, own = TrainedNetwork.from_record(plan.network, record, run), batches.data(seed)
            for name, rows in (("train", own.train), ("test", batches.test(seed))):
                loss, error = _loss_and_error(network, rows, self.design.dataset.task, own.target_scale)
                errors[f"{name}_loss"][run], errors[f"{name}_error"][run] = loss, error
        return errors

    def _is_fitted(self, errors: Errors) -> bool:
        """Return whether the networks fit their training rows: at most 1 % wrong, in the mean over seeds."""
        classify = self.design.dataset.task == "classify"
        return bool(np.mean(errors["train_error" if classify else "train_loss"]) <= FITTED_BELOW)

    def _by_epoch(self, widths: Sequence[int]) -> EpochSweep:
        """Return validation losses and errors during training, for plain networks of several widths."""
        plan = self.design.plan(self.design.at_width(widths[0]))
        steps = plan.steps_per_evaluation * (1 + np.arange(plan.evaluations))
        return EpochSweep(
            step=steps.tolist(),
            epoch=(steps * self.design.batch_size / self.design.rows).tolist(),
            curves=[self._epoch_curve(units, steps.tolist()) for units in widths],
        )

    def _epoch_curve(self, units: int, steps: Sequence[int]) -> EpochCurve:
        record = self.context.records[f"width {units} units"]
        train, loss, score = (
            record.series[name][: len(self.design.seeds)].astype(np.float64)
            for name in ("train_loss", "valid_loss", "score")
        )
        error = 1 - score if self.design.dataset.task == "classify" else score
        return EpochCurve(
            units=units,
            train_loss=_measures(train.T),
            valid_loss=_measures(loss.T),
            valid_error=_measures(error.T),
            descent=SecondDescents(loss=double_descent(loss, steps), error=double_descent(error, steps)),
        )


def _loss_and_error(network: TrainedNetwork, rows: Rows, task: str, unit: float) -> tuple[float, float]:
    """Return mean loss and error of a network on rows.

    Classification: cross-entropy in nats, and share of rows wrong. Regression: squared error of standardized
    targets, and root mean square error in the unit of the target.
    """
    z = network.outputs(rows.x).astype(np.float64)
    weight = None if rows.weight is None else rows.weight.astype(np.float64)
    if task == "regress":
        loss = float(np.average((z[:, 0] - rows.y) ** 2, weights=weight))
        return loss, float(np.sqrt(max(loss, 0.0)) * unit)
    losses, wrong = cross_entropies(z, rows.y), z.argmax(axis=1) != rows.y
    return float(np.average(losses, weights=weight)), float(np.average(wrong, weights=weight))


def _measures(values: np.ndarray) -> list[Measure]:
    """Return mean and interval over seeds for each width or number of rows, from values [place, seed]."""
    return [measure_summary(place, NON_NEGATIVE) for place in values]


def _error_curves(errors: Sequence[Mapping[str, np.ndarray]]) -> ErrorCurves:
    """Return means and intervals over seeds. `errors` has one entry for each width or number of rows."""
    return ErrorCurves(**{name: _measures(np.stack([place[name] for place in errors])) for name in errors[0]})


def _test_descents(errors: Sequence[Mapping[str, np.ndarray]], places: Sequence[int]) -> SecondDescents:
    """Return the second descents in test loss and test error.

    errors: one entry for each of `places`, the widths or numbers of training rows.
    """
    loss, error = (
        np.stack([place[name] for place in errors], axis=1) for name in ("test_loss", "test_error")
    )
    return SecondDescents(loss=double_descent(loss, places), error=double_descent(error, places))
