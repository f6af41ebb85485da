"""The first word of a command: it names data, or in their place a run or a saved model."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any

from ravine.errors import DataError, UsageError
from ravine.execution.registry import find_study
from ravine.execution.study import Study
from ravine.records.open_file import exists, is_file, is_folder
from ravine.records.run_directory import CONFIG, RunDirectory
from ravine.records.run_file import RUN_FILE, read_run_file
from ravine.records.run_index import LATEST, SeveralRuns, find_run
from ravine.shell_words import quote_word

__all__ = ["find_named_run", "resolve_source"]

MODEL_FILES = (".json", ".safetensors")


def resolve_source(
    study: Study, flags: Mapping[str, Any], data: str | None, config: str | None
) -> dict[str, Any]:
    """Return the options of a command after its first word was recognized as data, as a run or as a model.

    flags: options by name, with the first word as `source`. In the result, `source` names the data, and
    `model` names the model if the word is one. For a study that accepts runs, a run adds its configuration,
    which the flags override. For other studies that accept models, a run stands for its best model. For a
    study that accepts only data, nothing changes.

    data: second word of the command, which names the data of a model. config: configuration file of `-c`.
    Raises UsageError for a superfluous word, for a folder that holds neither a run nor a model, and for a run
    or a model that cannot be used. Raises DataError if several runs fit the word, and for `latest` without a
    run.
    """
    word = flags.get("source")
    if "model" not in study.accepts or not word:
        return dict(flags)
    folder = find_named_run(word)
    if folder is None and not (is_folder(word) or _is_model_file(Path(word))):
        if data is not None:
            raise UsageError(
                f"'{data}' is one word too many.",
                f"'{word}' is neither a run nor a model, so it is the data.",
                f"Type `ravine {study.name} {word}`, or name a run or a model before its data.",
            )
        return dict(flags)
    path = folder if folder is not None else Path(word)
    if "run" not in study.accepts:
        return {**flags, "source": data or "", "model": str(path)}
    if exists(path / RUN_FILE):
        if config is not None or data is not None:
            raise UsageError(
                f"'{word}' is a run.",
                "A run has its own configuration and data.",
                f"Type `ravine {study.name} {word}`, without -c and DATA.",
            )
        _check_training(study, word, path)
        return _with_configuration(study, path, flags)
    if _is_model_file(path) or exists(path / "model.json"):
        return _with_data_of_model(study, path, flags, data)
    raise UsageError(
        f"The folder '{word}' is neither a run nor a model.",
        "It holds neither run.json nor model.json.",
        "Type `ravine runs` to list the runs.",
    )


def find_named_run(word: str) -> Path | None:
    """Return the folder of the run that a word names.

    The word is `latest`, an id or its beginning, the name of a folder in `runs/`, the name of the data of one
    run, or the path of a file `run.json`.

    Returns None for built-in data, for any other existing path, and for a word that fits no run. Raises
    DataError for `latest` without a run, and if several runs fit the word.
    """
    from ravine.data.builtin import BUILTIN

    if word == LATEST and not is_file(word):
        return find_run(word)
    if Path(word).name == RUN_FILE and is_file(word):
        return Path(word).parent
    if not word or word == "-" or word in BUILTIN or exists(word):
        return None
    try:
        return find_run(word)
    except SeveralRuns:
        raise
    except DataError:  # then the word names data, and the reader reports a wrong name
        return None


def _check_training(study: Study, word: str, folder: Path) -> None:
    """Raise UsageError for a run without a training of its own, or whose winner is not known yet."""
    verb = read_run_file(folder).verb
    file = find_study(verb).training_file
    if not file:
        raise UsageError(
            f"'{word}' is a run of {verb}, which has many trainings and chooses no winner.",
            f"`ravine {study.name}` needs one training, such as a run of train or the winner of compare.",
            f"Type `ravine {study.name} DATA`.",
        )
    if not RunDirectory.open(folder).has(file):
        raise UsageError(
            f"The run '{word}' does not hold the settings of a training, which `ravine {study.name}` needs.",
            f"The run has not written its file '{file}' yet, which holds these settings.",
            f"Type `ravine resume {quote_word(word)}` to finish it.",
        )


def _is_model_file(path: Path) -> bool:
    return (
        path.suffix in MODEL_FILES
        and is_file(path)
        and all(is_file(path.with_suffix(suffix)) for suffix in MODEL_FILES)
    )


def _with_data_of_model(
    study: Study, path: Path, flags: Mapping[str, Any], data: str | None
) -> dict[str, Any]:
    """Return the flags with a model and its data: the data named, or the data of the model's run."""
    run = next((parent for parent in path.resolve().parents if exists(parent / RUN_FILE)), None)
    settings = _with_configuration(study, run, flags) if data is None and run is not None else flags
    source = data or settings.get("source")
    if not source or source == flags["source"]:
        raise UsageError(
            f"The data of the model '{flags['source']}' are not known.",
            "A model is examined on the data that it was trained on.",
            f"Type `ravine {study.name} {flags['source']} DATA`.",
        )
    return {**settings, "source": source, "model": str(path)}


def _with_configuration(study: Study, folder: Path, flags: Mapping[str, Any]) -> dict[str, Any]:
    """Return the configuration that a run ended with, overridden by the flags."""
    from ravine.options.fields import options_of
    from ravine.options.saved_settings import saved_options

    run = RunDirectory.open(folder)
    file = find_study(run.metadata.verb).training_file or CONFIG
    if not run.has(file):
        file = CONFIG
    if not run.has(file):
        raise UsageError(
            f"The run '{folder}' has no configuration.",
            "It ended before it wrote one.",
            f"Type `ravine {study.name} DATA`.",
        )
    stored = {key for key, option in options_of(study.settings).items() if option.stored}
    option_names = stored - {"seeds", "model"}
    configuration = saved_options(study.settings, run.read_toml(file), run.path / file, option_names)
    typed = {key: value for key, value in flags.items() if _is_typed(value) and key != "source"}
    return {**configuration, **typed}


def _is_typed(value: object) -> bool:
    """Return whether a flag has a value. Types are compared first, since arrays have no truth value."""
    return not (value is None or (isinstance(value, tuple) and not value))
