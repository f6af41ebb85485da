"""Results of a diagnosis: verdicts with evidence, trials of remedies, recommendation; and its dry run."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Annotated, ClassVar, Literal

from msgspec import Meta

from ravine.execution.baseline_rows import BaselineRow
from ravine.execution.field_types import Interval, check_lengths
from ravine.execution.result import Plain, Result, StudyPlan
from ravine.execution.result_parts import MetricFacts, SplitSizes
from ravine.records.run_file import summary_text

if TYPE_CHECKING:
    import pandas as pd

    from ravine.records.record import Record

__all__ = [
    "OBSERVATION", "CheckRow", "ConstantComparison", "DiagnosePlan", "DiagnoseResult", "DiagnosedTraining",
    "DiagnosisSeconds", "EvidenceRow", "FindingRow", "MeasuringCost", "ObservedCurves", "Outcome",
    "PairedComparison", "PlannedDiagnosis", "PlannedRuns", "Principle", "Recommendation", "RemedyTrial",
]  # fmt: skip

OBSERVATION = "observation"  # name of the record of the measured run
Outcome = Literal[
    "confirmed", "overfits", "learns_less", "too_small", "no_difference", "worse", "diverges",
    "too_few_seeds", "not_judged",
]  # fmt: skip
"""Outcome of the trial of a remedy."""


@dataclass(frozen=True, kw_only=True)
class EvidenceRow:
    """One measured number on which a verdict of the diagnosis rests, with its threshold."""

    what: str
    """The measured quantity, with its unit."""
    value: float | None
    """Value of the quantity; null if not finite."""
    threshold: float | None
    """The verdict is given beyond this value of the quantity; null if the number is only shown."""
    error: float | None
    """Uncertainty of the value, in the unit of the value; null if the value has none."""
    where: str
    """Layer, step, class or part of the run that the value refers to; empty for the whole run."""


@dataclass(frozen=True, kw_only=True)
class Principle:
    """The principle behind a verdict: a claim of the lecture, which `ravine lecture` shows and tests."""

    claim: str
    """Name of the claim, as `ravine lecture` takes it."""
    says: str
    """The claim in a few words."""


@dataclass(frozen=True, kw_only=True)
class CheckRow:
    """One verdict of the diagnosis with its evidence; in the list `checks`, a verdict that found no fault."""

    code: str
    """Stable code of the verdict, such as `RAV101`; `docs/verdicts` has a page for each."""
    verdict: str
    """Name of the verdict."""
    fault: str
    """The fault that the verdict looks for, in a few words."""
    sentence: str
    """The verdict in one sentence."""
    evidence: Annotated[list[EvidenceRow], Meta(min_length=1)]
    """The numbers on which the verdict rests. The first number decided."""
    principle: Principle | None
    """The claim of the lecture behind the verdict; null if the lecture has none that helps."""


@dataclass(frozen=True, kw_only=True)
class PairedComparison:
    """Comparison of a training with changed settings and the original, seed by seed, in one loss or score."""

    before: float | None
    """Median of the original over seeds; null if at least half of the runs diverged."""
    after: float | None
    """Median of the changed training over seeds; null if at least half of the runs diverged."""
    difference: float | None
    """Paired difference of the changed training and the original (the Hodges-Lehmann estimate, which can
    differ from the difference of the two medians); null if too many runs diverged."""
    interval: Interval | None
    """95 % interval of the difference, [low, high]; null with fewer than 6 seeds."""
    smallest_difference: float
    """Smallest difference that matters, in the unit of the values."""
    better: int
    """Number of seeds on which the changed training is better."""
    equal: int
    """Number of seeds on which both trainings are equal."""
    seeds: int
    """Number of seeds."""
    diverged_before: int
    """Number of runs of the original that diverged."""
    diverged_after: int
    """Number of runs of the changed training that diverged."""
    p_value: float
    """Two-sided p value of the Wilcoxon signed-rank test."""
    p_holm: float
    """The p value adjusted by Holm's method over all remedies and measures compared together."""
    confirmed: bool
    """Whether the change is better by at least the smallest difference, with `p_holm` below 0.05."""
    worse: bool
    """Whether the change is worse on more seeds, with a p value below 0.05 that is not adjusted."""


@dataclass(frozen=True, kw_only=True)
class RemedyTrial:
    """The trial of one remedy (change of settings), which was trained on the same seeds as the original."""

    remedy: str
    """Name of the remedy."""
    says: str
    """The remedy in a few words."""
    changes: dict[str, Plain]
    """Settings that the remedy changes, by name, with their new values; null is the default value."""
    loss: PairedComparison
    """Validation loss at the end of training with and without the remedy."""
    lowest_loss: PairedComparison
    """Lowest validation loss during training with and without the remedy."""
    score: PairedComparison
    """Validation score with and without the remedy."""
    outcome: Outcome
    """Outcome of the trial. `overfits`: the lowest loss is better, and the loss at the end is worse.
    `learns_less`: the loss at the end is better, and the lowest loss is worse. `not_judged`: the remedy makes
    the score honest and may lower it, as leaving out a leaking column does."""
    confirmed: bool
    """Whether the score is better, or one loss is better while the score and the other loss are not worse."""


