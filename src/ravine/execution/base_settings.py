"""Options that several commands share, as classes and fields: network, optimizer, learning rate, effort."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from ravine.errors import UsageError
from ravine.execution.data_settings import DataSettings
from ravine.execution.seeds import most_seeds
from ravine.options.fields import option, redefined
from ravine.options.settings import Settings

__all__ = [
    "CHECK_OPTIMIZER",
    "CHECK_SCHEDULE",
    "USUAL_EPOCHS",
    "BaselineSettings",
    "DifferenceSettings",
    "GeneralizationSettings",
    "HyperScheduleSettings",
    "LearningRateSettings",
    "NetworkSettings",
    "OptimizerSettings",
    "budget_option",
    "effort_option",
    "seeds_option",
    "short_name",
    "tuning_seeds_option",
]  # fmt: skip

CHECK_OPTIMIZER = "ravine.optimizers.optimizer_text:read_optimizer"
"""Reader of the text of an optimizer, as `option` takes it."""
CHECK_SCHEDULE = "ravine.optimizers.schedule_text:read_schedule"
"""Reader of the text of a schedule, as `option` takes it."""
HUGE = 1e30  # beyond it, float32 has no room for squares
USUAL_EPOCHS = "Passes over the training rows; if not given, 50, or more if 50 are fewer than 1,000 steps."


def short_name(text: str) -> str:
    """Return the text of an optimizer or network without the folder of a Python file, for messages."""
    from ravine.user_code.code_text import short_code  # not needed by the help

    return short_code(text)


def check_hyper_schedule(text: str) -> None:
    """Raise UsageError unless a text is NAME=SCHEDULE with a valid schedule, as `dropout=linear(end=0.5)`."""
    from ravine.optimizers.schedule_text import read_schedule

    name, equals, schedule = text.partition("=")
    if not name.strip() or not equals:
        raise UsageError(
            f"--hyper-schedule {text!r} is not NAME=SCHEDULE.",
            "The option names a hyperparameter and the schedule that multiplies its value.",
            "Write for example --hyper-schedule 'rho=linear(end=0.5)'.",
        )
    read_schedule(schedule)


def seeds_option(default: int | None, *purposes: str, at_least: int = 2) -> Any:
    """Return the settings field `seeds`: the number of fresh seeds that the result of a command rests on.

    default: default number; None if the effort sets it. purposes: uses of the seeds, such as `train.train`.
    The smallest range that `ravine.execution.seeds` reserves for one of them limits the number. at_least:
    smallest allowed number.
    """
    otherwise = "; if not given, set by the effort" if default is None else ""
    return option(
        default,
        f"Number of seeds, unused in any tuning, on which the reported scores are measured{otherwise}.",
        section="Training", at_least=at_least, at_most=most_seeds(*purposes),
    )  # fmt: skip


def effort_option(
    default: str | None, levels: str, counts: str = "trials, seeds", otherwise: str = ""
) -> Any:
    """Return the settings field `effort`: the amount of work of a command by name, such as `quick`.

    levels: name of the table of allowed efforts in `ravine.execution.effort`, such as `COMPARE`. counts:
    the numbers that the effort sets besides the steps, for the help. otherwise: for the help, the choice
    that holds if the user names no effort.
    """
    text = f"Named amount of work, which sets the numbers of {counts} and steps"
    return option(
        default, f"{text}; if not given, {otherwise}." if otherwise else f"{text}.", section="Comparison",
        choices=f"ravine.execution.effort:{levels}", common=True,
    )  # fmt: skip


def budget_option(common: bool = False) -> Any:
    """Return the settings field `budget`: the time that a command may take, such as `5m`.

    common: whether the short help lists the option.
    """
    return option(
        None,
        "Limit on the estimated time of the command, such as 60s or 5m. The largest numbers of trials, seeds "
        "and steps that fit are used, at most those of the effort thorough.",
        section="Comparison", metavar="TIME", check="ravine.execution.budget:budget_seconds", common=common,
    )  # fmt: skip


def tuning_seeds_option(purpose: str) -> Any:
    """Return the settings field `tuning_seeds`: the number of seeds on which tuning trains each trial.

    purpose: use of the seeds, such as `compare.tune`, whose reserved range of seeds limits the number.
    """
    return option(
        None,
        "Number of seeds on which tuning trains each trial, such as a learning rate with a schedule; if not "
        "given, set by the effort.",
        section="Comparison",
        at_least=1, at_most=most_seeds(purpose),
    )  # fmt: skip


# `Settings` has `__eq__` and `__repr__`, and classes with `init=False` are bases only, since
# `--help` waits for every generated method.
@dataclass(frozen=True, eq=False, repr=False, init=False)
class OptimizerSettings(Settings):
    """The settings of a command that trains with one optimizer: its name and fixed hyperparameters."""

    optimizer: str = option(
        "adam",
        "Optimizer, with or without hyperparameters, such as adam, 'momentum(rho=0.95)', optax:lion, or "
        "own.py:lion from a Python file.",
        section="Training", metavar="NAME",
        short="-O", check=CHECK_OPTIMIZER, common=True, code=True,
    )  # fmt: skip


@dataclass(frozen=True, eq=False, repr=False, init=False)
class LearningRateSettings(Settings):
    """The settings of the learning rate: its value, and the schedule that multiplies it during training."""

    learning_rate: float | None = option(
        None,
        "Learning rate, which the schedule multiplies by a factor at each step; if not given, the usual one "
        "of the optimizer.",
        section="Training",
        short="--rate",
        above=0,
        below=HUGE,
        common=True,
    )
    schedule: str = option(
        "cosine",
        "Schedule, the factor on the learning rate at each step: constant, cosine, 'step(0.1,every=10)' and "
        "others.",
        section="Training",
        metavar="NAME", check=CHECK_SCHEDULE,
    )  # fmt: skip


@dataclass(frozen=True, eq=False, repr=False, init=False)
class HyperScheduleSettings(Settings):
    """The setting of the schedules by which hyperparameters besides the learning rate change in training."""

    hyper_schedule: list[str] | None = option(
        None,
        "Name of a hyperparameter other than the learning rate, and the schedule that multiplies its value, "
        "such as 'dropout=linear(end=0.5)'; may be given several times.",
        section="Training",
        metavar="NAME=SCHEDULE", split="calls", check=check_hyper_schedule, plan_row="other schedules",
        plan_text="{}",
    )  # fmt: skip


@dataclass(frozen=True, eq=False, repr=False)
class NetworkSettings(DataSettings):
    """Settings of every command that trains networks.

    They cover data, network, initialization, length of training, regularization, metric and device.
    """

    validation: float = option(
        0.2,
        "Share of the rows outside the test set that become validation rows, on which networks are scored.",
        section="Data", metavar="SHARE", above=0, below=1,
    )  # fmt: skip
    scaling: str | None = option(
        None,
        "Scaling of the inputs: to mean 0 and standard deviation 1 (standard, also if not given), or none.",
        section="Data", choices=("standard", "none"), neutral="none",
    )  # fmt: skip
    metric: str | None = option(
        None,
        "Metric that scores the predictions, such as log_loss, auc, mae or r2; if not given, accuracy for a "
        "target of classes, rmse for a target of numbers.",
        section="Data", metavar="NAME",
        check="ravine.networks.metrics:check_metric_name",
    )  # fmt: skip
    seed: int = option(
        0,
        "Root seed, from which all random numbers derive: splits, initial weights, batch order and dropout.",
        section="Training",
        at_least=0,
        below=2**63,
    )
    epochs: float | None = option(
        None, "Passes over the training rows; if not given, set by the effort.", section="Training", above=0,
        below=1e6, unit="epochs",
    )  # fmt: skip
    batch_size: int | None = option(
        None, "Rows in a batch; if not given, from 16 for few training rows to 128 for many.",
        section="Training", at_least=1, at_most=2**24, unit="rows",
    )  # fmt: skip
    early_stop: int | None = option(
        None,
        "Number of evaluations in a row without a lower validation loss after which a run ends with its best "
        "weights; 0 = no early stopping.",
        section="Training", at_least=0, at_most=10**6, neutral=0, unit="evaluations", plan_row="with",
        plan_text="early stop after {} evaluations",
    )  # fmt: skip
    min_change: float = option(
        0.0,
        "Amount by which the validation loss must fall below its lowest value for early stopping to count "
        "the evaluation as better; 0 = any amount.",
        section="Training",
        at_least=0, below=HUGE, neutral=0, plan_row="with", plan_text="at least {} better",
    )  # fmt: skip
    clip: float | None = option(
        None,
        "Largest norm of the gradient over all parameters; a gradient with a larger norm is scaled down to "
        "this norm; inf = off.",
        section="Training",
        above=0, neutral=float("inf"), schedulable=True, plan_row="with", plan_text="clip {}",
    )  # fmt: skip
    average: str | None = option(
        None,
        "Average of the weights over training steps, used in evaluation and in the saved network: ema=0.99 "
        "(exponential), or tail=0.5 (over the steps after half of the run); 'none' turns it off.",
        section="Training", metavar="NAME",
        neutral="none", check="ravine.execution.average_text:read_average", plan_row="with",
        plan_text="average {}",
    )  # fmt: skip
    net: str = option(
        "64-64",
        "Network: the number of units of each hidden layer, then further words, such as '64-64 residual "
        "batchnorm dropout=0.2', or own.py:Mixer from a Python file.",
        section="Network",
        metavar="LAYERS", check="ravine.networks.network_text:any_network", common=True, code=True,
    )  # fmt: skip
    loss: str | None = option(
        None,
        "Loss that training minimizes, such as own.py:huber from a Python file; if not given, the cross "
        "entropy for classes and the squared error for numbers.",
        section="Training",
        metavar="NAME", check="ravine.networks.losses:check_loss", code=True,
    )  # fmt: skip
    activation: str = option(
        "relu",
        "Activation function of all hidden layers of the network.",
        section="Network",
        choices="ravine.networks.activations:ACTIVATIONS",
    )
    init: str = option(
        "he",
        "Distribution from which the initial weights of the network are drawn.",
        section="Network",
        choices="ravine.networks.initialization:INITIALIZATIONS",
    )
    init_scale: float = option(
        1.0, "Factor by which the initial weights are multiplied; 1 = unchanged.", section="Network", above=0,
        below=1e6, neutral=1,
    )  # fmt: skip
    l1: float | None = option(
        None,
        "Coefficient c of the L1 penalty, which adds the sum of c abs(w) over all weights w, not biases, to "
        "the loss; 0 = off.",
        section="Regularization", at_least=0,
        below=HUGE, neutral=0, schedulable=True, plan_row="penalties", plan_text="L1 {}",
    )  # fmt: skip
    l2: float | None = option(
        None,
        "Coefficient c of the L2 penalty, which adds the sum of c w^2 / 2 over all weights w, not biases, to "
        "the loss; 0 = off.",
        section="Regularization", at_least=0,
        below=HUGE, neutral=0, schedulable=True, plan_row="penalties", plan_text="L2 {} (in the gradient)",
    )  # fmt: skip
    weight_decay: float | None = option(
        None,
        "Coefficient c of decoupled weight decay: each step also subtracts c x current learning rate x w "
        "from every weight w, not from biases, as in AdamW; 0 = off.",
        section="Regularization",
        at_least=0, below=HUGE, neutral=0, schedulable=True, plan_row="penalties",
        plan_text="weight decay {} (decoupled)",
    )  # fmt: skip
    label_smoothing: float | None = option(
        None,
        "Share of the target probability that is moved from the labeled class to all classes in equal parts; "
        "0 = off.",
        section="Regularization", metavar="SHARE", at_least=0,
        below=1, neutral=0, schedulable=True, plan_row="with", plan_text="label smoothing {}",
    )  # fmt: skip
    augment: str | None = option(
        None,
        "Random changes of the training inputs (augmentation), each with its strength: 'noise=0.1', for "
        "images also 'shift=1 rotate=10'; 'none' turns them off.",
        section="Regularization", metavar="KINDS", neutral="none",
        check="ravine.networks.augmentation_text:read_augmentation", plan_row="augmentation", plan_text="{}",
    )  # fmt: skip
    device: str | None = option(
        None,
        "Kind of device to train on; if not given, JAX's own choice: a GPU if there is one, else the CPU.",
        section="Machine",
        choices=("cpu", "gpu"),
    )
    precision: str = option(
        "float32", "Floating-point type of weights and inputs in training and evaluation.", section="Machine",
        choices=("float32", "float64"),
    )  # fmt: skip
    engine: str = option(
        "threads",
        "Workers that train the networks, with the same results: threads, processes, N local workers of Dask "
        "(dask:local:N), or the workers of a Dask scheduler (dask:tls://HOST:PORT).",
        section="Machine", metavar="ENGINE", check="ravine.engines.engine_text:read_engine", stored=False,
        typed=True,
    )  # fmt: skip
    trust: bool = option(
        False,
        "Permission to run the Python files that a run, a model or a configuration file names, also if they "
        "were never named on this machine.",
        section="Machine",
        stored=False,
        typed=True,
    )

    @property
    def picture_format(self) -> str:
        """The file format of the pictures that a command writes to its run directory; png by default."""
        return "png"

    @property
    def plans_only(self) -> bool:
        """Whether these settings make the command show its plan and train nothing, also without --dry-run."""
        return False

    @property
    def run_name(self) -> str:
        """The data as the user named them, or `stdin`, from which the run directory takes its name."""
        return "stdin" if self.source == "-" else self.source

    def headline(self, dry_run: bool) -> str:
        """Return the first line that a command prints, which names its work and its data.

        dry_run: whether the command only plans. Raises NotImplementedError in this base class.
        """
        raise NotImplementedError(f"{type(self).__name__}.headline")


@dataclass(frozen=True, eq=False, repr=False, init=False)
class DifferenceSettings(Settings):
    """The setting of the smallest difference of two scores that matters in practice."""

    smallest_difference: float | None = option(
        None,
        "Smallest difference of two scores that matters in practice, in the unit of the metric (0.01 of "
        "accuracy is one percentage point); if not given, 0.005 for shares such as accuracy, auc and r2, and "
        "1 % of the larger score for errors such as rmse.",
        section="Data", metavar="NUMBER", at_least=0, below=HUGE,
    )  # fmt: skip


@dataclass(frozen=True, eq=False, repr=False, init=False)
class BaselineSettings(Settings):
    """The setting that decides whether a command also scores baselines: simple models without a network."""

    baselines: bool = option(
        True,
        "Comparison of the network with baselines on the same splits: a constant, a linear model and boosted "
        "trees; made by default.",
        section="Comparison",
    )


@dataclass(frozen=True, eq=False, repr=False, init=False)
class GeneralizationSettings(NetworkSettings, LearningRateSettings, OptimizerSettings):
    """Settings that `memorize` and `descent` share; their learning rate is constant by default."""

    schedule: str = redefined(LearningRateSettings, "schedule", "constant")
