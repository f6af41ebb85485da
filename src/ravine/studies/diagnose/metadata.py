"""Facts about a measured run that are not arrays, such as optimizer, network and numbers of rows.

The record of the run stores them as `meta`. This module needs no JAX.
"""

from __future__ import annotations

import dataclasses
from collections.abc import Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Self

import msgspec

from ravine.execution.field_types import Count, Task
from ravine.networks import ACTIVATIONS, CONNECTIONS, METRICS, NORMALIZATIONS
from ravine.networks.connections import DEFAULT_CONNECTION
from ravine.records.documents import check_document
from ravine.records.strict_json import short_text

if TYPE_CHECKING:
    from ravine.studies.diagnose.data_facts import UnlikeTestRows
    from ravine.studies.diagnose.probe_rows import ChosenRows
    from ravine.training import Batches, Plan, Runs

__all__ = ["RunMetadata"]


@dataclass(frozen=True, kw_only=True)
class RunMetadata:
    """Facts about a measured run that are not arrays, such as optimizer, network and numbers of rows.

    Raises ValueError for an unknown name of a metric, an activation, a connection or a normalization.
    """

    optimizer: str
    """The optimizer with its hyperparameters, as the user named it."""
    rule: str
    """Name of the optimizer alone."""
    formula: str
    """Formula of the optimizer's stability limit; empty if not known."""
    preconditioned: bool
    """Whether the limit refers to the preconditioned Hessian."""
    rate: float
    """Learning rate that the schedule multiplies."""
    schedule: str
    """Learning-rate schedule."""
    batch_size: Count
    """Rows in a batch."""
    stride: Count
    """Steps between two points of measurement."""
    steps: Count
    """Steps of the whole training."""
    network: str
    """Layers and activation of the network, in one line."""
    hidden: Count
    """Number of hidden layers; 0 if they are not known, for a network of a Python file."""
    activation: str
    """Activation of the hidden layers; empty if they are not known."""
    connection: str
    """Kind of connection between layers, such as residual."""
    norm: str
    """Normalization of the layers, such as batchnorm."""
    parameters: Count
    """Number of parameters of the network."""
    outputs: Count
    """Number of outputs."""
    train: Count
    """Number of training rows."""
    valid: Count
    """Number of validation rows that losses were measured on."""
    task: Task
    """Task of the network: classify or regress."""
    metric: str
    """Name of the score."""
    greater_is_better: bool
    """Whether a larger score is better."""
    scaling: str
    """Scaling of the inputs."""
    image: bool
    """Whether the inputs are pixels of an image."""
    features: list[str]
    """Names of the inputs."""
    classes: list[str] | None
    """Class labels in order of the outputs; None for a regression."""
    constant_loss: float
    """Loss of the best constant prediction on the training rows."""
    piece: Count
    """Number of rows in each piece, a group of training rows with one gradient."""
    pieces: Count
    """Number of pieces, groups of training rows with one gradient each."""
    curved: Count
    """Number of training rows that the Hessian was computed on."""
    end: Count
    """Index of the point of measurement that verdicts refer to."""
    best: Count
    """Index of the point of measurement with the lowest validation loss."""
    stops: bool
    """Whether the training has early stopping."""
    trained_here: bool
    """Whether the run was trained; false for a trained model, which is measured once."""
    leaks: list[str]
    """Columns that are suspected of giving the target away."""
    class_leaks: dict[str, list[str]] = dataclasses.field(default_factory=dict)
    """Labels of the classes that single columns separate from all others, by column."""
    unlike: dict[str, float] = dataclasses.field(default_factory=dict)
    """Distances of the columns, or of the target, that differ between test rows and other rows."""
    unlike_words: list[str] = dataclasses.field(default_factory=list)
    """The largest of these differences in words."""
    test: Count = 0
    """Number of test rows; 0 if they were not compared."""
    changed: dict[str, str] = dataclasses.field(default_factory=dict)
    """Trainings with one change that were made for comparison, and the changed value of each in words."""
    constant_score: float | None = None
    """Score of the best constant prediction on the validation rows; None if it has no score."""
    usual_rate: float | None = None
    """Usual learning rate of the optimizer."""
    smallest_difference: float | None = None
    """Smallest difference of scores that matters, if the user set it; None for that of the metric."""
    epochs: float = 0.0
    """Passes over the training rows."""

    def __post_init__(self) -> None:
        for key, names in (
            ("metric", METRICS), ("activation", ACTIVATIONS), ("connection", CONNECTIONS),
            ("norm", NORMALIZATIONS),
        ):  # fmt: skip
            name = getattr(self, key)
            if name not in names and (key, name) != ("activation", ""):
                raise ValueError(f"{key} is {short_text(name)}; allowed is one of {', '.join(names)}")
        if self.classes is not None and len(self.classes) != self.outputs:
            raise ValueError(f"classes has {len(self.classes)} labels for {self.outputs} outputs")

    def to_dict(self) -> dict[str, object]:
        """Return the facts about a run as a dictionary of plain values, for storage in its record."""
        plain: dict[str, object] = msgspec.to_builtins(self)
        return plain

    @classmethod
    def from_dict(cls, plain: Mapping[str, object], subject: str = "The record of a measured run") -> Self:
        """Return the facts about a run from a dictionary that `to_dict` made.

        subject: words for the file of the record in messages. Raises DamagedFile if a value is missing or
        wrong.
        """
        return check_document(plain, cls, subject, field="meta")

    @classmethod
    def of_run(
        cls,
        plan: Plan,
        runs: Runs,
        batches: Batches,
        chosen: ChosenRows,
        *,
        preconditioned: bool,
        constant_loss: float,
        end: int,
        best: int,
        stops: bool,
        trained_here: bool,
        leaks: tuple[list[str], dict[str, list[str]]],
        unlike: UnlikeTestRows,
        changed: Mapping[str, str],
        constant_score: float | None,
    ) -> RunMetadata:
        """Return the facts about a run that was measured, from its training and from some measurements.

        plan, runs, batches: the training, of whose runs the first is described. chosen: the rows that the run
        was measured on. leaks: columns that give the target away, and those that give classes away. unlike:
        how test rows differ from other rows. The other arguments become the fields of the same names.
        """
        from ravine.networks import Network  # needs JAX, which reading does not

        rule, network, data = plan.rule, plan.network, batches.dataset
        return cls(
            optimizer=rule.name,
            rule=rule.base_name,
            formula="" if rule.stability is None else rule.stability.formula,
            preconditioned=preconditioned,
            rate=float(runs.rate[0]),
            schedule=str(runs.schedule[0]),
            batch_size=plan.batch_size,
            stride=plan.steps_per_evaluation,
            steps=plan.steps,
            network=str(network),
            hidden=len(network.layout) - 1 if isinstance(network, Network) else 0,
            activation=network.activation if isinstance(network, Network) else "",
            connection=network.connection if isinstance(network, Network) else DEFAULT_CONNECTION,
            norm=network.norm if isinstance(network, Network) else "none",
            parameters=network.parameters,
            outputs=network.sizes[-1],
            train=batches.sizes[0],
            valid=len(chosen.valid.y),
            task=data.task,
            metric=plan.metric,
            greater_is_better=METRICS[plan.metric].greater_is_better,
            scaling=batches.scaling,
            image=data.shape is not None,
            features=list(data.features),
            classes=None if data.classes is None else [str(label) for label in data.classes],
            constant_loss=constant_loss,
            piece=int(chosen.pieces.y.shape[1]),
            pieces=int(chosen.pieces.y.shape[0]),
            curved=len(chosen.curved.y),
            end=end,
            best=best,
            stops=stops,
            trained_here=trained_here,
            leaks=leaks[0],
            class_leaks=leaks[1],
            unlike=unlike.distances,
            unlike_words=unlike.words,
            test=unlike.rows,
            changed=dict(changed),
            constant_score=constant_score,
            usual_rate=rule.rate_center,
            epochs=plan.steps * plan.batch_size / batches.sizes[0],
        )