@dataclass(frozen=True, kw_only=True)
class FindingRow(CheckRow):
    """A verdict that was reported: a fault of the training or its data, or an observation of severity 0."""

    severity: Annotated[int, Meta(ge=0, le=3)]
    """Severity of the fault: 0 is no fault and only reported, 3 is the worst."""
    muted: bool
    """Whether the setting `mute` names the code; a muted finding is no fault, and no remedy is tried."""
    remedies: list[RemedyTrial]
    """Trials of the remedies of this fault: the smallest change that cures it, then other confirmed remedies,
    then the rest by final validation loss."""
    untried: bool
    """Whether the verdict is a fault and no remedy was tried."""
    withdrawn: bool
    """Whether remedies were tried and no trial confirmed one."""


@dataclass(frozen=True, kw_only=True)
class ConstantComparison:
    """Score of the recommended (else the original) settings next to that of the best constant prediction."""

    score: float | None
    """Median score over seeds; null if at least half of the runs diverged."""
    constant: float
    """Median score of the best constant prediction on the same rows."""
    seeds: int
    """Number of seeds."""
    test: bool
    """Whether the rows are the test rows; false for validation rows."""
    beaten: bool
    """Whether the score is better than that of the constant by more than the smallest difference."""


@dataclass(frozen=True, kw_only=True)
class Recommendation:
    """The recommendation of a diagnosis: settings to change, or to keep the original settings.

    The smallest change of settings among the best remedies is recommended if fresh seeds confirm it.
    Otherwise the original settings stay; the fields `not_better`, `few_seeds` and `promising` say why.
    """

    changes: dict[str, Plain]
    """Settings to change, by name; empty if the original settings stay."""
    remedies: list[str]
    """Names of the recommended remedies; empty if the original settings stay."""
    validation: PairedComparison | None
    """Validation loss on fresh seeds; null if no remedy was confirmed."""
    score: PairedComparison | None
    """Validation score on fresh seeds; null if no remedy was confirmed."""
    test: PairedComparison | None
    """Score on the test rows, which are read once; null if no remedy was confirmed."""
    unchanged: bool
    """Whether the original settings stay."""
    not_better: str | None = None
    """The remedies that were confirmed first, but not on fresh seeds; null without such remedies."""
    few_seeds: bool = False
    """Whether the seeds are too few to confirm any remedy."""
    promising: str | None = None
    """With too few seeds, the remedy that is better on all of them; null without one."""
    diverged: int = 0
    """Number of seeds on which the original settings diverge, if they stay: the first seeds or the fresh
    seeds, whichever has more; 0 if the settings are changed."""
    constant: ConstantComparison | None = None
    """The score next to that of a constant prediction; null if a constant has no score."""


@dataclass(frozen=True, kw_only=True)
class ObservedCurves:
    """Measurements during the run as lists with one value for each point; null if not known or not finite."""

    step: list[float | None]
    """Training steps done."""
    learning_rate: list[float | None]
    """Learning rate at the step."""
    train_loss: list[float | None]
    """Loss on the training rows that were measured."""
    valid_loss: list[float | None]
    """Loss on the validation rows."""
    score: list[float | None]
    """Score on the validation rows."""
    sharpness: list[float | None]
    """Largest eigenvalue of the Hessian, with the optimizer's preconditioner; null where not measured."""
    sharpness_error: list[float | None]
    """Error of the sharpness: the residual of the eigenvalue."""
    limit: list[float | None]
    """Sharpness above which the optimizer is unstable at this learning rate; null if no limit is known."""
    raised: list[float | None]
    """Share of batches on which a step with their own gradient raises their loss."""
    gradient_norm: list[float | None]
    """Euclidean norm of the mean gradient."""

    def __post_init__(self) -> None:
        check_lengths(
            self, "step", "learning_rate", "train_loss", "valid_loss", "score", "sharpness",
            "sharpness_error", "limit", "raised", "gradient_norm",
        )  # fmt: skip


@dataclass(frozen=True, kw_only=True)
class MeasuringCost:
    """Wall-clock seconds that the measured run took for training, compiling and each kind of measurement."""

    train: float
    """Seconds of training; 0 for a trained model."""
    compile: float
    """Seconds of compiling."""
    measurements: dict[str, float]
    """Seconds of each kind of measurement."""
    overhead: float | None
    """Time for training and measuring over time for training alone; null for a trained model."""


@dataclass(frozen=True, kw_only=True)
class DiagnosisSeconds:
    """Wall-clock seconds of the whole diagnosis, and of the trainings that try remedies."""

    total: float
    """Seconds from the start of the study to its result."""
    prove: float
    """Seconds of training the original and its remedies on several seeds."""


