"""The tests mirror the source tree: every test file is named after the file or package that it tests."""

from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[1]
TESTS = ROOT / "tests"

TOPICS = {
    # whole commands
    "cli/test_dry_run.py": "plans of every study, from the command line",
    "cli/test_help_examples.py": "examples in the help of every command",
    "cli/test_end_to_end.py": "commands in processes of their own, stopped, killed and resumed",
    "execution/test_equal_runs.py": "all files of two runs of the same command",
    "execution/test_version1.py": "files that version 1 wrote, read by several commands",
    # what several files do together
    "data/test_real_files.py": "real data sets, read and prepared",
    "studies/compare/test_winner.py": "the winner of a comparison, trained and diagnosed by its settings",
    "optimizers/test_optax_cases.py": "optax's own test file, run on every rule",
    "training/test_gpu.py": "a GPU against a CPU, run by name where there is one",
    "training/test_resuming.py": "cohorts stopped at every chunk and resumed",
    # the repository
    "docs/test_commands_in_text.py": "commands and options in the sentences of the documents",
    "docs/test_generated_tables.py": "tables of docs/ and their JSON files",
    "docs/test_readme.py": "length, picture and links of README.md",
    "docs/test_snippets.py": "listings of the documents",
    "test_contributing.py": "the diffs of CONTRIBUTING.md",
    "test_documented_paths.py": "paths and links of the documents",
    "test_exports.py": "public names of every module",
    "test_lecture_map.py": "the map of the lecture in docs/",
    "test_names_of_items.py": "names of registered items in the source",
    "test_texts.py": "style of the texts in the source and the documents",
    "test_tree.py": "this test",
    "test_wheel.py": "the package as it is installed",
    "test_without_jax.py": "modules that must not import JAX",
}
"""Test files that belong to no single source file, each with its subject."""

FILES = sorted(path.relative_to(TESTS) for path in TESTS.rglob("test_*.py") if "fixtures" not in path.parts)


def sources(path: Path) -> list[Path]:
    """Return where the source of a test file may lie.

    It is a file or package of its name in the same folder of the package, of the repository (`benchmarks/`,
    `docs/`) or of the tests (`equality/`). A test that is named after its own folder belongs to the package
    as a whole. The command of a study is generated, so its source is the folder of the study.
    """
    name = path.stem.removeprefix("test_")
    bases = [ROOT / "src" / "ravine", ROOT, TESTS]
    paths = [(base / path.parent / name) for base in bases]
    if path.parent.name == name:
        paths += [base / path.parent for base in bases[:2]]
    if path.parent == Path("cli/commands"):
        paths.append(ROOT / "src" / "ravine" / "studies" / name)
    return paths


def exists(source: Path) -> bool:
    files = [source.with_name(f"{source.name}{suffix}") for suffix in (".py", ".md")]
    return any(file.is_file() for file in files) or any(source.glob("*.py"))


@pytest.mark.parametrize("path", [path for path in FILES if str(path) not in TOPICS], ids=str)
def test_a_test_file_has_a_source_of_its_name(path):
    assert any(exists(source) for source in sources(path)), (
        f"tests/{path} belongs to no source file. Name it after the file that it tests, "
        "or name its subject in TOPICS."
    )


def test_every_topic_is_a_test_file_without_a_source():
    assert {Path(name) for name in TOPICS} <= set(FILES)
    assert [name for name in TOPICS if any(exists(source) for source in sources(Path(name)))] == []


@pytest.mark.parametrize(
    ("path", "has_source"),
    [
        ("optimizers/test_adam.py", True),
        ("optimizers/test_optimizers.py", True),
        ("data/readers/test_hdf5.py", True),
        ("cli/commands/test_sweep.py", True),
        ("benchmarks/test_measure.py", True),
        ("optimizers/test_lion.py", False),
        ("test_adam.py", False),
        ("networks/test_optimizers.py", False),
        ("cli/test_sweep.py", False),
    ],
)
def test_a_test_without_a_source_is_found(path, has_source):
    assert any(map(exists, sources(Path(path)))) is has_source
