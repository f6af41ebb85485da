"""Python functions: arrays, tables or files in, results out. Written by `scripts/generate_api.py`.

result = compare(X, y)              X [N, D], y [N]: arrays, or a DataFrame and a Series
result = compare(frame, "price")    a DataFrame and the name of its target
result = compare("data.csv", "price")
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from os import PathLike
from pathlib import Path
from typing import TYPE_CHECKING

from ravine.api.arguments import Columns, Table, TestRows
from ravine.api.renamed_keywords import with_renamed_keywords
from ravine.api.run import run_study
from ravine.execution.events import Notify

if TYPE_CHECKING:
    from ravine.execution.saved_model import Model
    from ravine.studies.compare.result import CompareResult
    from ravine.studies.descent.result import DescentResult
    from ravine.studies.diagnose.result import DiagnoseResult
    from ravine.studies.landscape.result import LandscapeResult
    from ravine.studies.memorize.result import MemorizeResult
    from ravine.studies.sweep.result import SweepResult
    from ravine.studies.train.result import TrainResult

__all__ = [
    "compare",
    "descent",
    "diagnose",
    "landscape",
    "load_model",
    "memorize",
    "sweep",
    "train",
]


def load_model(path: str | PathLike[str]) -> Model:
    """Return a trained model from its folder, one of its files, or a run. Raises DataError."""
    from ravine.execution.saved_model import Model

    return Model.load(Path(path))


@with_renamed_keywords
def compare(
    X: Table,
    y: Columns = None,
    *,
    target: str | None = None,
    weights: Columns = None,
    groups: Columns = None,
    test: TestRows = None,
    out: str | PathLike[str] | None = None,
    notify: Notify | None = None,
    progress: bool = True,
    baselines: bool = True,
    hyper_schedule: str | Sequence[str] | None = None,
    smallest_difference: float | None = None,
    features: str | Sequence[str] | None = None,
    drop: str | Sequence[str] | None = None,
    negative_weights: str = "error",
    missing: str | Sequence[str] | None = None,
    task: str = "auto",
    validation: float = 0.2,
    scaling: str | None = None,
    metric: str | None = None,
    seed: int = 0,
    epochs: float | None = None,
    batch_size: int | None = None,
    early_stop: int | None = None,
    min_change: float = 0.0,
    clip: float | None = None,
    average: str | None = None,
    net: str = "64-64",
    activation: str = "relu",
    init: str = "he",
    init_scale: float = 1.0,
    l1: float | None = None,
    l2: float | None = None,
    weight_decay: float | None = None,
    label_smoothing: float | None = None,
    augment: str | None = None,
    device: str | None = None,
    precision: str = "float32",
    optimizers: str | Sequence[str] | None = None,
    schedules: str | Sequence[str] | None = None,
    tune: str = "learning-rate",
    effort: str | None = None,
    budget: str | None = None,
    trials: int | None = None,
    tuning_seeds: int | None = None,
    seeds: int | None = None,
) -> CompareResult:
    """Find the best optimizer and learning rate for DATA.

    X: Inputs: an array [N, D] or of images [N, H, W], a DataFrame, a file, or the name of a built-in set.
    y: Target: an array [N], or the name or index of the target column.
    target: Name of the target column, in place of y.
    weights: Row weights for loss and metric: an array [N], or the name of a column.
    groups: Groups of rows, each in one split: an array [N], or the name of a column.
    test: Test rows: a share of the rows, (X, y), a DataFrame where X is one, a file where X is one.
        [default: 0.2, or the test rows of the data]
    out: Folder of the run; without it, nothing is written.
    notify: Function that is called with every event.
    progress: Whether progress is shown: a bar on a terminal or in a notebook, elsewhere a line on
        standard error every 5 s. [default: True]
    baselines: Baselines on the same splits (a constant, a linear model, boosted trees); the flag leaves
        them out. [default: True]
    hyper_schedule: Schedule of a hyperparameter besides the learning rate: 'dropout=linear(end=0.5)';
        repeatable.
    smallest_difference: Smallest difference of scores that matters, in the unit of the metric (accuracy:
        0.01 is a point); if not given, 0.005 for shares such as accuracy, auc and r2, and 1 % of the
        score for errors. [at least 0 and below 1e+30]
    features: Columns to use as features; if not given, all but target, weights and groups. Commas
        separate names.
    drop: Columns that are not features. Commas separate names.
    negative_weights: Treatment of negative weights: refuse (error), keep, take absolute values (abs), or
        drop the rows. [error, keep, abs, drop; default: error]
    missing: Values that count as missing in features and target, besides empty cells. Commas separate
        values, as in -999,?.
    task: Whether the target is a class (classify) or a number (regress); auto decides by its values.
        [auto, classify, regress; default: auto]
    validation: Share of the non-test rows for validation, which chooses learning rates and stops runs.
        [above 0 and below 1; default: 0.2]
    scaling: Standardization of the inputs (mean 0, deviation 1), on if not given; 'none' turns it off.
        [standard, none]
    metric: Score, such as log_loss, auc, mae or r2; if not given, accuracy for classes, rmse for numbers.
    seed: Random seed of all splits, initial weights and batches. [at least 0 and below
        9223372036854775808; default: 0]
    epochs: Passes over the training rows; if not given, set by the effort. [above 0 and below 1000000]
    batch_size: Rows in a batch; if not given, from 16 for few training rows to 128 for many. [at least 1
        and at most 16777216]
    early_stop: End a run after N evaluations without lower validation loss; 0 = off. [at least 0 and at
        most 1000000]
    min_change: Smallest decrease of the validation loss that early stopping counts; 0 = any decrease. [at
        least 0 and below 1e+30; default: 0.0]
    clip: Clip the global norm of the gradient to this value; inf = off. [above 0]
    average: Average of the weights for evaluation: ema=0.99 (exponential), or tail=0.5 (over the last
        half of the run); 'none' turns it off.
    net: Network: units of each hidden layer, then other parts: '64-64 residual batchnorm dropout=0.2'.
        [default: 64-64]
    activation: Activation of the hidden layers. [sigmoid, tanh, relu, leaky_relu, softplus, elu; default:
        relu]
    init: Initialization of the weights. [he, glorot, lecun, zero, scaled; default: he]
    init_scale: Factor on the initial weights; 1 = unchanged. [above 0 and below 1000000; default: 1.0]
    l1: Coefficient c of the L1 penalty, the sum of c abs(w) over weights, not biases; 0 = off. [at least
        0 and below 1e+30]
    l2: Coefficient c of the L2 penalty, the sum of c w^2 / 2 over weights, not biases; 0 = off. [at least
        0 and below 1e+30]
    weight_decay: Coefficient of decoupled weight decay, as in AdamW; 0 = off. [at least 0 and below
        1e+30]
    label_smoothing: Share of a label's probability that is spread over all classes; 0 = off. [at least 0
        and below 1]
    augment: Random changes of the training inputs: 'noise=0.1', for images 'shift=1 rotate=10'; 'none'
        turns them off.
    device: Device to train on; if not given, the fastest available. [cpu, gpu]
    precision: Floating-point precision of training. [float32, float64; default: float32]
    optimizers: Optimizers to compare, such as 'sgd,adam,optax:lion(b1=0.9)'. [default: sgd, momentum,
        nesterov, local_gains, adagrad, rmsprop, adadelta, adam]
    schedules: Learning-rate schedules among which tuning chooses, such as
        'constant,cosine,step(0.1,every=10)'. [default: constant, cosine]
    tune: Hyperparameters to tune: learning rate and schedule (learning-rate), or all of an optimizer
        (all). [learning-rate, all; default: learning-rate]
    effort: Amount of work, which sets the numbers of trials, seeds and epochs; if not given, standard, or
        quick for many rows or a large network. [quick, standard, thorough]
    budget: Time that the command may take, such as 60s or 5m; numbers of trials, seeds and steps are
        chosen to fit.
    trials: Trials of each optimizer in tuning; if not given, set by the effort. [at least 2 and at most
        10000]
    tuning_seeds: Number of seeds of each trial in tuning; if not given, set by the effort. [at least 1
        and at most 1000]
    seeds: Number of fresh seeds, unused in tuning, that the result rests on; if not given, set by the
        effort. [at least 2 and at most 10000]

    Raises DataError, UsageError, NothingTrained, Stopped.
    """
    return run_study(
        "compare", X, y, target, weights, groups, test, out, notify, progress,
        {
            "baselines": baselines,
            "hyper_schedule": hyper_schedule,
            "smallest_difference": smallest_difference,
            "features": features,
            "drop": drop,
            "negative_weights": negative_weights,
            "missing": missing,
            "task": task,
            "validation": validation,
            "scaling": scaling,
            "metric": metric,
            "seed": seed,
            "epochs": epochs,
            "batch_size": batch_size,
            "early_stop": early_stop,
            "min_change": min_change,
            "clip": clip,
            "average": average,
            "net": net,
            "activation": activation,
            "init": init,
            "init_scale": init_scale,
            "l1": l1,
            "l2": l2,
            "weight_decay": weight_decay,
            "label_smoothing": label_smoothing,
            "augment": augment,
            "device": device,
            "precision": precision,
            "optimizers": optimizers,
            "schedules": schedules,
            "tune": tune,
            "effort": effort,
            "budget": budget,
            "trials": trials,
            "tuning_seeds": tuning_seeds,
            "seeds": seeds,
        },
    )  # type: ignore[return-value]  # fmt: skip


@with_renamed_keywords
def train(
    X: Table,
    y: Columns = None,
    *,
    target: str | None = None,
    weights: Columns = None,
    groups: Columns = None,
    test: TestRows = None,
    out: str | PathLike[str] | None = None,
    notify: Notify | None = None,
    progress: bool = True,
    baselines: bool = True,
    optimizer: str = "adam",
    learning_rate: float | None = None,
    schedule: str = "cosine",
    hyper_schedule: str | Sequence[str] | None = None,
    smallest_difference: float | None = None,
    features: str | Sequence[str] | None = None,
    drop: str | Sequence[str] | None = None,
    negative_weights: str = "error",
    missing: str | Sequence[str] | None = None,
    task: str = "auto",
    validation: float = 0.2,
    scaling: str | None = None,
    metric: str | None = None,
    seed: int = 0,
    epochs: float | None = None,
    batch_size: int | None = None,
    early_stop: int | None = None,
    min_change: float = 0.0,
    clip: float | None = None,
    average: str | None = None,
    net: str = "64-64",
    activation: str = "relu",
    init: str = "he",
    init_scale: float = 1.0,
    l1: float | None = None,
    l2: float | None = None,
    weight_decay: float | None = None,
    label_smoothing: float | None = None,
    augment: str | None = None,
    device: str | None = None,
    precision: str = "float32",
    seeds: int = 1,
    winner_of: str | None = None,
    winner_digest: str | None = None,
    fresh_seeds: bool = False,
    group_size: int | None = None,
    plot_schedule: str | None = None,
) -> TrainResult:
    """Train one network on DATA.

    X: Inputs: an array [N, D] or of images [N, H, W], a DataFrame, a file, or the name of a built-in set.
    y: Target: an array [N], or the name or index of the target column.
    target: Name of the target column, in place of y.
    weights: Row weights for loss and metric: an array [N], or the name of a column.
    groups: Groups of rows, each in one split: an array [N], or the name of a column.
    test: Test rows: a share of the rows, (X, y), a DataFrame where X is one, a file where X is one.
        [default: 0.2, or the test rows of the data]
    out: Folder of the run; without it, nothing is written.
    notify: Function that is called with every event.
    progress: Whether progress is shown: a bar on a terminal or in a notebook, elsewhere a line on
        standard error every 5 s. [default: True]
    baselines: Baselines on the same splits (a constant, a linear model, boosted trees); the flag leaves
        them out. [default: True]
    optimizer: Optimizer, with or without hyperparameters: adam, 'momentum(rho=0.95)', optax:lion.
        [default: adam]
    learning_rate: Learning rate that the schedule multiplies; if not given, the usual one of the
        optimizer. [above 0 and below 1e+30]
    schedule: Schedule of the learning rate: constant, cosine, 'step(0.1,every=10)', ... [default: cosine]
    hyper_schedule: Schedule of a hyperparameter besides the learning rate: 'dropout=linear(end=0.5)';
        repeatable.
    smallest_difference: Smallest difference of scores that matters, in the unit of the metric (accuracy:
        0.01 is a point); if not given, 0.005 for shares such as accuracy, auc and r2, and 1 % of the
        score for errors. [at least 0 and below 1e+30]
    features: Columns to use as features; if not given, all but target, weights and groups. Commas
        separate names.
    drop: Columns that are not features. Commas separate names.
    negative_weights: Treatment of negative weights: refuse (error), keep, take absolute values (abs), or
        drop the rows. [error, keep, abs, drop; default: error]
    missing: Values that count as missing in features and target, besides empty cells. Commas separate
        values, as in -999,?.
    task: Whether the target is a class (classify) or a number (regress); auto decides by its values.
        [auto, classify, regress; default: auto]
    validation: Share of the non-test rows for validation, which chooses learning rates and stops runs.
        [above 0 and below 1; default: 0.2]
    scaling: Standardization of the inputs (mean 0, deviation 1), on if not given; 'none' turns it off.
        [standard, none]
    metric: Score, such as log_loss, auc, mae or r2; if not given, accuracy for classes, rmse for numbers.
    seed: Random seed of all splits, initial weights and batches. [at least 0 and below
        9223372036854775808; default: 0]
    epochs: Passes over the training rows; if not given, 50, or more to reach 1,000 steps. [above 0 and
        below 1000000]
    batch_size: Rows in a batch; if not given, from 16 for few training rows to 128 for many. [at least 1
        and at most 16777216]
    early_stop: End a run after N evaluations without lower validation loss; 0 = off. [at least 0 and at
        most 1000000]
    min_change: Smallest decrease of the validation loss that early stopping counts; 0 = any decrease. [at
        least 0 and below 1e+30; default: 0.0]
    clip: Clip the global norm of the gradient to this value; inf = off. [above 0]
    average: Average of the weights for evaluation: ema=0.99 (exponential), or tail=0.5 (over the last
        half of the run); 'none' turns it off.
    net: Network: units of each hidden layer, then other parts: '64-64 residual batchnorm dropout=0.2'.
        [default: 64-64]
    activation: Activation of the hidden layers. [sigmoid, tanh, relu, leaky_relu, softplus, elu; default:
        relu]
    init: Initialization of the weights. [he, glorot, lecun, zero, scaled; default: he]
    init_scale: Factor on the initial weights; 1 = unchanged. [above 0 and below 1000000; default: 1.0]
    l1: Coefficient c of the L1 penalty, the sum of c abs(w) over weights, not biases; 0 = off. [at least
        0 and below 1e+30]
    l2: Coefficient c of the L2 penalty, the sum of c w^2 / 2 over weights, not biases; 0 = off. [at least
        0 and below 1e+30]
    weight_decay: Coefficient of decoupled weight decay, as in AdamW; 0 = off. [at least 0 and below
        1e+30]
    label_smoothing: Share of a label's probability that is spread over all classes; 0 = off. [at least 0
        and below 1]
    augment: Random changes of the training inputs: 'noise=0.1', for images 'shift=1 rotate=10'; 'none'
        turns them off.
    device: Device to train on; if not given, the fastest available. [cpu, gpu]
    precision: Floating-point precision of training. [float32, float64; default: float32]
    seeds: Number of fresh seeds, unused in tuning, that the result rests on. [at least 1 and at most
        10000; default: 1]
    winner_of: Study (compare or sweep) whose winner is trained, on the seeds that chose it; best.toml
        states it. [compare, sweep]
    winner_digest: Digest of the settings of the winner; best.toml states it. Other settings were not
        chosen.
    fresh_seeds: Train on fresh seeds, which no study uses to choose a winner. [default: False]
    group_size: Number of runs in a group, which one core or GPU advances at the same time; if not given,
        set by the memory. [at least 1 and at most 1048576]
    plot_schedule: Draw the schedules of the hyperparameters into FILE (.png, .svg, .pdf), and train
        nothing.

    Raises DataError, UsageError, NothingTrained, Stopped.
    """
    return run_study(
        "train", X, y, target, weights, groups, test, out, notify, progress,
        {
            "baselines": baselines,
            "optimizer": optimizer,
            "learning_rate": learning_rate,
            "schedule": schedule,
            "hyper_schedule": hyper_schedule,
            "smallest_difference": smallest_difference,
            "features": features,
            "drop": drop,
            "negative_weights": negative_weights,
            "missing": missing,
            "task": task,
            "validation": validation,
            "scaling": scaling,
            "metric": metric,
            "seed": seed,
            "epochs": epochs,
            "batch_size": batch_size,
            "early_stop": early_stop,
            "min_change": min_change,
            "clip": clip,
            "average": average,
            "net": net,
            "activation": activation,
            "init": init,
            "init_scale": init_scale,
            "l1": l1,
            "l2": l2,
            "weight_decay": weight_decay,
            "label_smoothing": label_smoothing,
            "augment": augment,
            "device": device,
            "precision": precision,
            "seeds": seeds,
            "winner_of": winner_of,
            "winner_digest": winner_digest,
            "fresh_seeds": fresh_seeds,
            "group_size": group_size,
            "plot_schedule": plot_schedule,
        },
    )  # type: ignore[return-value]  # fmt: skip


@with_renamed_keywords
def diagnose(
    X: Table = None,
    y: Columns = None,
    *,
    target: str | None = None,
    weights: Columns = None,
    groups: Columns = None,
    test: TestRows = None,
    out: str | PathLike[str] | None = None,
    notify: Notify | None = None,
    progress: bool = True,
    baselines: bool = True,
    optimizer: str = "adam",
    learning_rate: float | None = None,
    schedule: str = "cosine",
    hyper_schedule: str | Sequence[str] | None = None,
    smallest_difference: float | None = None,
    features: str | Sequence[str] | None = None,
    drop: str | Sequence[str] | None = None,
    negative_weights: str = "error",
    missing: str | Sequence[str] | None = None,
    task: str = "auto",
    validation: float = 0.2,
    scaling: str | None = None,
    metric: str | None = None,
    seed: int = 0,
    epochs: float | None = None,
    batch_size: int | None = None,
    early_stop: int | None = None,
    min_change: float = 0.0,
    clip: float | None = None,
    average: str | None = None,
    net: str = "64-64",
    activation: str = "relu",
    init: str = "he",
    init_scale: float = 1.0,
    l1: float | None = None,
    l2: float | None = None,
    weight_decay: float | None = None,
    label_smoothing: float | None = None,
    augment: str | None = None,
    device: str | None = None,
    precision: str = "float32",
    seeds: int = 20,
    no_proof: bool = False,
    mute: str | Sequence[str] | None = None,
    winner_of: str | None = None,
    fresh_seeds: bool = False,
    model: str | None = None,
) -> DiagnoseResult:
    """Find what is wrong with a network, and prove the remedy.

    X: Inputs: an array [N, D] or of images [N, H, W], a DataFrame, a file, or the name of a built-in set.
        Or a run (its folder, its name or 'latest') or a folder of a model, with the settings of the run.
    y: Target: an array [N], or the name or index of the target column.
    target: Name of the target column, in place of y.
    weights: Row weights for loss and metric: an array [N], or the name of a column.
    groups: Groups of rows, each in one split: an array [N], or the name of a column.
    test: Test rows: a share of the rows, (X, y), a DataFrame where X is one, a file where X is one.
        [default: 0.2, or the test rows of the data]
    out: Folder of the run; without it, nothing is written.
    notify: Function that is called with every event.
    progress: Whether progress is shown: a bar on a terminal or in a notebook, elsewhere a line on
        standard error every 5 s. [default: True]
    baselines: Baselines on the same splits (a constant, a linear model, boosted trees); the flag leaves
        them out. [default: True]
    optimizer: Optimizer, with or without hyperparameters: adam, 'momentum(rho=0.95)', optax:lion.
        [default: adam]
    learning_rate: Learning rate that the schedule multiplies; if not given, the usual one of the
        optimizer. [above 0 and below 1e+30]
    schedule: Schedule of the learning rate: constant, cosine, 'step(0.1,every=10)', ... [default: cosine]
    hyper_schedule: Schedule of a hyperparameter besides the learning rate: 'dropout=linear(end=0.5)';
        repeatable.
    smallest_difference: Smallest difference of scores that matters, in the unit of the metric (accuracy:
        0.01 is a point); if not given, 0.005 for shares such as accuracy, auc and r2, and 1 % of the
        score for errors. [at least 0 and below 1e+30]
    features: Columns to use as features; if not given, all but target, weights and groups. Commas
        separate names.
    drop: Columns that are not features. Commas separate names.
    negative_weights: Treatment of negative weights: refuse (error), keep, take absolute values (abs), or
        drop the rows. [error, keep, abs, drop; default: error]
    missing: Values that count as missing in features and target, besides empty cells. Commas separate
        values, as in -999,?.
    task: Whether the target is a class (classify) or a number (regress); auto decides by its values.
        [auto, classify, regress; default: auto]
    validation: Share of the non-test rows for validation, which chooses learning rates and stops runs.
        [above 0 and below 1; default: 0.2]
    scaling: Standardization of the inputs (mean 0, deviation 1), on if not given; 'none' turns it off.
        [standard, none]
    metric: Score, such as log_loss, auc, mae or r2; if not given, accuracy for classes, rmse for numbers.
    seed: Random seed of all splits, initial weights and batches. [at least 0 and below
        9223372036854775808; default: 0]
    epochs: Passes over the training rows; if not given, 50, or more to reach 1,000 steps. [above 0 and
        below 1000000]
    batch_size: Rows in a batch; if not given, from 16 for few training rows to 128 for many. [at least 1
        and at most 16777216]
    early_stop: End a run after N evaluations without lower validation loss; 0 = off. [at least 0 and at
        most 1000000]
    min_change: Smallest decrease of the validation loss that early stopping counts; 0 = any decrease. [at
        least 0 and below 1e+30; default: 0.0]
    clip: Clip the global norm of the gradient to this value; inf = off. [above 0]
    average: Average of the weights for evaluation: ema=0.99 (exponential), or tail=0.5 (over the last
        half of the run); 'none' turns it off.
    net: Network: units of each hidden layer, then other parts: '64-64 residual batchnorm dropout=0.2'.
        [default: 64-64]
    activation: Activation of the hidden layers. [sigmoid, tanh, relu, leaky_relu, softplus, elu; default:
        relu]
    init: Initialization of the weights. [he, glorot, lecun, zero, scaled; default: he]
    init_scale: Factor on the initial weights; 1 = unchanged. [above 0 and below 1000000; default: 1.0]
    l1: Coefficient c of the L1 penalty, the sum of c abs(w) over weights, not biases; 0 = off. [at least
        0 and below 1e+30]
    l2: Coefficient c of the L2 penalty, the sum of c w^2 / 2 over weights, not biases; 0 = off. [at least
        0 and below 1e+30]
    weight_decay: Coefficient of decoupled weight decay, as in AdamW; 0 = off. [at least 0 and below
        1e+30]
    label_smoothing: Share of a label's probability that is spread over all classes; 0 = off. [at least 0
        and below 1]
    augment: Random changes of the training inputs: 'noise=0.1', for images 'shift=1 rotate=10'; 'none'
        turns them off.
    device: Device to train on; if not given, the fastest available. [cpu, gpu]
    precision: Floating-point precision of training. [float32, float64; default: float32]
    seeds: Number of seeds on which remedies are tried; 0 = no trials. [at least 0 and at most 1000;
        default: 20]
    no_proof: Only measure the training; try no remedies, as with seeds=0. [default: False]
    mute: Codes of findings to mute, such as RAV301. Commas separate codes.
    winner_of: Study (compare or sweep) whose winner is diagnosed, on its first seed; best.toml states it.
        [compare, sweep]
    fresh_seeds: Measure a run on a fresh seed, which no study uses to choose a winner. [default: False]
    model: Trained model to examine; no new network is trained.

    Raises DataError, UsageError, NothingTrained, Stopped.
    """
    return run_study(
        "diagnose", X, y, target, weights, groups, test, out, notify, progress,
        {
            "baselines": baselines,
            "optimizer": optimizer,
            "learning_rate": learning_rate,
            "schedule": schedule,
            "hyper_schedule": hyper_schedule,
            "smallest_difference": smallest_difference,
            "features": features,
            "drop": drop,
            "negative_weights": negative_weights,
            "missing": missing,
            "task": task,
            "validation": validation,
            "scaling": scaling,
            "metric": metric,
            "seed": seed,
            "epochs": epochs,
            "batch_size": batch_size,
            "early_stop": early_stop,
            "min_change": min_change,
            "clip": clip,
            "average": average,
            "net": net,
            "activation": activation,
            "init": init,
            "init_scale": init_scale,
            "l1": l1,
            "l2": l2,
            "weight_decay": weight_decay,
            "label_smoothing": label_smoothing,
            "augment": augment,
            "device": device,
            "precision": precision,
            "seeds": seeds,
            "no_proof": no_proof,
            "mute": mute,
            "winner_of": winner_of,
            "fresh_seeds": fresh_seeds,
            "model": model,
        },
    )  # type: ignore[return-value]  # fmt: skip


@with_renamed_keywords
def sweep(
    X: Table,
    y: Columns = None,
    *,
    target: str | None = None,
    weights: Columns = None,
    groups: Columns = None,
    test: TestRows = None,
    out: str | PathLike[str] | None = None,
    notify: Notify | None = None,
    progress: bool = True,
    optimizer: str = "adam",
    learning_rate: float | None = None,
    schedule: str = "cosine",
    hyper_schedule: str | Sequence[str] | None = None,
    smallest_difference: float | None = None,
    features: str | Sequence[str] | None = None,
    drop: str | Sequence[str] | None = None,
    negative_weights: str = "error",
    missing: str | Sequence[str] | None = None,
    task: str = "auto",
    validation: float = 0.2,
    scaling: str | None = None,
    metric: str | None = None,
    seed: int = 0,
    epochs: float | None = None,
    batch_size: int | None = None,
    early_stop: int | None = None,
    min_change: float = 0.0,
    clip: float | None = None,
    average: str | None = None,
    net: str = "64-64",
    activation: str = "relu",
    init: str = "he",
    init_scale: float = 1.0,
    l1: float | None = None,
    l2: float | None = None,
    weight_decay: float | None = None,
    label_smoothing: float | None = None,
    augment: str | None = None,
    device: str | None = None,
    precision: str = "float32",
    vary: Mapping[str, object] | Sequence[str] | str | None = None,
    random: int | None = None,
    points: int = 5,
    effort: str | None = None,
    budget: str | None = None,
    trials: int | None = None,
    tuning_seeds: int | None = None,
    seeds: int | None = None,
) -> SweepResult:
    """Find out whether dropout, depth, a penalty ... helps on DATA.

    X: Inputs: an array [N, D] or of images [N, H, W], a DataFrame, a file, or the name of a built-in set.
    y: Target: an array [N], or the name or index of the target column.
    target: Name of the target column, in place of y.
    weights: Row weights for loss and metric: an array [N], or the name of a column.
    groups: Groups of rows, each in one split: an array [N], or the name of a column.
    test: Test rows: a share of the rows, (X, y), a DataFrame where X is one, a file where X is one.
        [default: 0.2, or the test rows of the data]
    out: Folder of the run; without it, nothing is written.
    notify: Function that is called with every event.
    progress: Whether progress is shown: a bar on a terminal or in a notebook, elsewhere a line on
        standard error every 5 s. [default: True]
    optimizer: Optimizer, with or without hyperparameters: adam, 'momentum(rho=0.95)', optax:lion.
        [default: adam]
    learning_rate: Learning rate that the schedule multiplies; if not given, the usual one of the
        optimizer. [above 0 and below 1e+30]
    schedule: Schedule of the learning rate: constant, cosine, 'step(0.1,every=10)', ... [default: cosine]
    hyper_schedule: Schedule of a hyperparameter besides the learning rate: 'dropout=linear(end=0.5)';
        repeatable.
    smallest_difference: Smallest difference of scores that matters, in the unit of the metric (accuracy:
        0.01 is a point); if not given, 0.005 for shares such as accuracy, auc and r2, and 1 % of the
        score for errors. [at least 0 and below 1e+30]
    features: Columns to use as features; if not given, all but target, weights and groups. Commas
        separate names.
    drop: Columns that are not features. Commas separate names.
    negative_weights: Treatment of negative weights: refuse (error), keep, take absolute values (abs), or
        drop the rows. [error, keep, abs, drop; default: error]
    missing: Values that count as missing in features and target, besides empty cells. Commas separate
        values, as in -999,?.
    task: Whether the target is a class (classify) or a number (regress); auto decides by its values.
        [auto, classify, regress; default: auto]
    validation: Share of the non-test rows for validation, which chooses learning rates and stops runs.
        [above 0 and below 1; default: 0.2]
    scaling: Standardization of the inputs (mean 0, deviation 1), on if not given; 'none' turns it off.
        [standard, none]
    metric: Score, such as log_loss, auc, mae or r2; if not given, accuracy for classes, rmse for numbers.
    seed: Random seed of all splits, initial weights and batches. [at least 0 and below
        9223372036854775808; default: 0]
    epochs: Passes over the training rows; if not given, set by the effort. [above 0 and below 1000000]
    batch_size: Rows in a batch; if not given, from 16 for few training rows to 128 for many. [at least 1
        and at most 16777216]
    early_stop: End a run after N evaluations without lower validation loss; 0 = off. [at least 0 and at
        most 1000000]
    min_change: Smallest decrease of the validation loss that early stopping counts; 0 = any decrease. [at
        least 0 and below 1e+30; default: 0.0]
    clip: Clip the global norm of the gradient to this value; inf = off. [above 0]
    average: Average of the weights for evaluation: ema=0.99 (exponential), or tail=0.5 (over the last
        half of the run); 'none' turns it off.
    net: Network: units of each hidden layer, then other parts: '64-64 residual batchnorm dropout=0.2'.
        [default: 64-64]
    activation: Activation of the hidden layers. [sigmoid, tanh, relu, leaky_relu, softplus, elu; default:
        relu]
    init: Initialization of the weights. [he, glorot, lecun, zero, scaled; default: he]
    init_scale: Factor on the initial weights; 1 = unchanged. [above 0 and below 1000000; default: 1.0]
    l1: Coefficient c of the L1 penalty, the sum of c abs(w) over weights, not biases; 0 = off. [at least
        0 and below 1e+30]
    l2: Coefficient c of the L2 penalty, the sum of c w^2 / 2 over weights, not biases; 0 = off. [at least
        0 and below 1e+30]
    weight_decay: Coefficient of decoupled weight decay, as in AdamW; 0 = off. [at least 0 and below
        1e+30]
    label_smoothing: Share of a label's probability that is spread over all classes; 0 = off. [at least 0
        and below 1]
    augment: Random changes of the training inputs: 'noise=0.1', for images 'shift=1 rotate=10'; 'none'
        turns them off.
    device: Device to train on; if not given, the fastest available. [cpu, gpu]
    precision: Floating-point precision of training. [float32, float64; default: float32]
    vary: Factor to vary and its values, such as 'l2=0,1e-4'; repeatable, once for each factor. [default:
        ]
    random: Number of configurations drawn at random; if not given, all combinations (a grid). [at least 2
        and at most 1000]
    points: Number of values that a grid takes from a range such as learning_rate=1e-4..1e-1. [at least 2
        and at most 1000; default: 5]
    effort: Amount of work, which sets the numbers of trials, seeds and epochs; if not given, quick.
        [quick, standard, thorough]
    budget: Time that the command may take, such as 60s or 5m; numbers of trials, seeds and steps are
        chosen to fit.
    trials: Learning rates that are tried for each configuration; if not given, set by the effort. [at
        least 2 and at most 10000]
    tuning_seeds: Number of seeds of each trial in tuning; if not given, set by the effort. [at least 1
        and at most 1000]
    seeds: Number of fresh seeds, unused in tuning, that the result rests on; if not given, set by the
        effort. [at least 2 and at most 10000]

    Raises DataError, UsageError, NothingTrained, Stopped.
    """
    return run_study(
        "sweep", X, y, target, weights, groups, test, out, notify, progress,
        {
            "optimizer": optimizer,
            "learning_rate": learning_rate,
            "schedule": schedule,
            "hyper_schedule": hyper_schedule,
            "smallest_difference": smallest_difference,
            "features": features,
            "drop": drop,
            "negative_weights": negative_weights,
            "missing": missing,
            "task": task,
            "validation": validation,
            "scaling": scaling,
            "metric": metric,
            "seed": seed,
            "epochs": epochs,
            "batch_size": batch_size,
            "early_stop": early_stop,
            "min_change": min_change,
            "clip": clip,
            "average": average,
            "net": net,
            "activation": activation,
            "init": init,
            "init_scale": init_scale,
            "l1": l1,
            "l2": l2,
            "weight_decay": weight_decay,
            "label_smoothing": label_smoothing,
            "augment": augment,
            "device": device,
            "precision": precision,
            "vary": vary,
            "random": random,
            "points": points,
            "effort": effort,
            "budget": budget,
            "trials": trials,
            "tuning_seeds": tuning_seeds,
            "seeds": seeds,
        },
    )  # type: ignore[return-value]  # fmt: skip


@with_renamed_keywords
def landscape(
    X: Table = None,
    y: Columns = None,
    *,
    target: str | None = None,
    weights: Columns = None,
    groups: Columns = None,
    test: TestRows = None,
    out: str | PathLike[str] | None = None,
    notify: Notify | None = None,
    progress: bool = True,
    learning_rate: float | None = None,
    schedule: str = "constant",
    features: str | Sequence[str] | None = None,
    drop: str | Sequence[str] | None = None,
    negative_weights: str = "error",
    missing: str | Sequence[str] | None = None,
    task: str = "auto",
    validation: float = 0.2,
    scaling: str | None = None,
    metric: str | None = None,
    seed: int = 0,
    epochs: float | None = None,
    batch_size: int | None = None,
    early_stop: int | None = None,
    min_change: float = 0.0,
    clip: float | None = None,
    average: str | None = None,
    net: str = "64-64",
    activation: str = "relu",
    init: str = "he",
    init_scale: float = 1.0,
    l1: float | None = None,
    l2: float | None = None,
    weight_decay: float | None = None,
    label_smoothing: float | None = None,
    augment: str | None = None,
    device: str | None = None,
    precision: str = "float32",
    optimizers: str | Sequence[str] | None = None,
    model: str | PathLike[str] | None | None = None,
    solutions: int = 3,
    grid: int = 51,
    span: float = 1.0,
    format: str = "png",
) -> LandscapeResult:
    """Show the loss around trained networks.

    X: Inputs: an array [N, D] or of images [N, H, W], a DataFrame, a file, or the name of a built-in set.
    y: Target: an array [N], or the name or index of the target column.
    target: Name of the target column, in place of y.
    weights: Row weights for loss and metric: an array [N], or the name of a column.
    groups: Groups of rows, each in one split: an array [N], or the name of a column.
    test: Test rows: a share of the rows, (X, y), a DataFrame where X is one, a file where X is one.
        [default: 0.2, or the test rows of the data]
    out: Folder of the run; without it, nothing is written.
    notify: Function that is called with every event.
    progress: Whether progress is shown: a bar on a terminal or in a notebook, elsewhere a line on
        standard error every 5 s. [default: True]
    learning_rate: Learning rate that the schedule multiplies; if not given, the usual one of the
        optimizer. [above 0 and below 1e+30]
    schedule: Schedule of the learning rate: constant, cosine, 'step(0.1,every=10)', ... [default:
        constant]
    features: Columns to use as features; if not given, all but target, weights and groups. Commas
        separate names.
    drop: Columns that are not features. Commas separate names.
    negative_weights: Treatment of negative weights: refuse (error), keep, take absolute values (abs), or
        drop the rows. [error, keep, abs, drop; default: error]
    missing: Values that count as missing in features and target, besides empty cells. Commas separate
        values, as in -999,?.
    task: Whether the target is a class (classify) or a number (regress); auto decides by its values.
        [auto, classify, regress; default: auto]
    validation: Share of the non-test rows for validation, which chooses learning rates and stops runs.
        [above 0 and below 1; default: 0.2]
    scaling: Standardization of the inputs (mean 0, deviation 1), on if not given; 'none' turns it off.
        [standard, none]
    metric: Score, such as log_loss, auc, mae or r2; if not given, accuracy for classes, rmse for numbers.
    seed: Random seed of all splits, initial weights and batches. [at least 0 and below
        9223372036854775808; default: 0]
    epochs: Passes over the training rows; if not given, 50, or more to reach 1,000 steps. [above 0 and
        below 1000000]
    batch_size: Rows in a batch; if not given, from 16 for few training rows to 128 for many. [at least 1
        and at most 16777216]
    early_stop: End a run after N evaluations without lower validation loss; 0 = off. [at least 0 and at
        most 1000000]
    min_change: Smallest decrease of the validation loss that early stopping counts; 0 = any decrease. [at
        least 0 and below 1e+30; default: 0.0]
    clip: Clip the global norm of the gradient to this value; inf = off. [above 0]
    average: Average of the weights for evaluation: ema=0.99 (exponential), or tail=0.5 (over the last
        half of the run); 'none' turns it off.
    net: Network: units of each hidden layer, then other parts: '64-64 residual batchnorm dropout=0.2'.
        [default: 64-64]
    activation: Activation of the hidden layers. [sigmoid, tanh, relu, leaky_relu, softplus, elu; default:
        relu]
    init: Initialization of the weights. [he, glorot, lecun, zero, scaled; default: he]
    init_scale: Factor on the initial weights; 1 = unchanged. [above 0 and below 1000000; default: 1.0]
    l1: Coefficient c of the L1 penalty, the sum of c abs(w) over weights, not biases; 0 = off. [at least
        0 and below 1e+30]
    l2: Coefficient c of the L2 penalty, the sum of c w^2 / 2 over weights, not biases; 0 = off. [at least
        0 and below 1e+30]
    weight_decay: Coefficient of decoupled weight decay, as in AdamW; 0 = off. [at least 0 and below
        1e+30]
    label_smoothing: Share of a label's probability that is spread over all classes; 0 = off. [at least 0
        and below 1]
    augment: Random changes of the training inputs: 'noise=0.1', for images 'shift=1 rotate=10'; 'none'
        turns them off.
    device: Device to train on; if not given, the fastest available. [cpu, gpu]
    precision: Floating-point precision of training. [float32, float64; default: float32]
    optimizers: Optimizers, such as 'sgd,adam,optax:lion(b1=0.9)'; the loss is measured around the first's
        result. [default: sgd, adam]
    model: Run or trained model around whose weights the loss is measured; nothing is trained.
    solutions: Trainings of the first optimizer on other seeds; 2 = loss barriers, 3 = also a plane
        through them. [at least 1 and at most 3; default: 3]
    grid: Number of points along each side of a plane. [at least 5 and at most 2001; default: 51]
    span: Half-width of slices and planes, in units of the length (norm) of the weights. [above 0 and
        below 1000000; default: 1.0]
    format: File format of the pictures. [png, svg, pdf; default: png]

    Raises DataError, UsageError, NothingTrained, Stopped.
    """
    return run_study(
        "landscape", X, y, target, weights, groups, test, out, notify, progress,
        {
            "learning_rate": learning_rate,
            "schedule": schedule,
            "features": features,
            "drop": drop,
            "negative_weights": negative_weights,
            "missing": missing,
            "task": task,
            "validation": validation,
            "scaling": scaling,
            "metric": metric,
            "seed": seed,
            "epochs": epochs,
            "batch_size": batch_size,
            "early_stop": early_stop,
            "min_change": min_change,
            "clip": clip,
            "average": average,
            "net": net,
            "activation": activation,
            "init": init,
            "init_scale": init_scale,
            "l1": l1,
            "l2": l2,
            "weight_decay": weight_decay,
            "label_smoothing": label_smoothing,
            "augment": augment,
            "device": device,
            "precision": precision,
            "optimizers": optimizers,
            "model": model,
            "solutions": solutions,
            "grid": grid,
            "span": span,
            "format": format,
        },
    )  # type: ignore[return-value]  # fmt: skip


@with_renamed_keywords
def memorize(
    X: Table,
    y: Columns = None,
    *,
    target: str | None = None,
    weights: Columns = None,
    groups: Columns = None,
    test: TestRows = None,
    out: str | PathLike[str] | None = None,
    notify: Notify | None = None,
    progress: bool = True,
    optimizer: str = "adam",
    learning_rate: float | None = None,
    schedule: str = "constant",
    features: str | Sequence[str] | None = None,
    drop: str | Sequence[str] | None = None,
    negative_weights: str = "error",
    missing: str | Sequence[str] | None = None,
    task: str = "auto",
    validation: float = 0.2,
    scaling: str | None = None,
    metric: str | None = None,
    seed: int = 0,
    epochs: float | None = None,
    batch_size: int | None = None,
    early_stop: int | None = None,
    min_change: float = 0.0,
    clip: float | None = None,
    average: str | None = None,
    net: str = "64-64",
    activation: str = "relu",
    init: str = "he",
    init_scale: float = 1.0,
    l1: float | None = None,
    l2: float | None = None,
    weight_decay: float | None = None,
    label_smoothing: float | None = None,
    augment: str | None = None,
    device: str | None = None,
    precision: str = "float32",
    effort: str = "standard",
    seeds: int | None = None,
) -> MemorizeResult:
    """Measure how much of DATA a network memorizes.

    X: Inputs: an array [N, D] or of images [N, H, W], a DataFrame, a file, or the name of a built-in set.
    y: Target: an array [N], or the name or index of the target column.
    target: Name of the target column, in place of y.
    weights: Row weights for loss and metric: an array [N], or the name of a column.
    groups: Groups of rows, each in one split: an array [N], or the name of a column.
    test: Test rows: a share of the rows, (X, y), a DataFrame where X is one, a file where X is one.
        [default: 0.2, or the test rows of the data]
    out: Folder of the run; without it, nothing is written.
    notify: Function that is called with every event.
    progress: Whether progress is shown: a bar on a terminal or in a notebook, elsewhere a line on
        standard error every 5 s. [default: True]
    optimizer: Optimizer, with or without hyperparameters: adam, 'momentum(rho=0.95)', optax:lion.
        [default: adam]
    learning_rate: Learning rate that the schedule multiplies; if not given, the usual one of the
        optimizer. [above 0 and below 1e+30]
    schedule: Schedule of the learning rate: constant, cosine, 'step(0.1,every=10)', ... [default:
        constant]
    features: Columns to use as features; if not given, all but target, weights and groups. Commas
        separate names.
    drop: Columns that are not features. Commas separate names.
    negative_weights: Treatment of negative weights: refuse (error), keep, take absolute values (abs), or
        drop the rows. [error, keep, abs, drop; default: error]
    missing: Values that count as missing in features and target, besides empty cells. Commas separate
        values, as in -999,?.
    task: Whether the target is a class (classify) or a number (regress); auto decides by its values.
        [auto, classify, regress; default: auto]
    validation: Share of the non-test rows for validation, which chooses learning rates and stops runs.
        [above 0 and below 1; default: 0.2]
    scaling: Standardization of the inputs (mean 0, deviation 1), on if not given; 'none' turns it off.
        [standard, none]
    metric: Score, such as log_loss, auc, mae or r2; if not given, accuracy for classes, rmse for numbers.
    seed: Random seed of all splits, initial weights and batches. [at least 0 and below
        9223372036854775808; default: 0]
    epochs: Passes over the training rows; if not given, set by the effort. [above 0 and below 1000000]
    batch_size: Rows in a batch; if not given, from 16 for few training rows to 128 for many. [at least 1
        and at most 16777216]
    early_stop: End a run after N evaluations without lower validation loss; 0 = off. [at least 0 and at
        most 1000000]
    min_change: Smallest decrease of the validation loss that early stopping counts; 0 = any decrease. [at
        least 0 and below 1e+30; default: 0.0]
    clip: Clip the global norm of the gradient to this value; inf = off. [above 0]
    average: Average of the weights for evaluation: ema=0.99 (exponential), or tail=0.5 (over the last
        half of the run); 'none' turns it off.
    net: Network: units of each hidden layer, then other parts: '64-64 residual batchnorm dropout=0.2'.
        [default: 64-64]
    activation: Activation of the hidden layers. [sigmoid, tanh, relu, leaky_relu, softplus, elu; default:
        relu]
    init: Initialization of the weights. [he, glorot, lecun, zero, scaled; default: he]
    init_scale: Factor on the initial weights; 1 = unchanged. [above 0 and below 1000000; default: 1.0]
    l1: Coefficient c of the L1 penalty, the sum of c abs(w) over weights, not biases; 0 = off. [at least
        0 and below 1e+30]
    l2: Coefficient c of the L2 penalty, the sum of c w^2 / 2 over weights, not biases; 0 = off. [at least
        0 and below 1e+30]
    weight_decay: Coefficient of decoupled weight decay, as in AdamW; 0 = off. [at least 0 and below
        1e+30]
    label_smoothing: Share of a label's probability that is spread over all classes; 0 = off. [at least 0
        and below 1]
    augment: Random changes of the training inputs: 'noise=0.1', for images 'shift=1 rotate=10'; 'none'
        turns them off.
    device: Device to train on; if not given, the fastest available. [cpu, gpu]
    precision: Floating-point precision of training. [float32, float64; default: float32]
    effort: Amount of work, which sets the numbers of networks, seeds and epochs. [quick, standard;
        default: standard]
    seeds: Number of fresh seeds, unused in tuning, that the result rests on; if not given, set by the
        effort. [at least 2 and at most 10000]

    Raises DataError, UsageError, NothingTrained, Stopped.
    """
    return run_study(
        "memorize", X, y, target, weights, groups, test, out, notify, progress,
        {
            "optimizer": optimizer,
            "learning_rate": learning_rate,
            "schedule": schedule,
            "features": features,
            "drop": drop,
            "negative_weights": negative_weights,
            "missing": missing,
            "task": task,
            "validation": validation,
            "scaling": scaling,
            "metric": metric,
            "seed": seed,
            "epochs": epochs,
            "batch_size": batch_size,
            "early_stop": early_stop,
            "min_change": min_change,
            "clip": clip,
            "average": average,
            "net": net,
            "activation": activation,
            "init": init,
            "init_scale": init_scale,
            "l1": l1,
            "l2": l2,
            "weight_decay": weight_decay,
            "label_smoothing": label_smoothing,
            "augment": augment,
            "device": device,
            "precision": precision,
            "effort": effort,
            "seeds": seeds,
        },
    )  # type: ignore[return-value]  # fmt: skip


@with_renamed_keywords
def descent(
    X: Table,
    y: Columns = None,
    *,
    target: str | None = None,
    weights: Columns = None,
    groups: Columns = None,
    test: TestRows = None,
    out: str | PathLike[str] | None = None,
    notify: Notify | None = None,
    progress: bool = True,
    optimizer: str = "adam",
    learning_rate: float | None = None,
    schedule: str = "constant",
    features: str | Sequence[str] | None = None,
    drop: str | Sequence[str] | None = None,
    negative_weights: str = "error",
    missing: str | Sequence[str] | None = None,
    task: str = "auto",
    validation: float = 0.2,
    scaling: str | None = None,
    metric: str | None = None,
    seed: int = 0,
    epochs: float | None = None,
    batch_size: int | None = None,
    early_stop: int | None = None,
    min_change: float = 0.0,
    clip: float | None = None,
    average: str | None = None,
    net: str = "64",
    activation: str = "relu",
    init: str = "he",
    init_scale: float = 1.0,
    l1: float | None = None,
    l2: float | None = None,
    weight_decay: float | None = None,
    label_smoothing: float | None = None,
    augment: str | None = None,
    device: str | None = None,
    precision: str = "float32",
    effort: str = "standard",
    seeds: int | None = None,
    label_noise: float = 0.0,
) -> DescentResult:
    """Look for double descent on DATA.

    X: Inputs: an array [N, D] or of images [N, H, W], a DataFrame, a file, or the name of a built-in set.
    y: Target: an array [N], or the name or index of the target column.
    target: Name of the target column, in place of y.
    weights: Row weights for loss and metric: an array [N], or the name of a column.
    groups: Groups of rows, each in one split: an array [N], or the name of a column.
    test: Test rows: a share of the rows, (X, y), a DataFrame where X is one, a file where X is one.
        [default: 0.2, or the test rows of the data]
    out: Folder of the run; without it, nothing is written.
    notify: Function that is called with every event.
    progress: Whether progress is shown: a bar on a terminal or in a notebook, elsewhere a line on
        standard error every 5 s. [default: True]
    optimizer: Optimizer, with or without hyperparameters: adam, 'momentum(rho=0.95)', optax:lion.
        [default: adam]
    learning_rate: Learning rate that the schedule multiplies; if not given, three times the usual one.
        [above 0 and below 1e+30]
    schedule: Schedule of the learning rate: constant, cosine, 'step(0.1,every=10)', ... [default:
        constant]
    features: Columns to use as features; if not given, all but target, weights and groups. Commas
        separate names.
    drop: Columns that are not features. Commas separate names.
    negative_weights: Treatment of negative weights: refuse (error), keep, take absolute values (abs), or
        drop the rows. [error, keep, abs, drop; default: error]
    missing: Values that count as missing in features and target, besides empty cells. Commas separate
        values, as in -999,?.
    task: Whether the target is a class (classify) or a number (regress); auto decides by its values.
        [auto, classify, regress; default: auto]
    validation: Share of the non-test rows for validation, which chooses learning rates and stops runs.
        [above 0 and below 1; default: 0.2]
    scaling: Standardization of the inputs (mean 0, deviation 1), on if not given; 'none' turns it off.
        [standard, none]
    metric: Score, such as log_loss, auc, mae or r2; if not given, accuracy for classes, rmse for numbers.
    seed: Random seed of all splits, initial weights and batches. [at least 0 and below
        9223372036854775808; default: 0]
    epochs: Passes over the training rows; if not given, set by the effort. [above 0 and below 1000000]
    batch_size: Rows in a batch; if not given, 32. [at least 1 and at most 16777216]
    early_stop: End a run after N evaluations without lower validation loss; 0 = off. [at least 0 and at
        most 1000000]
    min_change: Smallest decrease of the validation loss that early stopping counts; 0 = any decrease. [at
        least 0 and below 1e+30; default: 0.0]
    clip: Clip the global norm of the gradient to this value; inf = off. [above 0]
    average: Average of the weights for evaluation: ema=0.99 (exponential), or tail=0.5 (over the last
        half of the run); 'none' turns it off.
    net: Network: units of each hidden layer, then other parts: '64-64 residual batchnorm dropout=0.2'.
        [default: 64]
    activation: Activation of the hidden layers. [sigmoid, tanh, relu, leaky_relu, softplus, elu; default:
        relu]
    init: Initialization of the weights. [he, glorot, lecun, zero, scaled; default: he]
    init_scale: Factor on the initial weights; 1 = unchanged. [above 0 and below 1000000; default: 1.0]
    l1: Coefficient c of the L1 penalty, the sum of c abs(w) over weights, not biases; 0 = off. [at least
        0 and below 1e+30]
    l2: Coefficient c of the L2 penalty, the sum of c w^2 / 2 over weights, not biases; 0 = off. [at least
        0 and below 1e+30]
    weight_decay: Coefficient of decoupled weight decay, as in AdamW; 0 = off. [at least 0 and below
        1e+30]
    label_smoothing: Share of a label's probability that is spread over all classes; 0 = off. [at least 0
        and below 1]
    augment: Random changes of the training inputs: 'noise=0.1', for images 'shift=1 rotate=10'; 'none'
        turns them off.
    device: Device to train on; if not given, the fastest available. [cpu, gpu]
    precision: Floating-point precision of training. [float32, float64; default: float32]
    effort: Amount of work, which sets the numbers of networks, seeds and epochs. [quick, standard;
        default: standard]
    seeds: Number of fresh seeds, unused in tuning, that the result rests on; if not given, set by the
        effort. [at least 2 and at most 10000]
    label_noise: Share of the training labels that are replaced by random ones; 0 = off. [at least 0 and
        at most 1; default: 0.0]

    Raises DataError, UsageError, NothingTrained, Stopped.
    """
    return run_study(
        "descent", X, y, target, weights, groups, test, out, notify, progress,
        {
            "optimizer": optimizer,
            "learning_rate": learning_rate,
            "schedule": schedule,
            "features": features,
            "drop": drop,
            "negative_weights": negative_weights,
            "missing": missing,
            "task": task,
            "validation": validation,
            "scaling": scaling,
            "metric": metric,
            "seed": seed,
            "epochs": epochs,
            "batch_size": batch_size,
            "early_stop": early_stop,
            "min_change": min_change,
            "clip": clip,
            "average": average,
            "net": net,
            "activation": activation,
            "init": init,
            "init_scale": init_scale,
            "l1": l1,
            "l2": l2,
            "weight_decay": weight_decay,
            "label_smoothing": label_smoothing,
            "augment": augment,
            "device": device,
            "precision": precision,
            "effort": effort,
            "seeds": seeds,
            "label_noise": label_noise,
        },
    )  # type: ignore[return-value]  # fmt: skip
