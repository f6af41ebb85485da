"""What a study is asked. Flat: a field is a long flag of the command line and a key of the configuration."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import asdict, dataclass, field, fields, replace
from typing import Any, Self

from ravine.errors import UsageError, did_you_mean

__all__ = [
    "CompareSettings",
    "DataSettings",
    "DescentSettings",
    "DiagnoseSettings",
    "LandscapeSettings",
    "MemoriseSettings",
    "NetworkSettings",
    "SweepSettings",
    "TrainSettings",
]

EIGHT = ["sgd", "momentum", "nesterov", "local_gains", "adagrad", "rmsprop", "adadelta", "adam"]
ACTIVATIONS = ("sigmoid", "tanh", "relu", "leaky_relu", "softplus", "elu")
INITIALISATIONS = ("he", "glorot", "lecun", "zero", "scaled")
TASKS = ("auto", "classify", "regress")
# as in `ravine.optimizers.schedules`, which is slow to import
SCHEDULES = (
    "constant", "decay", "step", "exponential", "inverse", "polynomial", "linear", "cosine", "onecycle",
    "plateau",
)  # fmt: skip
TRACKS = ("rate", "full")
SCALINGS = ("standard", "none")
EFFORTS = ("quick", "standard", "thorough")
PRECISIONS = ("float32", "float64")
LIST_FIELDS = ("features", "drop", "missing", "optimizers", "schedules", "vary", "moving")


@dataclass(frozen=True)
class DataSettings:
    """Where the data are and how to read them."""

    source: str = ""
    target: str | None = None
    features: list[str] | None = None
    drop: list[str] | None = None
    weights: str | None = None
    groups: str | None = None
    negative_weights: str = "error"
    test: str | None = None
    missing: list[str] | None = None
    task: str = "auto"

    def __post_init__(self) -> None:
        _choice("task", self.task, TASKS)
        _choice("negative-weights", self.negative_weights, ("error", "keep", "abs", "drop"))

    def to_dict(self) -> dict[str, Any]:
        """Return the fields that are set, as plain values."""
        return {name: value for name, value in asdict(self).items() if value is not None}

    @classmethod
    def from_dict(cls, plain: Mapping[str, Any]) -> Self:
        """Build settings. Raises UsageError naming every unknown key, or a value of the wrong kind."""
        known = {each.name: each for each in fields(cls)}
        wrong = [f"'{key}' ({did_you_mean(key, known)})" for key in plain if key not in known]
        if wrong:
            some = "is no setting" if len(wrong) == 1 else "are no settings"
            raise UsageError(f"{', '.join(wrong)} {some}.", "", "Mend or remove.")
        return cls(**{key: _typed(key, str(known[key].type), value) for key, value in plain.items()})


@dataclass(frozen=True)
class NetworkSettings(DataSettings):
    """Which network, started how, trained on what batches and judged by what."""

    metric: str | None = None
    seed: int = 0
    epochs: float | None = None
    batch_size: int | None = None
    net: str = "64-64"
    activation: str = "relu"
    init: str = "he"
    init_scale: float = 1.0
    validation: float = 0.2
    scaling: str | None = None
    precision: str = "float32"
    device: str | None = None
    l1: float | None = None
    l2: float | None = None
    decay: float | None = None
    clip: float | None = None
    smoothing: float | None = None
    average: str | None = None
    augment: str | None = None
    early_stop: int | None = None
    min_change: float = 0.0

    def __post_init__(self) -> None:
        super().__post_init__()
        for name in ("l1", "l2", "decay", "smoothing"):
            value = getattr(self, name)
            if value is not None and not 0 <= value < (1 if name == "smoothing" else 1e30):
                raise UsageError(
                    f"--{name} {value:g} cannot be used.",
                    "It is a number that is not negative.",
                    "0 is none.",
                )
        if self.clip is not None and not self.clip > 0:
            raise UsageError(
                f"--clip {self.clip:g} cannot be used.", "It is a length above 0.", "inf is none."
            )
        if self.early_stop is not None and not 0 <= self.early_stop <= 10**6:
            raise UsageError(
                f"--early-stop {self.early_stop} cannot be used.",
                "It is how many evaluations without improvement end a run; there are 20 in a run.",
                "0 is none.",
            )
        if not 0 <= self.min_change < 1e30:
            raise UsageError(f"--min-change {self.min_change:g} cannot be used.", "It is not negative.", "")
        _choice("activation", self.activation, ACTIVATIONS)
        _choice("init", self.init, INITIALISATIONS)
        _choice("precision", self.precision, PRECISIONS)
        if self.scaling is not None:
            _choice("scaling", self.scaling, SCALINGS)
        _between(
            "validation",
            self.validation,
            0,
            1,
            "Rates, early stopping and the best network rest on it.",
        )
        if self.epochs is not None:
            _between("epochs", self.epochs, 0, 1e6)
        if self.batch_size is not None and not 1 <= self.batch_size <= 2**24:
            raise UsageError(f"--batch-size {self.batch_size} cannot be used.", "", "Give 1 or more.")
        _between("init-scale", self.init_scale, 0, 1e6)
        if not 0 <= self.seed < 2**63:
            raise UsageError(f"--seed {self.seed} cannot be used.", "", "Give a whole number from 0.")


@dataclass(frozen=True)
class CompareSettings(NetworkSettings):
    """What `compare` is asked."""

    optimizers: list[str] = field(default_factory=lambda: list(EIGHT))
    schedules: list[str] = field(default_factory=lambda: ["constant", "decay"])
    track: str = "rate"
    effort: str | None = None
    budget: str | None = None
    seeds: int | None = None
    moving: list[str] | None = None

    def __post_init__(self) -> None:
        super().__post_init__()
        _moving(self.moving)
        _choice("track", self.track, TRACKS)
        if not self.schedules:
            raise UsageError("No schedule was named.", "", "Choose from constant, decay.")
        for each in self.schedules:
            _choice("schedules", _called(each), SCHEDULES)
        if len(set(self.schedules)) < len(self.schedules):
            raise UsageError("A schedule is named twice.", "", "Name it once.")
        if self.effort is not None:
            _choice("effort", self.effort, EFFORTS)
        if self.effort is not None and self.budget is not None:
            raise UsageError("--effort and --budget contradict.", "A budget chooses the effort.", "Give one.")
        if self.seeds is not None and not 2 <= self.seeds <= 10_000:
            raise UsageError(
                f"--seeds {self.seeds} cannot be used.", "Intervals need at least 2.", "Give 10 or more."
            )


@dataclass(frozen=True)
class TrainSettings(NetworkSettings):
    """What `train` is asked."""

    optimizer: str = "adam"
    rate: float | None = None
    schedule: str = "decay"
    moving: list[str] | None = None
    seeds: int = 1

    def __post_init__(self) -> None:
        super().__post_init__()
        _choice("schedule", _called(self.schedule), SCHEDULES)
        _moving(self.moving)
        if self.rate is not None and not 0 < self.rate < 1e30:
            raise UsageError(f"--rate {self.rate:g} cannot be used.", "A learning rate is above 0.", "")
        if not 1 <= self.seeds <= 10_000:
            raise UsageError(f"--seeds {self.seeds} cannot be used.", "", "Give 1 to 10000.")


@dataclass(frozen=True)
class SweepSettings(NetworkSettings):
    """What `sweep` is asked. vary: texts such as `l2=0,1e-4`, see `ravine.studies.sweep.factors`."""

    vary: list[str] = field(default_factory=list)
    random: int | None = None
    points: int = 5
    optimizer: str = "adam"
    rate: float | None = None
    schedule: str = "decay"
    effort: str = "quick"
    seeds: int | None = None
    moving: list[str] | None = None

    def __post_init__(self) -> None:
        super().__post_init__()
        _choice("schedule", _called(self.schedule), SCHEDULES)
        _moving(self.moving)
        _choice("effort", self.effort, EFFORTS)
        if self.rate is not None and not 0 < self.rate < 1e30:
            raise UsageError(f"--rate {self.rate:g} cannot be used.", "A learning rate is above 0.", "")
        if self.seeds is not None and not 2 <= self.seeds <= 10_000:
            raise UsageError(
                f"--seeds {self.seeds} cannot be used.", "Intervals need at least 2.", "Give 10 or more."
            )
        if self.random is not None and not 2 <= self.random <= 10_000:
            raise UsageError(f"--random {self.random} cannot be used.", "", "Draw 2 to 10000 settings.")
        if not 2 <= self.points <= 1_000:
            raise UsageError(f"--points {self.points} cannot be used.", "", "Give 2 to 1000.")


@dataclass(frozen=True)
class DiagnoseSettings(TrainSettings):
    """What `diagnose` is asked: what `train` is, and how many seeds prove a remedy (below 2: none is tried).

    model: the folder of a trained model to examine as it is, in place of training one.
    """

    seeds: int = 20
    model: str | None = None

    def __post_init__(self) -> None:
        if self.seeds == 0:
            replace(self, seeds=1)  # refuses whatever else is wrong
            return
        super().__post_init__()


@dataclass(frozen=True)
class LandscapeSettings(NetworkSettings):
    """What `landscape` is asked."""

    optimizers: list[str] = field(default_factory=lambda: ["sgd", "adam"])
    rate: float | None = None
    schedule: str = "constant"
    solutions: int = 3
    grid: int = 51
    span: float = 1.0

    def __post_init__(self) -> None:
        super().__post_init__()
        _choice("schedule", _called(self.schedule), SCHEDULES)
        if self.rate is not None and not 0 < self.rate < 1e30:
            raise UsageError(f"--rate {self.rate:g} cannot be used.", "A learning rate is above 0.", "")
        if not 1 <= self.solutions <= 3:
            raise UsageError(
                f"--solutions {self.solutions} cannot be used.",
                "Two have a line between them, three a plane.",
                "Give 1, 2 or 3.",
            )
        if not 5 <= self.grid <= 2_001:
            raise UsageError(f"--grid {self.grid} cannot be used.", "", "Give 5 to 2001 points a side.")
        _between("span", self.span, 0, 1e6)
        for flag, value in (("--early-stop", self.early_stop), ("--min-change", self.min_change)):
            if value:
                raise UsageError(
                    f"{flag} cannot be used here.",
                    "A landscape shows where whole runs went.",
                    "Leave it out, or give fewer --epochs.",
                )


@dataclass(frozen=True)
class MemoriseSettings(NetworkSettings):
    """What `memorise` is asked."""

    optimizer: str = "adam"
    rate: float | None = None
    schedule: str = "constant"
    effort: str = "standard"
    seeds: int | None = None

    def __post_init__(self) -> None:
        super().__post_init__()
        _choice("schedule", _called(self.schedule), SCHEDULES)
        _choice("effort", self.effort, EFFORTS[:2])
        if self.rate is not None and not 0 < self.rate < 1e30:
            raise UsageError(f"--rate {self.rate:g} cannot be used.", "A learning rate is above 0.", "")
        if self.seeds is not None and not 2 <= self.seeds <= 10_000:
            raise UsageError(
                f"--seeds {self.seeds} cannot be used.", "Intervals need at least 2.", "Give 10 or more."
            )


@dataclass(frozen=True)
class DescentSettings(MemoriseSettings):
    """What `descent` is asked. noise: share of the training labels drawn anew."""

    net: str = "64"
    noise: float = 0.0

    def __post_init__(self) -> None:
        super().__post_init__()
        if not 0 <= self.noise <= 1:
            raise UsageError(f"--noise {self.noise:g} cannot be used.", "It is a share of the labels.", "")


def _choice(name: str, value: str, allowed: tuple[str, ...]) -> None:
    if value not in allowed:
        raise UsageError(f"--{name} cannot be '{value}'.", "", did_you_mean(str(value), allowed))


def _moving(texts: list[str] | None) -> None:
    for each in texts or []:
        name, equals, text = each.partition("=")
        if not name.strip() or not equals:
            raise UsageError(
                f"--moving '{each}' says nothing.", "It is NAME=SCHEDULE.", "Write rho=linear(end=0.5)."
            )
        _choice("moving", _called(text), SCHEDULES)


def _called(text: str) -> str:
    """Return the name in `step(0.1,every=10)`."""
    return text.split("(")[0].strip().lower()


def _between(name: str, value: float, low: float, high: float, reason: str = "") -> None:
    if not low < value < high:
        why = f"It is above {low:g} and below {high:g}. {reason}".rstrip()
        raise UsageError(f"--{name} {value:g} cannot be used.", why, "")


def _typed(name: str, annotation: str, value: Any) -> Any:
    """Return `value` as the field wants it: a list from one word, text from a number."""
    kinds = [part.strip() for part in annotation.split("|")]
    if value is None and "None" in kinds:
        return None
    if name in LIST_FIELDS:
        if isinstance(value, str | int | float) and not isinstance(value, bool):
            return [str(value)]
        if isinstance(value, list | tuple):
            return [str(each) for each in value]
    number = isinstance(value, int | float) and not isinstance(value, bool)
    if "int" in kinds and number and float(value).is_integer():
        return int(value)
    if "float" in kinds and number:
        return float(value)
    if "str" in kinds and (isinstance(value, str) or number):
        return str(value)
    wanted = {"int": "a whole number", "float": "a number", "str": "text"}
    kind = "a list of names" if name in LIST_FIELDS else next(wanted[k] for k in kinds if k in wanted)
    raise UsageError(f"'{name}' is {value!r}.", f"It must be {kind}.", "Mend it.")
