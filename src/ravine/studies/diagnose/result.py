"""The result of `diagnose`, and the document of its dry run."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from ravine.execution.result import MetricFacts, Plain, Result, SplitSizes, StudyPlan
from ravine.records.run_index import summary_text

if TYPE_CHECKING:
    import pandas as pd

    from ravine.records.record import Record

__all__ = [
    "OBSERVATION", "CheckRow", "DiagnosePlan", "DiagnoseResult", "DiagnosedTraining", "DiagnosisSeconds",
    "EvidenceRow", "FindingRow", "MeasuringCost", "ObservedCurves", "PairedComparison", "PlannedDiagnosis",
    "PlannedRuns", "Principle", "Recommendation", "RemedyTrial",
]  # fmt: skip

OBSERVATION = "observation"  # name of the record of the measured run


@dataclass(frozen=True, kw_only=True)
class EvidenceRow:
    """One number on which a verdict rests."""

    what: str
    """The measured quantity, with its unit."""
    value: float | None
    """Its value; null if it is not finite."""
    threshold: float | None
    """The value at which the verdict is given; null for a number that is only shown."""
    error: float | None
    """Uncertainty of the value, in its unit; null if it has none."""
    where: str
    """Layer, step, class or part of the run; empty for the whole run."""


@dataclass(frozen=True, kw_only=True)
class Principle:
    """The claim of the lecture behind a verdict."""

    claim: str
    """Its name, as `ravine lecture` takes it."""
    says: str
    """The claim in a few words."""


@dataclass(frozen=True, kw_only=True)
class CheckRow:
    """A verdict on the network, with its evidence."""

    verdict: str
    """Name of the verdict."""
    sentence: str
    """The verdict in one sentence."""
    evidence: list[EvidenceRow]
    """The numbers; the first of them decided."""
    principle: Principle
    """The claim of the lecture behind it."""


@dataclass(frozen=True, kw_only=True)
class PairedComparison:
    """A changed training against the original on the same seeds."""

    before: float | None
    """Mean of the original over seeds, the median if some diverged; null if half of them did."""
    after: float | None
    """The same of the changed training."""
    difference: float | None
    """Mean of after less before; null if a run diverged."""
    interval: list[float | None] | None
    """95 % interval of the difference, [low, high]; null with fewer than 3 seeds or a diverged run."""
    better: int
    """Seeds on which the change is better."""
    equal: int
    """Seeds on which both are equal."""
    seeds: int
    """Number of seeds."""
    diverged_before: int
    """Runs of the original that diverged."""
    diverged_after: int
    """Runs of the changed training that diverged."""
    p_value: float
    """Two-sided Wilcoxon signed-rank test."""
    p_holm: float
    """The p value adjusted by Holm over all changes that were tried together."""
    confirmed: bool
    """Whether the change is better on more than half of the seeds, with an adjusted p value below 0.05."""


@dataclass(frozen=True, kw_only=True)
class RemedyTrial:
    """One remedy, tried on the same seeds as the original."""

    remedy: str
    """Name of the remedy."""
    says: str
    """The remedy in a few words."""
    changes: dict[str, Plain]
    """Settings that it changes, by name; null is the default."""
    loss: PairedComparison
    """Validation loss."""
    score: PairedComparison
    """Validation metric."""
    confirmed: bool
    """Whether the trial confirms the remedy: by the validation loss."""


@dataclass(frozen=True, kw_only=True)
class FindingRow(CheckRow):
    """A verdict that was given."""

    severity: int
    """0: no fault, only reported; 3: the worst."""
    remedies: list[RemedyTrial]
    """Trials of its remedies: first those confirmed, by the loss they ended with."""
    untried: bool
    """Whether it is a fault and no remedy was tried."""
    withdrawn: bool
    """Whether remedies were tried and none was confirmed."""


@dataclass(frozen=True, kw_only=True)
class Recommendation:
    """The configuration to use: the best remedy or combination of remedies, tried again on fresh seeds."""

    changes: dict[str, Plain]
    """Settings to change, by name; empty to keep the configuration."""
    remedies: list[str]
    """Names of the remedies that make it up; empty to keep the configuration."""
    validation: PairedComparison | None
    """Validation loss on fresh seeds; null if no remedy was confirmed."""
    test: PairedComparison | None
    """Metric on the test rows, which are read once; null if no remedy was confirmed."""
    unchanged: bool
    """Whether the configuration stays as it is."""
    not_better: str | None = None
    """The remedies that were not better on fresh seeds; null otherwise."""


@dataclass(frozen=True, kw_only=True)
class ObservedCurves:
    """The measured run, one value for each point of measurement; null where unknown or not finite."""

    step: list[float | None]
    """Training steps done."""
    learning_rate: list[float | None]
    """Learning rate."""
    train_loss: list[float | None]
    """Loss on the training rows that were measured."""
    valid_loss: list[float | None]
    """Loss on validation rows."""
    score: list[float | None]
    """Metric on validation rows."""
    sharpness: list[float | None]
    """Largest eigenvalue of the Hessian, preconditioned as the optimizer does; null between its points."""
    sharpness_error: list[float | None]
    """Its residual."""
    limit: list[float | None]
    """Sharpness above which the optimizer is unstable at this learning rate; null if no limit is known."""
    raised: list[float | None]
    """Share of batches on which a step raises their own loss."""
    gradient_norm: list[float | None]
    """Norm of the mean gradient."""


@dataclass(frozen=True, kw_only=True)
class MeasuringCost:
    """Wall-clock seconds of the measured run."""

    train: float
    """Spent training; 0 for a trained model."""
    compile: float
    """Spent compiling."""
    measurements: dict[str, float]
    """Spent on each kind of measurement."""
    overhead: float | None
    """Training and measuring over training alone; null for a trained model."""


@dataclass(frozen=True, kw_only=True)
class DiagnosisSeconds:
    """Wall-clock seconds of the whole study."""

    total: float
    """From the first line to the result."""
    prove: float
    """Spent training the original and its remedies."""


@dataclass(frozen=True, kw_only=True)
class DiagnosedTraining:
    """The training that is examined. Of a trained model: what its file says, null where it says nothing."""

    optimizer: str | None
    """Name of the optimizer."""
    learning_rate: float | None
    """Learning rate at the first step."""
    schedule: str | None
    """Learning-rate schedule."""
    steps: int | None
    """Steps of one network."""
    batch_size: int | None
    """Rows in a batch."""
    network: str
    """Layers and activation of the network, in one line."""
    parameters: int
    """Number of parameters of the network."""
    seeds: int
    """Seeds that prove remedies; 0 if no remedy is tried."""


@dataclass(frozen=True, kw_only=True, repr=False)
class DiagnoseResult(Result):
    """The result of a diagnosis."""

    split: SplitSizes
    """Numbers of training, validation and test rows."""
    metric: MetricFacts
    """Name and direction of the score."""
    plan: DiagnosedTraining
    """The training that was examined."""
    healthy: bool
    """Whether no finding needs a remedy."""
    history: bool
    """Whether a training was measured; false for a trained model, which is measured once."""
    notes: list[str]
    """Sentences on limits of the diagnosis."""
    findings: list[FindingRow]
    """Verdicts that were given, worst first."""
    checks: list[CheckRow]
    """Verdicts that were examined and not given."""
    recommendation: Recommendation | None
    """The configuration to use; null if no remedy was tried."""
    curves: ObservedCurves
    """The measured run; from Python as a DataFrame in `curves_frame`."""
    cost: MeasuringCost
    """Seconds of the measured run."""
    seconds: DiagnosisSeconds
    """Wall-clock seconds by kind of work, such as compiling and training."""
    observation: str | None = None
    """File of the record that all verdicts come from; null if nothing was kept."""
    config: str | None = None
    """File of the recommended configuration; null if it stays as it is or nothing was kept."""

    @property
    def verdicts(self) -> list[str]:
        """The names of the verdicts that were given, worst first."""
        return [finding.verdict for finding in self.findings]

    @property
    def recommended(self) -> dict[str, Plain]:
        """Settings to change; empty if nothing is better."""
        return {} if self.recommendation is None else dict(self.recommendation.changes)

    @property
    def record(self) -> Record:
        """The record of the measured run, which all verdicts come from."""
        return self.records[OBSERVATION]

    @property
    def curves_frame(self) -> pd.DataFrame:
        """The measured run, one row for each point of measurement."""
        import pandas as pd

        return pd.DataFrame(vars(self.curves))

    def summary(self) -> str:
        """Return the result in one line, as `ravine runs` shows it."""
        names = [finding.verdict for finding in self.findings if finding.severity]
        score = self.curves.score[-1] if self.curves.score else None
        return summary_text(", ".join(names) or "healthy", 0, self.metric.name, score)


@dataclass(frozen=True, kw_only=True)
class PlannedRuns:
    """Numbers of networks to train."""

    measured: int
    """Measured during training: 1; 0 for a trained model."""
    original: int
    """The same training, on the seeds that prove remedies."""
    each_remedy: int
    """Every remedy of every fault, on the same seeds."""
    confirm: int
    """If a remedy is better: original and recommendation on fresh seeds."""


@dataclass(frozen=True, kw_only=True)
class PlannedDiagnosis(DiagnosedTraining):
    """The training to examine, and how."""

    training_options: dict[str, Plain]
    """Penalties, clipping, averages and early stopping of the settings; empty for a trained model."""
    points: int
    """Points of the training at which it is measured."""
    spectra: int
    """Points at which the spectrum of the Hessian is measured as well."""
    runs: PlannedRuns
    """Networks to train."""


@dataclass(frozen=True, kw_only=True, repr=False)
class DiagnosePlan(StudyPlan):
    """The plan of a diagnosis."""

    split: SplitSizes
    """Numbers of training, validation and test rows."""
    metric: MetricFacts
    """Name and direction of the score."""
    plan: PlannedDiagnosis
    """The training to examine."""
    model: str | None = None
    """The trained model to examine; null to train one."""
