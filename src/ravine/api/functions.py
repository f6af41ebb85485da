"""Python functions: arrays, tables or files in, results out. Written by `scripts/generate_api.py`.

result = compare(X, y)              X [N, D], y [N]: arrays, or a DataFrame and a Series
result = compare(frame, "price")    a DataFrame and the name of its target
result = compare("data.csv", "price")
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
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


def load_model(path: str | PathLike[str], *, trust: bool = False) -> Model:
    """Return a trained model from its folder, one of its files, or a run.

    trust: whether a Python file of the model's network may run, also if it was never named on this machine.
    Raises DataError if the model is missing, damaged or not complete, UsageError for such a file without
    trust.
    """
    from ravine.execution.saved_model import Model

    return Model.load(Path(path), trust)


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
    rows: int = 0,
    missing: str | Sequence[str] | None = None,
    max_expand: float = 200.0,
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
    net: str | Callable[..., object] = "64-64",
    loss: str | Callable[..., object] | None = None,
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
    engine: str = "threads",
    trust: bool = False,
    optimizers: Sequence[str | Callable[..., object]] | str | None = None,
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
    groups: Group of each row: an array [N], or the name of a column; random splits into training,
        validation and test rows never divide a group. Test rows from a file may share groups with other
        rows.
    test: Test rows: a share of the rows; a file where X is a file or a DataFrame; (X, y) where X is an
        array or a DataFrame; a DataFrame where X is one. [default: 0.2, or the test rows of the data]
    out: Folder of the run; without it, nothing is written.
    notify: Function that is called with every event.
    progress: Whether progress is shown: a bar on a terminal or in a notebook, elsewhere a line on
        standard error every 5 s. [default: True]
    baselines: Comparison of the network with baselines on the same splits: a constant, a linear model and
        boosted trees; made by default. [default: True]
    hyper_schedule: Name of a hyperparameter other than the learning rate, and the schedule that
        multiplies its value, such as 'dropout=linear(end=0.5)'; may be given several times.
    smallest_difference: Smallest difference of two scores that matters in practice, in the unit of the
        metric (0.01 of accuracy is one percentage point); if not given, 0.005 for shares such as
        accuracy, auc and r2, and 1 % of the larger score for errors such as rmse. [at least 0 and below
        1e+30]
    features: Columns to use as features; if not given, all columns but target, weights, groups, and
        useless columns such as identifiers and constants. Commas separate the names.
    drop: Columns to leave out of the features. Commas separate the names.
    negative_weights: Treatment of negative row weights: refuse the data (error), keep them, take their
        absolute values (abs), or drop their rows. [error, keep, abs, drop; default: error]
    rows: Number of training and validation rows to use, drawn at random, for a first answer on large
        data; test rows stay the same; 0 = all rows. [at least 0; default: 0]
    missing: Values that count as missing in features and target, besides empty cells and the codes that
        the reader detects. Commas separate the values, as in -999,?.
    max_expand: Largest number of bytes that the data may take in memory, as a multiple of the bytes of
        their file. The limit protects against damaged files, which can announce any size. [at least 1;
        default: 200.0]
    task: Kind of the target: classes (classify) or numbers (regress); auto decides by the values of the
        target. [auto, classify, regress; default: auto]
    validation: Share of the rows outside the test set that become validation rows, on which networks are
        scored. [above 0 and below 1; default: 0.2]
    scaling: Scaling of the inputs: to mean 0 and standard deviation 1 (standard, also if not given), or
        none. [standard, none]
    metric: Metric that scores the predictions, such as log_loss, auc, mae or r2; if not given, accuracy
        for a target of classes, rmse for a target of numbers.
    seed: Root seed, from which all random numbers derive: splits, initial weights, batch order and
        dropout. [at least 0 and below 9223372036854775808; default: 0]
    epochs: Passes over the training rows; if not given, set by the effort. [above 0 and below 1000000]
    batch_size: Rows in a batch; if not given, from 16 for few training rows to 128 for many. [at least 1
        and at most 16777216]
    early_stop: Number of evaluations in a row without a lower validation loss after which a run ends with
        its best weights; 0 = no early stopping. [at least 0 and at most 1000000]
    min_change: Amount by which the validation loss must fall below its lowest value for early stopping to
        count the evaluation as better; 0 = any amount. [at least 0 and below 1e+30; default: 0.0]
    clip: Largest norm of the gradient over all parameters; a gradient with a larger norm is scaled down
        to this norm; inf = off. [above 0]
    average: Average of the weights over training steps, used in evaluation and in the saved network:
        ema=0.99 (exponential), or tail=0.5 (over the steps after half of the run); 'none' turns it off.
    net: Network: the number of units of each hidden layer, then further words, such as '64-64 residual
        batchnorm dropout=0.2', or own.py:Mixer from a Python file. [default: 64-64]
    loss: Loss that training minimizes, such as own.py:huber from a Python file; if not given, the cross
        entropy for classes and the squared error for numbers.
    activation: Activation function of all hidden layers of the network. [sigmoid, tanh, relu, leaky_relu,
        softplus, elu; default: relu]
    init: Distribution from which the initial weights of the network are drawn. [he, glorot, lecun, zero,
        scaled; default: he]
    init_scale: Factor by which the initial weights are multiplied; 1 = unchanged. [above 0 and below
        1000000; default: 1.0]
    l1: Coefficient c of the L1 penalty, which adds the sum of c abs(w) over all weights w, not biases, to
        the loss; 0 = off. [at least 0 and below 1e+30]
    l2: Coefficient c of the L2 penalty, which adds the sum of c w^2 / 2 over all weights w, not biases,
        to the loss; 0 = off. [at least 0 and below 1e+30]
    weight_decay: Coefficient c of decoupled weight decay: each step also subtracts c x current learning
        rate x w from every weight w, not from biases, as in AdamW; 0 = off. [at least 0 and below 1e+30]
    label_smoothing: Share of the target probability that is moved from the labeled class to all classes
        in equal parts; 0 = off. [at least 0 and below 1]
    augment: Random changes of the training inputs (augmentation), each with its strength: 'noise=0.1',
        for images also 'shift=1 rotate=10'; 'none' turns them off.
    device: Kind of device to train on; if not given, JAX's own choice: a GPU if there is one, else the
        CPU. [cpu, gpu]
    precision: Floating-point type of weights and inputs in training and evaluation. [float32, float64;
        default: float32]
    engine: Workers that train the networks, with the same results: threads, processes, N local workers of
        Dask (dask:local:N), or the workers of a Dask scheduler (dask:tls://HOST:PORT). [default: threads]
    trust: Permission to run the Python files that a run, a model or a configuration file names, also if
        they were never named on this machine. [default: False]
    optimizers: Optimizers to compare, with or without hyperparameters, such as
        'sgd,adam,optax:lion(b1=0.9)'. [default: sgd, momentum, nesterov, local_gains, adagrad, rmsprop,
        adadelta, adam]
    schedules: Learning-rate schedules from which tuning chooses one for each optimizer, such as
        'constant,cosine,step(0.1,every=10)'. [default: constant, cosine]
    tune: Hyperparameters to tune: learning rate and schedule (learning-rate), or also all others of each
        optimizer (all). [learning-rate, all; default: learning-rate]
    effort: Named amount of work, which sets the numbers of trials, seeds and steps; if not given,
        standard, or quick for many rows or a large network. [quick, standard, thorough]
    budget: Limit on the estimated time of the command, such as 60s or 5m. The largest numbers of trials,
        seeds and steps that fit are used, at most those of the effort thorough.
    trials: Number of trials of each optimizer in tuning (a trial is a learning rate with a schedule and
        other tuned hyperparameters); if not given, set by the effort. [at least 2 and at most 10000]
    tuning_seeds: Number of seeds on which tuning trains each trial, such as a learning rate with a
        schedule; if not given, set by the effort. [at least 1 and at most 1000]
    seeds: Number of seeds, unused in any tuning, on which the reported scores are measured; if not given,
        set by the effort. [at least 2 and at most 10000]

    Raises DataError for data or files that cannot be used, UsageError for unsuitable arguments,
    NothingTrained if every run that the result needs diverged, and Stopped on a stop request.
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
            "rows": rows,
            "missing": missing,
            "max_expand": max_expand,
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
            "loss": loss,
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
            "engine": engine,
            "trust": trust,
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
    optimizer: str | Callable[..., object] = "adam",
    learning_rate: float | None = None,
    schedule: str = "cosine",
    hyper_schedule: str | Sequence[str] | None = None,
    smallest_difference: float | None = None,
    features: str | Sequence[str] | None = None,
    drop: str | Sequence[str] | None = None,
    negative_weights: str = "error",
    rows: int = 0,
    missing: str | Sequence[str] | None = None,
    max_expand: float = 200.0,
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
    net: str | Callable[..., object] = "64-64",
    loss: str | Callable[..., object] | None = None,
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
    engine: str = "threads",
    trust: bool = False,
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
    groups: Group of each row: an array [N], or the name of a column; random splits into training,
        validation and test rows never divide a group. Test rows from a file may share groups with other
        rows.
    test: Test rows: a share of the rows; a file where X is a file or a DataFrame; (X, y) where X is an
        array or a DataFrame; a DataFrame where X is one. [default: 0.2, or the test rows of the data]
    out: Folder of the run; without it, nothing is written.
    notify: Function that is called with every event.
    progress: Whether progress is shown: a bar on a terminal or in a notebook, elsewhere a line on
        standard error every 5 s. [default: True]
    baselines: Comparison of the network with baselines on the same splits: a constant, a linear model and
        boosted trees; made by default. [default: True]
    optimizer: Optimizer, with or without hyperparameters, such as adam, 'momentum(rho=0.95)', optax:lion,
        or own.py:lion from a Python file. [default: adam]
    learning_rate: Learning rate, which the schedule multiplies by a factor at each step; if not given,
        the usual one of the optimizer. [above 0 and below 1e+30]
    schedule: Schedule, the factor on the learning rate at each step: constant, cosine,
        'step(0.1,every=10)' and others. [default: cosine]
    hyper_schedule: Name of a hyperparameter other than the learning rate, and the schedule that
        multiplies its value, such as 'dropout=linear(end=0.5)'; may be given several times.
    smallest_difference: Smallest difference of two scores that matters in practice, in the unit of the
        metric (0.01 of accuracy is one percentage point); if not given, 0.005 for shares such as
        accuracy, auc and r2, and 1 % of the larger score for errors such as rmse. [at least 0 and below
        1e+30]
    features: Columns to use as features; if not given, all columns but target, weights, groups, and
        useless columns such as identifiers and constants. Commas separate the names.
    drop: Columns to leave out of the features. Commas separate the names.
    negative_weights: Treatment of negative row weights: refuse the data (error), keep them, take their
        absolute values (abs), or drop their rows. [error, keep, abs, drop; default: error]
    rows: Number of training and validation rows to use, drawn at random, for a first answer on large
        data; test rows stay the same; 0 = all rows. [at least 0; default: 0]
    missing: Values that count as missing in features and target, besides empty cells and the codes that
        the reader detects. Commas separate the values, as in -999,?.
    max_expand: Largest number of bytes that the data may take in memory, as a multiple of the bytes of
        their file. The limit protects against damaged files, which can announce any size. [at least 1;
        default: 200.0]
    task: Kind of the target: classes (classify) or numbers (regress); auto decides by the values of the
        target. [auto, classify, regress; default: auto]
    validation: Share of the rows outside the test set that become validation rows, on which networks are
        scored. [above 0 and below 1; default: 0.2]
    scaling: Scaling of the inputs: to mean 0 and standard deviation 1 (standard, also if not given), or
        none. [standard, none]
    metric: Metric that scores the predictions, such as log_loss, auc, mae or r2; if not given, accuracy
        for a target of classes, rmse for a target of numbers.
    seed: Root seed, from which all random numbers derive: splits, initial weights, batch order and
        dropout. [at least 0 and below 9223372036854775808; default: 0]
    epochs: Passes over the training rows; if not given, 50, or more if 50 are fewer than 1,000 steps.
        [above 0 and below 1000000]
    batch_size: Rows in a batch; if not given, from 16 for few training rows to 128 for many. [at least 1
        and at most 16777216]
    early_stop: Number of evaluations in a row without a lower validation loss after which a run ends with
        its best weights; 0 = no early stopping. [at least 0 and at most 1000000]
    min_change: Amount by which the validation loss must fall below its lowest value for early stopping to
        count the evaluation as better; 0 = any amount. [at least 0 and below 1e+30; default: 0.0]
    clip: Largest norm of the gradient over all parameters; a gradient with a larger norm is scaled down
        to this norm; inf = off. [above 0]
    average: Average of the weights over training steps, used in evaluation and in the saved network:
        ema=0.99 (exponential), or tail=0.5 (over the steps after half of the run); 'none' turns it off.
    net: Network: the number of units of each hidden layer, then further words, such as '64-64 residual
        batchnorm dropout=0.2', or own.py:Mixer from a Python file. [default: 64-64]
    loss: Loss that training minimizes, such as own.py:huber from a Python file; if not given, the cross
        entropy for classes and the squared error for numbers.
    activation: Activation function of all hidden layers of the network. [sigmoid, tanh, relu, leaky_relu,
        softplus, elu; default: relu]
    init: Distribution from which the initial weights of the network are drawn. [he, glorot, lecun, zero,
        scaled; default: he]
    init_scale: Factor by which the initial weights are multiplied; 1 = unchanged. [above 0 and below
        1000000; default: 1.0]
    l1: Coefficient c of the L1 penalty, which adds the sum of c abs(w) over all weights w, not biases, to
        the loss; 0 = off. [at least 0 and below 1e+30]
    l2: Coefficient c of the L2 penalty, which adds the sum of c w^2 / 2 over all weights w, not biases,
        to the loss; 0 = off. [at least 0 and below 1e+30]
    weight_decay: Coefficient c of decoupled weight decay: each step also subtracts c x current learning
        rate x w from every weight w, not from biases, as in AdamW; 0 = off. [at least 0 and below 1e+30]
    label_smoothing: Share of the target probability that is moved from the labeled class to all classes
        in equal parts; 0 = off. [at least 0 and below 1]
    augment: Random changes of the training inputs (augmentation), each with its strength: 'noise=0.1',
        for images also 'shift=1 rotate=10'; 'none' turns them off.
    device: Kind of device to train on; if not given, JAX's own choice: a GPU if there is one, else the
        CPU. [cpu, gpu]
    precision: Floating-point type of weights and inputs in training and evaluation. [float32, float64;
        default: float32]
    engine: Workers that train the networks, with the same results: threads, processes, N local workers of
        Dask (dask:local:N), or the workers of a Dask scheduler (dask:tls://HOST:PORT). [default: threads]
    trust: Permission to run the Python files that a run, a model or a configuration file names, also if
        they were never named on this machine. [default: False]
    seeds: Number of seeds, unused in any tuning, on which the reported scores are measured. [at least 1
        and at most 10000; default: 1]
    winner_of: Command (compare or sweep) that chose these settings as its winner. The training then uses
        the seeds on which this command evaluated the winner, unless fresh_seeds is given. The command
        writes this option into best.toml. [compare, sweep]
    winner_digest: Digest (hash) of the settings of a winner of compare or sweep, from the file best.toml.
        If the settings of this training have another digest, the report omits the remark that the seeds
        chose these settings.
    fresh_seeds: Train on fresh seeds, which no compare or sweep uses to choose its winner, so that this
        choice does not bias the scores. [default: False]
    group_size: Number of runs that one core or one GPU advances at the same time; if not given, set by
        the size of the network and the memory. [at least 1 and at most 1048576]
    plot_schedule: Draw the schedules of the learning rate and of other hyperparameters into the picture
        FILE (.png, .svg or .pdf), and train nothing.

    Raises DataError for data or files that cannot be used, UsageError for unsuitable arguments,
    NothingTrained if every run that the result needs diverged, and Stopped on a stop request.
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
            "rows": rows,
            "missing": missing,
            "max_expand": max_expand,
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
            "loss": loss,
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
            "engine": engine,
            "trust": trust,
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
    optimizer: str | Callable[..., object] = "adam",
    learning_rate: float | None = None,
    schedule: str = "cosine",
    hyper_schedule: str | Sequence[str] | None = None,
    smallest_difference: float | None = None,
    features: str | Sequence[str] | None = None,
    drop: str | Sequence[str] | None = None,
    negative_weights: str = "error",
    rows: int = 0,
    missing: str | Sequence[str] | None = None,
    max_expand: float = 200.0,
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
    net: str | Callable[..., object] = "64-64",
    loss: str | Callable[..., object] | None = None,
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
    engine: str = "threads",
    trust: bool = False,
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
    groups: Group of each row: an array [N], or the name of a column; random splits into training,
        validation and test rows never divide a group. Test rows from a file may share groups with other
        rows.
    test: Test rows: a share of the rows; a file where X is a file or a DataFrame; (X, y) where X is an
        array or a DataFrame; a DataFrame where X is one. [default: 0.2, or the test rows of the data]
    out: Folder of the run; without it, nothing is written.
    notify: Function that is called with every event.
    progress: Whether progress is shown: a bar on a terminal or in a notebook, elsewhere a line on
        standard error every 5 s. [default: True]
    baselines: Comparison of the network with baselines on the same splits: a constant, a linear model and
        boosted trees; made by default. [default: True]
    optimizer: Optimizer, with or without hyperparameters, such as adam, 'momentum(rho=0.95)', optax:lion,
        or own.py:lion from a Python file. [default: adam]
    learning_rate: Learning rate, which the schedule multiplies by a factor at each step; if not given,
        the usual one of the optimizer. [above 0 and below 1e+30]
    schedule: Schedule, the factor on the learning rate at each step: constant, cosine,
        'step(0.1,every=10)' and others. [default: cosine]
    hyper_schedule: Name of a hyperparameter other than the learning rate, and the schedule that
        multiplies its value, such as 'dropout=linear(end=0.5)'; may be given several times.
    smallest_difference: Smallest difference of two scores that matters in practice, in the unit of the
        metric (0.01 of accuracy is one percentage point); if not given, 0.005 for shares such as
        accuracy, auc and r2, and 1 % of the larger score for errors such as rmse. [at least 0 and below
        1e+30]
    features: Columns to use as features; if not given, all columns but target, weights, groups, and
        useless columns such as identifiers and constants. Commas separate the names.
    drop: Columns to leave out of the features. Commas separate the names.
    negative_weights: Treatment of negative row weights: refuse the data (error), keep them, take their
        absolute values (abs), or drop their rows. [error, keep, abs, drop; default: error]
    rows: Number of training and validation rows to use, drawn at random, for a first answer on large
        data; test rows stay the same; 0 = all rows. [at least 0; default: 0]
    missing: Values that count as missing in features and target, besides empty cells and the codes that
        the reader detects. Commas separate the values, as in -999,?.
    max_expand: Largest number of bytes that the data may take in memory, as a multiple of the bytes of
        their file. The limit protects against damaged files, which can announce any size. [at least 1;
        default: 200.0]
    task: Kind of the target: classes (classify) or numbers (regress); auto decides by the values of the
        target. [auto, classify, regress; default: auto]
    validation: Share of the rows outside the test set that become validation rows, on which networks are
        scored. [above 0 and below 1; default: 0.2]
    scaling: Scaling of the inputs: to mean 0 and standard deviation 1 (standard, also if not given), or
        none. [standard, none]
    metric: Metric that scores the predictions, such as log_loss, auc, mae or r2; if not given, accuracy
        for a target of classes, rmse for a target of numbers.
    seed: Root seed, from which all random numbers derive: splits, initial weights, batch order and
        dropout. [at least 0 and below 9223372036854775808; default: 0]
    epochs: Passes over the training rows; if not given, 50, or more if 50 are fewer than 1,000 steps.
        [above 0 and below 1000000]
    batch_size: Rows in a batch; if not given, from 16 for few training rows to 128 for many. [at least 1
        and at most 16777216]
    early_stop: Number of evaluations in a row without a lower validation loss after which a run ends with
        its best weights; 0 = no early stopping. [at least 0 and at most 1000000]
    min_change: Amount by which the validation loss must fall below its lowest value for early stopping to
        count the evaluation as better; 0 = any amount. [at least 0 and below 1e+30; default: 0.0]
    clip: Largest norm of the gradient over all parameters; a gradient with a larger norm is scaled down
        to this norm; inf = off. [above 0]
    average: Average of the weights over training steps, used in evaluation and in the saved network:
        ema=0.99 (exponential), or tail=0.5 (over the steps after half of the run); 'none' turns it off.
    net: Network: the number of units of each hidden layer, then further words, such as '64-64 residual
        batchnorm dropout=0.2', or own.py:Mixer from a Python file. [default: 64-64]
    loss: Loss that training minimizes, such as own.py:huber from a Python file; if not given, the cross
        entropy for classes and the squared error for numbers.
    activation: Activation function of all hidden layers of the network. [sigmoid, tanh, relu, leaky_relu,
        softplus, elu; default: relu]
    init: Distribution from which the initial weights of the network are drawn. [he, glorot, lecun, zero,
        scaled; default: he]
    init_scale: Factor by which the initial weights are multiplied; 1 = unchanged. [above 0 and below
        1000000; default: 1.0]
    l1: Coefficient c of the L1 penalty, which adds the sum of c abs(w) over all weights w, not biases, to
        the loss; 0 = off. [at least 0 and below 1e+30]
    l2: Coefficient c of the L2 penalty, which adds the sum of c w^2 / 2 over all weights w, not biases,
        to the loss; 0 = off. [at least 0 and below 1e+30]
    weight_decay: Coefficient c of decoupled weight decay: each step also subtracts c x current learning
        rate x w from every weight w, not from biases, as in AdamW; 0 = off. [at least 0 and below 1e+30]
    label_smoothing: Share of the target probability that is moved from the labeled class to all classes
        in equal parts; 0 = off. [at least 0 and below 1]
    augment: Random changes of the training inputs (augmentation), each with its strength: 'noise=0.1',
        for images also 'shift=1 rotate=10'; 'none' turns them off.
    device: Kind of device to train on; if not given, JAX's own choice: a GPU if there is one, else the
        CPU. [cpu, gpu]
    precision: Floating-point type of weights and inputs in training and evaluation. [float32, float64;
        default: float32]
    engine: Workers that train the networks, with the same results: threads, processes, N local workers of
        Dask (dask:local:N), or the workers of a Dask scheduler (dask:tls://HOST:PORT). [default: threads]
    trust: Permission to run the Python files that a run, a model or a configuration file names, also if
        they were never named on this machine. [default: False]
    seeds: Number of seeds on which each remedy is tried, and of fresh seeds that must confirm the best
        remedy; 0 or 1 = no remedy is tried. [at least 0 and at most 1000; default: 20]
    no_proof: Only measure the training and report its faults; try no remedies, as with seeds=0. [default:
        False]
    mute: Codes of findings that do not count as faults and for which no remedy is tried, such as RAV301.
        Commas separate the codes.
    winner_of: Command (compare or sweep) whose winner is diagnosed. The measured training then uses the
        first seed on which this command evaluated the winner, unless fresh_seeds is given. The command
        writes this option into best.toml. [compare, sweep]
    fresh_seeds: Measure the training on a fresh seed, which no compare or sweep uses to choose its
        winner. [default: False]
    model: Trained model to diagnose as it is, on the data it was trained on; no new network is trained.

    Raises DataError for data or files that cannot be used, UsageError for unsuitable arguments,
    NothingTrained if every run that the result needs diverged, and Stopped on a stop request.
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
            "rows": rows,
            "missing": missing,
            "max_expand": max_expand,
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
            "loss": loss,
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
            "engine": engine,
            "trust": trust,
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
    optimizer: str | Callable[..., object] = "adam",
    learning_rate: float | None = None,
    schedule: str = "cosine",
    hyper_schedule: str | Sequence[str] | None = None,
    smallest_difference: float | None = None,
    features: str | Sequence[str] | None = None,
    drop: str | Sequence[str] | None = None,
    negative_weights: str = "error",
    rows: int = 0,
    missing: str | Sequence[str] | None = None,
    max_expand: float = 200.0,
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
    net: str | Callable[..., object] = "64-64",
    loss: str | Callable[..., object] | None = None,
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
    engine: str = "threads",
    trust: bool = False,
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
    groups: Group of each row: an array [N], or the name of a column; random splits into training,
        validation and test rows never divide a group. Test rows from a file may share groups with other
        rows.
    test: Test rows: a share of the rows; a file where X is a file or a DataFrame; (X, y) where X is an
        array or a DataFrame; a DataFrame where X is one. [default: 0.2, or the test rows of the data]
    out: Folder of the run; without it, nothing is written.
    notify: Function that is called with every event.
    progress: Whether progress is shown: a bar on a terminal or in a notebook, elsewhere a line on
        standard error every 5 s. [default: True]
    optimizer: Optimizer, with or without hyperparameters, such as adam, 'momentum(rho=0.95)', optax:lion,
        or own.py:lion from a Python file. [default: adam]
    learning_rate: Learning rate of every configuration, which the schedule multiplies by a factor at each
        step; if not given, tuned for each configuration. [above 0 and below 1e+30]
    schedule: Schedule, the factor on the learning rate at each step: constant, cosine,
        'step(0.1,every=10)' and others. [default: cosine]
    hyper_schedule: Name of a hyperparameter other than the learning rate, and the schedule that
        multiplies its value, such as 'dropout=linear(end=0.5)'; may be given several times.
    smallest_difference: Smallest difference of two scores that matters in practice, in the unit of the
        metric (0.01 of accuracy is one percentage point); if not given, 0.005 for shares such as
        accuracy, auc and r2, and 1 % of the larger score for errors such as rmse. [at least 0 and below
        1e+30]
    features: Columns to use as features; if not given, all columns but target, weights, groups, and
        useless columns such as identifiers and constants. Commas separate the names.
    drop: Columns to leave out of the features. Commas separate the names.
    negative_weights: Treatment of negative row weights: refuse the data (error), keep them, take their
        absolute values (abs), or drop their rows. [error, keep, abs, drop; default: error]
    rows: Number of training and validation rows to use, drawn at random, for a first answer on large
        data; test rows stay the same; 0 = all rows. [at least 0; default: 0]
    missing: Values that count as missing in features and target, besides empty cells and the codes that
        the reader detects. Commas separate the values, as in -999,?.
    max_expand: Largest number of bytes that the data may take in memory, as a multiple of the bytes of
        their file. The limit protects against damaged files, which can announce any size. [at least 1;
        default: 200.0]
    task: Kind of the target: classes (classify) or numbers (regress); auto decides by the values of the
        target. [auto, classify, regress; default: auto]
    validation: Share of the rows outside the test set that become validation rows, on which networks are
        scored. [above 0 and below 1; default: 0.2]
    scaling: Scaling of the inputs: to mean 0 and standard deviation 1 (standard, also if not given), or
        none. [standard, none]
    metric: Metric that scores the predictions, such as log_loss, auc, mae or r2; if not given, accuracy
        for a target of classes, rmse for a target of numbers.
    seed: Root seed, from which all random numbers derive: splits, initial weights, batch order and
        dropout. [at least 0 and below 9223372036854775808; default: 0]
    epochs: Passes over the training rows; if not given, set by the effort. [above 0 and below 1000000]
    batch_size: Rows in a batch; if not given, from 16 for few training rows to 128 for many. [at least 1
        and at most 16777216]
    early_stop: Number of evaluations in a row without a lower validation loss after which a run ends with
        its best weights; 0 = no early stopping. [at least 0 and at most 1000000]
    min_change: Amount by which the validation loss must fall below its lowest value for early stopping to
        count the evaluation as better; 0 = any amount. [at least 0 and below 1e+30; default: 0.0]
    clip: Largest norm of the gradient over all parameters; a gradient with a larger norm is scaled down
        to this norm; inf = off. [above 0]
    average: Average of the weights over training steps, used in evaluation and in the saved network:
        ema=0.99 (exponential), or tail=0.5 (over the steps after half of the run); 'none' turns it off.
    net: Network: the number of units of each hidden layer, then further words, such as '64-64 residual
        batchnorm dropout=0.2', or own.py:Mixer from a Python file. [default: 64-64]
    loss: Loss that training minimizes, such as own.py:huber from a Python file; if not given, the cross
        entropy for classes and the squared error for numbers.
    activation: Activation function of all hidden layers of the network. [sigmoid, tanh, relu, leaky_relu,
        softplus, elu; default: relu]
    init: Distribution from which the initial weights of the network are drawn. [he, glorot, lecun, zero,
        scaled; default: he]
    init_scale: Factor by which the initial weights are multiplied; 1 = unchanged. [above 0 and below
        1000000; default: 1.0]
    l1: Coefficient c of the L1 penalty, which adds the sum of c abs(w) over all weights w, not biases, to
        the loss; 0 = off. [at least 0 and below 1e+30]
    l2: Coefficient c of the L2 penalty, which adds the sum of c w^2 / 2 over all weights w, not biases,
        to the loss; 0 = off. [at least 0 and below 1e+30]
    weight_decay: Coefficient c of decoupled weight decay: each step also subtracts c x current learning
        rate x w from every weight w, not from biases, as in AdamW; 0 = off. [at least 0 and below 1e+30]
    label_smoothing: Share of the target probability that is moved from the labeled class to all classes
        in equal parts; 0 = off. [at least 0 and below 1]
    augment: Random changes of the training inputs (augmentation), each with its strength: 'noise=0.1',
        for images also 'shift=1 rotate=10'; 'none' turns them off.
    device: Kind of device to train on; if not given, JAX's own choice: a GPU if there is one, else the
        CPU. [cpu, gpu]
    precision: Floating-point type of weights and inputs in training and evaluation. [float32, float64;
        default: float32]
    engine: Workers that train the networks, with the same results: threads, processes, N local workers of
        Dask (dask:local:N), or the workers of a Dask scheduler (dask:tls://HOST:PORT). [default: threads]
    trust: Permission to run the Python files that a run, a model or a configuration file names, also if
        they were never named on this machine. [default: False]
    vary: Factor to vary (an option, a word of net or a hyperparameter of the optimizer) with its values,
        such as 'l2=0,1e-4'; may be given several times, once for each factor. [default: ]
    random: Number of configurations to draw at random from the values of vary; if not given, all
        combinations of these values are used (a grid). [at least 2 and at most 1000]
    points: Number of values that a grid of configurations takes from each range of vary, such as
        learning_rate=1e-4..1e-1. [at least 2 and at most 1000; default: 5]
    effort: Named amount of work, which sets the numbers of trials, seeds and steps; if not given, quick.
        [quick, standard, thorough]
    budget: Limit on the estimated time of the command, such as 60s or 5m. The largest numbers of trials,
        seeds and steps that fit are used, at most those of the effort thorough.
    trials: Number of learning rates that tuning tries for each configuration; if not given, set by the
        effort. [at least 2 and at most 10000]
    tuning_seeds: Number of seeds on which tuning trains each trial, such as a learning rate with a
        schedule; if not given, set by the effort. [at least 1 and at most 1000]
    seeds: Number of seeds, unused in any tuning, on which the reported scores are measured; if not given,
        set by the effort. [at least 2 and at most 10000]

    Raises DataError for data or files that cannot be used, UsageError for unsuitable arguments,
    NothingTrained if every run that the result needs diverged, and Stopped on a stop request.
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
            "rows": rows,
            "missing": missing,
            "max_expand": max_expand,
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
            "loss": loss,
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
            "engine": engine,
            "trust": trust,
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
    rows: int = 0,
    missing: str | Sequence[str] | None = None,
    max_expand: float = 200.0,
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
    net: str | Callable[..., object] = "64-64",
    loss: str | Callable[..., object] | None = None,
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
    engine: str = "threads",
    trust: bool = False,
    optimizers: Sequence[str | Callable[..., object]] | str | None = None,
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
    groups: Group of each row: an array [N], or the name of a column; random splits into training,
        validation and test rows never divide a group. Test rows from a file may share groups with other
        rows.
    test: Test rows: a share of the rows; a file where X is a file or a DataFrame; (X, y) where X is an
        array or a DataFrame; a DataFrame where X is one. [default: 0.2, or the test rows of the data]
    out: Folder of the run; without it, nothing is written.
    notify: Function that is called with every event.
    progress: Whether progress is shown: a bar on a terminal or in a notebook, elsewhere a line on
        standard error every 5 s. [default: True]
    learning_rate: Learning rate, which the schedule multiplies by a factor at each step; if not given,
        the usual one of the optimizer. [above 0 and below 1e+30]
    schedule: Schedule, the factor on the learning rate at each step: constant, cosine,
        'step(0.1,every=10)' and others. [default: constant]
    features: Columns to use as features; if not given, all columns but target, weights, groups, and
        useless columns such as identifiers and constants. Commas separate the names.
    drop: Columns to leave out of the features. Commas separate the names.
    negative_weights: Treatment of negative row weights: refuse the data (error), keep them, take their
        absolute values (abs), or drop their rows. [error, keep, abs, drop; default: error]
    rows: Number of training and validation rows to use, drawn at random, for a first answer on large
        data; test rows stay the same; 0 = all rows. [at least 0; default: 0]
    missing: Values that count as missing in features and target, besides empty cells and the codes that
        the reader detects. Commas separate the values, as in -999,?.
    max_expand: Largest number of bytes that the data may take in memory, as a multiple of the bytes of
        their file. The limit protects against damaged files, which can announce any size. [at least 1;
        default: 200.0]
    task: Kind of the target: classes (classify) or numbers (regress); auto decides by the values of the
        target. [auto, classify, regress; default: auto]
    validation: Share of the rows outside the test set that become validation rows, on which networks are
        scored. [above 0 and below 1; default: 0.2]
    scaling: Scaling of the inputs: to mean 0 and standard deviation 1 (standard, also if not given), or
        none. [standard, none]
    metric: Metric that scores the predictions, such as log_loss, auc, mae or r2; if not given, accuracy
        for a target of classes, rmse for a target of numbers.
    seed: Root seed, from which all random numbers derive: splits, initial weights, batch order and
        dropout. [at least 0 and below 9223372036854775808; default: 0]
    epochs: Passes over the training rows; if not given, 50, or more if 50 are fewer than 1,000 steps.
        [above 0 and below 1000000]
    batch_size: Rows in a batch; if not given, from 16 for few training rows to 128 for many. [at least 1
        and at most 16777216]
    early_stop: Number of evaluations in a row without a lower validation loss after which a run ends with
        its best weights; 0 = no early stopping. [at least 0 and at most 1000000]
    min_change: Amount by which the validation loss must fall below its lowest value for early stopping to
        count the evaluation as better; 0 = any amount. [at least 0 and below 1e+30; default: 0.0]
    clip: Largest norm of the gradient over all parameters; a gradient with a larger norm is scaled down
        to this norm; inf = off. [above 0]
    average: Average of the weights over training steps, used in evaluation and in the saved network:
        ema=0.99 (exponential), or tail=0.5 (over the steps after half of the run); 'none' turns it off.
    net: Network: the number of units of each hidden layer, then further words, such as '64-64 residual
        batchnorm dropout=0.2', or own.py:Mixer from a Python file. [default: 64-64]
    loss: Loss that training minimizes, such as own.py:huber from a Python file; if not given, the cross
        entropy for classes and the squared error for numbers.
    activation: Activation function of all hidden layers of the network. [sigmoid, tanh, relu, leaky_relu,
        softplus, elu; default: relu]
    init: Distribution from which the initial weights of the network are drawn. [he, glorot, lecun, zero,
        scaled; default: he]
    init_scale: Factor by which the initial weights are multiplied; 1 = unchanged. [above 0 and below
        1000000; default: 1.0]
    l1: Coefficient c of the L1 penalty, which adds the sum of c abs(w) over all weights w, not biases, to
        the loss; 0 = off. [at least 0 and below 1e+30]
    l2: Coefficient c of the L2 penalty, which adds the sum of c w^2 / 2 over all weights w, not biases,
        to the loss; 0 = off. [at least 0 and below 1e+30]
    weight_decay: Coefficient c of decoupled weight decay: each step also subtracts c x current learning
        rate x w from every weight w, not from biases, as in AdamW; 0 = off. [at least 0 and below 1e+30]
    label_smoothing: Share of the target probability that is moved from the labeled class to all classes
        in equal parts; 0 = off. [at least 0 and below 1]
    augment: Random changes of the training inputs (augmentation), each with its strength: 'noise=0.1',
        for images also 'shift=1 rotate=10'; 'none' turns them off.
    device: Kind of device to train on; if not given, JAX's own choice: a GPU if there is one, else the
        CPU. [cpu, gpu]
    precision: Floating-point type of weights and inputs in training and evaluation. [float32, float64;
        default: float32]
    engine: Workers that train the networks, with the same results: threads, processes, N local workers of
        Dask (dask:local:N), or the workers of a Dask scheduler (dask:tls://HOST:PORT). [default: threads]
    trust: Permission to run the Python files that a run, a model or a configuration file names, also if
        they were never named on this machine. [default: False]
    optimizers: Optimizers to train, such as 'sgd,adam,optax:lion(b1=0.9)'; the loss is measured around
        the weights that the first one reaches. [default: sgd, adam]
    model: Run or trained model around whose weights the loss is measured, without a new training.
    solutions: Number of trainings of the first optimizer from different initial weights: 2 or 3 = also
        loss barriers between every two solutions, 3 = also a plane through the three solutions. [at least
        1 and at most 3; default: 3]
    grid: Number of points along each side of a plane on which the loss is computed. [at least 5 and at
        most 2001; default: 51]
    span: Half-width of slices and planes around the center, in units of the norm of the weights (less
        where the loss is steep). Planes through training paths or solutions ignore this option. [above 0
        and below 1000000; default: 1.0]
    format: File format of the pictures. [png, svg, pdf; default: png]

    Raises DataError for data or files that cannot be used, UsageError for unsuitable arguments,
    NothingTrained if every run that the result needs diverged, and Stopped on a stop request.
    """
    return run_study(
        "landscape", X, y, target, weights, groups, test, out, notify, progress,
        {
            "learning_rate": learning_rate,
            "schedule": schedule,
            "features": features,
            "drop": drop,
            "negative_weights": negative_weights,
            "rows": rows,
            "missing": missing,
            "max_expand": max_expand,
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
            "loss": loss,
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
            "engine": engine,
            "trust": trust,
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
    optimizer: str | Callable[..., object] = "adam",
    learning_rate: float | None = None,
    schedule: str = "constant",
    features: str | Sequence[str] | None = None,
    drop: str | Sequence[str] | None = None,
    negative_weights: str = "error",
    rows: int = 0,
    missing: str | Sequence[str] | None = None,
    max_expand: float = 200.0,
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
    net: str | Callable[..., object] = "64-64",
    loss: str | Callable[..., object] | None = None,
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
    engine: str = "threads",
    trust: bool = False,
    effort: str = "standard",
    seeds: int | None = None,
) -> MemorizeResult:
    """Measure how much of DATA a network memorizes.

    X: Inputs: an array [N, D] or of images [N, H, W], a DataFrame, a file, or the name of a built-in set.
    y: Target: an array [N], or the name or index of the target column.
    target: Name of the target column, in place of y.
    weights: Row weights for loss and metric: an array [N], or the name of a column.
    groups: Group of each row: an array [N], or the name of a column; random splits into training,
        validation and test rows never divide a group. Test rows from a file may share groups with other
        rows.
    test: Test rows: a share of the rows; a file where X is a file or a DataFrame; (X, y) where X is an
        array or a DataFrame; a DataFrame where X is one. [default: 0.2, or the test rows of the data]
    out: Folder of the run; without it, nothing is written.
    notify: Function that is called with every event.
    progress: Whether progress is shown: a bar on a terminal or in a notebook, elsewhere a line on
        standard error every 5 s. [default: True]
    optimizer: Optimizer, with or without hyperparameters, such as adam, 'momentum(rho=0.95)', optax:lion,
        or own.py:lion from a Python file. [default: adam]
    learning_rate: Learning rate, which the schedule multiplies by a factor at each step; if not given,
        the usual one of the optimizer. [above 0 and below 1e+30]
    schedule: Schedule, the factor on the learning rate at each step: constant, cosine,
        'step(0.1,every=10)' and others. [default: constant]
    features: Columns to use as features; if not given, all columns but target, weights, groups, and
        useless columns such as identifiers and constants. Commas separate the names.
    drop: Columns to leave out of the features. Commas separate the names.
    negative_weights: Treatment of negative row weights: refuse the data (error), keep them, take their
        absolute values (abs), or drop their rows. [error, keep, abs, drop; default: error]
    rows: Number of training and validation rows to use, drawn at random, for a first answer on large
        data; test rows stay the same; 0 = all rows. [at least 0; default: 0]
    missing: Values that count as missing in features and target, besides empty cells and the codes that
        the reader detects. Commas separate the values, as in -999,?.
    max_expand: Largest number of bytes that the data may take in memory, as a multiple of the bytes of
        their file. The limit protects against damaged files, which can announce any size. [at least 1;
        default: 200.0]
    task: Kind of the target: classes (classify) or numbers (regress); auto decides by the values of the
        target. [auto, classify, regress; default: auto]
    validation: Share of the rows outside the test set that become validation rows, on which networks are
        scored. [above 0 and below 1; default: 0.2]
    scaling: Scaling of the inputs: to mean 0 and standard deviation 1 (standard, also if not given), or
        none. [standard, none]
    metric: Metric that scores the predictions, such as log_loss, auc, mae or r2; if not given, accuracy
        for a target of classes, rmse for a target of numbers.
    seed: Root seed, from which all random numbers derive: splits, initial weights, batch order and
        dropout. [at least 0 and below 9223372036854775808; default: 0]
    epochs: Passes over the training rows; if not given, set by the effort. [above 0 and below 1000000]
    batch_size: Rows in a batch; if not given, from 16 for few training rows to 128 for many. [at least 1
        and at most 16777216]
    early_stop: Number of evaluations in a row without a lower validation loss after which a run ends with
        its best weights; 0 = no early stopping. [at least 0 and at most 1000000]
    min_change: Amount by which the validation loss must fall below its lowest value for early stopping to
        count the evaluation as better; 0 = any amount. [at least 0 and below 1e+30; default: 0.0]
    clip: Largest norm of the gradient over all parameters; a gradient with a larger norm is scaled down
        to this norm; inf = off. [above 0]
    average: Average of the weights over training steps, used in evaluation and in the saved network:
        ema=0.99 (exponential), or tail=0.5 (over the steps after half of the run); 'none' turns it off.
    net: Network: the number of units of each hidden layer, then further words, such as '64-64 residual
        batchnorm dropout=0.2', or own.py:Mixer from a Python file. [default: 64-64]
    loss: Loss that training minimizes, such as own.py:huber from a Python file; if not given, the cross
        entropy for classes and the squared error for numbers.
    activation: Activation function of all hidden layers of the network. [sigmoid, tanh, relu, leaky_relu,
        softplus, elu; default: relu]
    init: Distribution from which the initial weights of the network are drawn. [he, glorot, lecun, zero,
        scaled; default: he]
    init_scale: Factor by which the initial weights are multiplied; 1 = unchanged. [above 0 and below
        1000000; default: 1.0]
    l1: Coefficient c of the L1 penalty, which adds the sum of c abs(w) over all weights w, not biases, to
        the loss; 0 = off. [at least 0 and below 1e+30]
    l2: Coefficient c of the L2 penalty, which adds the sum of c w^2 / 2 over all weights w, not biases,
        to the loss; 0 = off. [at least 0 and below 1e+30]
    weight_decay: Coefficient c of decoupled weight decay: each step also subtracts c x current learning
        rate x w from every weight w, not from biases, as in AdamW; 0 = off. [at least 0 and below 1e+30]
    label_smoothing: Share of the target probability that is moved from the labeled class to all classes
        in equal parts; 0 = off. [at least 0 and below 1]
    augment: Random changes of the training inputs (augmentation), each with its strength: 'noise=0.1',
        for images also 'shift=1 rotate=10'; 'none' turns them off.
    device: Kind of device to train on; if not given, JAX's own choice: a GPU if there is one, else the
        CPU. [cpu, gpu]
    precision: Floating-point type of weights and inputs in training and evaluation. [float32, float64;
        default: float32]
    engine: Workers that train the networks, with the same results: threads, processes, N local workers of
        Dask (dask:local:N), or the workers of a Dask scheduler (dask:tls://HOST:PORT). [default: threads]
    trust: Permission to run the Python files that a run, a model or a configuration file names, also if
        they were never named on this machine. [default: False]
    effort: Named amount of work, which sets the numbers of shares of random labels, seeds and steps.
        [quick, standard; default: standard]
    seeds: Number of seeds, unused in any tuning, on which the reported scores are measured; if not given,
        set by the effort. [at least 2 and at most 10000]

    Raises DataError for data or files that cannot be used, UsageError for unsuitable arguments,
    NothingTrained if every run that the result needs diverged, and Stopped on a stop request.
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
            "rows": rows,
            "missing": missing,
            "max_expand": max_expand,
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
            "loss": loss,
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
            "engine": engine,
            "trust": trust,
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
    optimizer: str | Callable[..., object] = "adam",
    learning_rate: float | None = None,
    schedule: str = "constant",
    features: str | Sequence[str] | None = None,
    drop: str | Sequence[str] | None = None,
    negative_weights: str = "error",
    rows: int = 0,
    missing: str | Sequence[str] | None = None,
    max_expand: float = 200.0,
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
    net: str | Callable[..., object] = "64",
    loss: str | Callable[..., object] | None = None,
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
    engine: str = "threads",
    trust: bool = False,
    effort: str = "standard",
    seeds: int | None = None,
    label_noise: float = 0.0,
) -> DescentResult:
    """Look for double descent on DATA.

    X: Inputs: an array [N, D] or of images [N, H, W], a DataFrame, a file, or the name of a built-in set.
    y: Target: an array [N], or the name or index of the target column.
    target: Name of the target column, in place of y.
    weights: Row weights for loss and metric: an array [N], or the name of a column.
    groups: Group of each row: an array [N], or the name of a column; random splits into training,
        validation and test rows never divide a group. Test rows from a file may share groups with other
        rows.
    test: Test rows: a share of the rows; a file where X is a file or a DataFrame; (X, y) where X is an
        array or a DataFrame; a DataFrame where X is one. [default: 0.2, or the test rows of the data]
    out: Folder of the run; without it, nothing is written.
    notify: Function that is called with every event.
    progress: Whether progress is shown: a bar on a terminal or in a notebook, elsewhere a line on
        standard error every 5 s. [default: True]
    optimizer: Optimizer, with or without hyperparameters, such as adam, 'momentum(rho=0.95)', optax:lion,
        or own.py:lion from a Python file. [default: adam]
    learning_rate: Learning rate, which the schedule multiplies by a factor at each step; if not given,
        three times the usual one of the optimizer. [above 0 and below 1e+30]
    schedule: Schedule, the factor on the learning rate at each step: constant, cosine,
        'step(0.1,every=10)' and others. [default: constant]
    features: Columns to use as features; if not given, all columns but target, weights, groups, and
        useless columns such as identifiers and constants. Commas separate the names.
    drop: Columns to leave out of the features. Commas separate the names.
    negative_weights: Treatment of negative row weights: refuse the data (error), keep them, take their
        absolute values (abs), or drop their rows. [error, keep, abs, drop; default: error]
    rows: Number of training and validation rows to use, drawn at random, for a first answer on large
        data; test rows stay the same; 0 = all rows. [at least 0; default: 0]
    missing: Values that count as missing in features and target, besides empty cells and the codes that
        the reader detects. Commas separate the values, as in -999,?.
    max_expand: Largest number of bytes that the data may take in memory, as a multiple of the bytes of
        their file. The limit protects against damaged files, which can announce any size. [at least 1;
        default: 200.0]
    task: Kind of the target: classes (classify) or numbers (regress); auto decides by the values of the
        target. [auto, classify, regress; default: auto]
    validation: Share of the rows outside the test set that become validation rows, on which networks are
        scored. [above 0 and below 1; default: 0.2]
    scaling: Scaling of the inputs: to mean 0 and standard deviation 1 (standard, also if not given), or
        none. [standard, none]
    metric: Metric that scores the predictions, such as log_loss, auc, mae or r2; if not given, accuracy
        for a target of classes, rmse for a target of numbers.
    seed: Root seed, from which all random numbers derive: splits, initial weights, batch order and
        dropout. [at least 0 and below 9223372036854775808; default: 0]
    epochs: Passes over the training rows; if not given, set by the effort. [above 0 and below 1000000]
    batch_size: Rows in a batch; if not given, 32. [at least 1 and at most 16777216]
    early_stop: Number of evaluations in a row without a lower validation loss after which a run ends with
        its best weights; 0 = no early stopping. [at least 0 and at most 1000000]
    min_change: Amount by which the validation loss must fall below its lowest value for early stopping to
        count the evaluation as better; 0 = any amount. [at least 0 and below 1e+30; default: 0.0]
    clip: Largest norm of the gradient over all parameters; a gradient with a larger norm is scaled down
        to this norm; inf = off. [above 0]
    average: Average of the weights over training steps, used in evaluation and in the saved network:
        ema=0.99 (exponential), or tail=0.5 (over the steps after half of the run); 'none' turns it off.
    net: Network: the number of units of each hidden layer, then further words, such as '64-64 residual
        batchnorm dropout=0.2', or own.py:Mixer from a Python file. [default: 64]
    loss: Loss that training minimizes, such as own.py:huber from a Python file; if not given, the cross
        entropy for classes and the squared error for numbers.
    activation: Activation function of all hidden layers of the network. [sigmoid, tanh, relu, leaky_relu,
        softplus, elu; default: relu]
    init: Distribution from which the initial weights of the network are drawn. [he, glorot, lecun, zero,
        scaled; default: he]
    init_scale: Factor by which the initial weights are multiplied; 1 = unchanged. [above 0 and below
        1000000; default: 1.0]
    l1: Coefficient c of the L1 penalty, which adds the sum of c abs(w) over all weights w, not biases, to
        the loss; 0 = off. [at least 0 and below 1e+30]
    l2: Coefficient c of the L2 penalty, which adds the sum of c w^2 / 2 over all weights w, not biases,
        to the loss; 0 = off. [at least 0 and below 1e+30]
    weight_decay: Coefficient c of decoupled weight decay: each step also subtracts c x current learning
        rate x w from every weight w, not from biases, as in AdamW; 0 = off. [at least 0 and below 1e+30]
    label_smoothing: Share of the target probability that is moved from the labeled class to all classes
        in equal parts; 0 = off. [at least 0 and below 1]
    augment: Random changes of the training inputs (augmentation), each with its strength: 'noise=0.1',
        for images also 'shift=1 rotate=10'; 'none' turns them off.
    device: Kind of device to train on; if not given, JAX's own choice: a GPU if there is one, else the
        CPU. [cpu, gpu]
    precision: Floating-point type of weights and inputs in training and evaluation. [float32, float64;
        default: float32]
    engine: Workers that train the networks, with the same results: threads, processes, N local workers of
        Dask (dask:local:N), or the workers of a Dask scheduler (dask:tls://HOST:PORT). [default: threads]
    trust: Permission to run the Python files that a run, a model or a configuration file names, also if
        they were never named on this machine. [default: False]
    effort: Named amount of work, which sets the numbers of network widths, seeds and steps. [quick,
        standard; default: standard]
    seeds: Number of seeds, unused in any tuning, on which the reported scores are measured; if not given,
        set by the effort. [at least 2 and at most 10000]
    label_noise: Share of the training rows that get a random label; if targets are numbers, these rows
        exchange their targets at random; 0 = off. [at least 0 and at most 1; default: 0.0]

    Raises DataError for data or files that cannot be used, UsageError for unsuitable arguments,
    NothingTrained if every run that the result needs diverged, and Stopped on a stop request.
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
            "rows": rows,
            "missing": missing,
            "max_expand": max_expand,
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
            "loss": loss,
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
            "engine": engine,
            "trust": trust,
            "effort": effort,
            "seeds": seeds,
            "label_noise": label_noise,
        },
    )  # type: ignore[return-value]  # fmt: skip