@dataclass(frozen=True, kw_only=True)
class DiagnosedTraining:
    """The training that is diagnosed. For a trained model, facts missing from its file are null."""

    optimizer: str | None
    """Name of the optimizer."""
    learning_rate: float | None
    """Learning rate that the schedule multiplies."""
    schedule: str | None
    """Learning-rate schedule."""
    steps: int | None
    """Steps of one network."""
    epochs: float | None
    """Passes over the training rows."""
    batch_size: int | None
    """Rows in a batch."""
    network: str
    """Layers and activation of the network, in one line."""
    parameters: int
    """Number of parameters of the network."""
    seeds: int
    """Number of seeds on which remedies are tried; 0 if no remedy is tried."""


@dataclass(frozen=True, kw_only=True, repr=False)
class DiagnoseResult(Result):
    """The result of a diagnosis: findings, trials of remedies, recommended settings and measured curves."""

    times: ClassVar[tuple[str, ...]] = ("seconds", "cost")
    """Fields that `times.json` holds."""
    split: SplitSizes
    """Numbers of training, validation and test rows."""
    metric: MetricFacts
    """Name and direction of the score."""
    plan: DiagnosedTraining
    """The training that was diagnosed."""
    no_fault_found: bool
    """Whether no finding is a fault, muted findings aside."""
    history: bool
    """Whether measurements were taken during training; false for a trained model, measured once."""
    notes: list[str]
    """Sentences on the limits of the diagnosis."""
    findings: list[FindingRow]
    """Verdicts that were given, worst first."""
    checks: list[CheckRow]
    """Verdicts that were examined and found no fault."""
    recommendation: Recommendation | None
    """The recommended settings; null if no remedy was tried."""
    score: float | None
    """Validation score of the measured run at its end; null if not finite."""
    constant_score: float | None
    """Validation score of the best constant prediction, on the rows of the measured run; null without one."""
    curves: ObservedCurves
    """Measurements during the run; a DataFrame in `curves_frame` from Python."""
    cost: MeasuringCost | None = None
    """Seconds of the measured run; null if `times.json` is gone."""
    seconds: DiagnosisSeconds | None = None
    """Wall-clock seconds of the whole diagnosis, and of the trainings that try remedies; null if `times.json`
    is gone."""
    baselines: list[BaselineRow] = field(default_factory=list)
    """A constant, a linear model and boosted trees, on the seed of the measured run, then on those of the
    proof; empty with `--no-baselines`."""
    observation: str | None = None
    """File of the record that all verdicts come from; null if no run directory was written."""
    config: str | None = None
    """File of the recommended settings; null if they are the original ones or no file was written."""

    @property
    def verdicts(self) -> list[str]:
        """Names of the verdicts that were reported, such as `rate_high`, the most severe first."""
        return [finding.verdict for finding in self.findings]

    @property
    def codes(self) -> list[str]:
        """Codes of the verdicts that were reported, such as `RAV101`, the most severe first."""
        return [finding.code for finding in self.findings]

    @property
    def recommended(self) -> dict[str, Plain]:
        """Settings that the diagnosis recommends to change, {name: new value}; empty without any."""
        return {} if self.recommendation is None else dict(self.recommendation.changes)

    @property
    def record(self) -> Record:
        """The record of the measured run: the arrays from which all verdicts follow."""
        return self.records[OBSERVATION]

    @property
    def curves_frame(self) -> pd.DataFrame:
        """Measurements during the run as a DataFrame, one row for each point of measurement."""
        import pandas as pd

        return pd.DataFrame(vars(self.curves))

    def summary(self) -> str:
        """Return the diagnosis in one line, as `ravine runs` lists it: names of faults, and the score."""
        names = [finding.verdict for finding in self.findings if finding.severity and not finding.muted]
        return summary_text(", ".join(names) or "no fault found", 0, self.metric.name, self.score)


@dataclass(frozen=True, kw_only=True)
class PlannedRuns:
    """Numbers of networks that a planned diagnosis will train, by purpose."""

    measured: int
    """Number of networks measured during training: 1, or 0 for a trained model."""
    original: int
    """Number of networks of the original training, one for each seed on which remedies are tried."""
    each_remedy: int
    """Number of networks for each remedy of each fault, on the same seeds."""
    confirm: int
    """Number of networks that confirm the recommendation on fresh seeds, if a remedy is better."""


@dataclass(frozen=True, kw_only=True)
class PlannedDiagnosis(DiagnosedTraining):
    """Facts of a dry run: the training to diagnose, its points of measurement, and the networks to train."""

    training_options: dict[str, Plain]
    """Penalties, clipping, averages and early stopping of the settings; empty for a trained model."""
    points: int
    """Points of the training at which it is measured."""
    spectra: int
    """Points at which the spectrum of the Hessian is measured as well."""
    few_seeds: str | None
    """Sentence that the seeds cannot confirm a remedy; null if they can, or if no remedy is tried."""
    runs: PlannedRuns
    """Networks to train."""


@dataclass(frozen=True, kw_only=True, repr=False)
class DiagnosePlan(StudyPlan):
    """The result of a dry run of a diagnosis: training, measurements and trials of remedies."""

    split: SplitSizes
    """Numbers of training, validation and test rows."""
    metric: MetricFacts
    """Name and direction of the score."""
    plan: PlannedDiagnosis
    """The training to diagnose, and its measurements."""
    model: str | None = None
    """Path of the trained model to diagnose; null if a network is trained."""
