"""Flags > RAVINE_* > -c FILE > [tool.ravine] > defaults; all mistakes at once; what is saved reads back."""

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from ravine.errors import UsageError
from ravine.options.resolve import resolve
from ravine.records.toml_files import dump, load
from ravine.studies.compare.settings import CompareSettings
from ravine.studies.train.settings import TrainSettings


def layered(folder, flags=None, environment=None, file="", project=""):
    (folder / "pyproject.toml").write_text(project)
    (folder / "c.toml").write_text(file)
    return resolve(CompareSettings, flags or {}, str(folder / "c.toml"), environment or {}, folder)


def test_each_layer_beats_those_below(tmp_path):
    project = "[tool.ravine]\nseed = 1\n"
    assert layered(tmp_path).settings.seed == 0
    assert layered(tmp_path, project=project).settings.seed == 1
    assert layered(tmp_path, file="seed = 2", project=project).settings.seed == 2
    assert layered(tmp_path, None, {"RAVINE_SEED": "3"}, "seed = 2", project).settings.seed == 3
    assert layered(tmp_path, {"seed": "4"}, {"RAVINE_SEED": "3"}, "seed = 2", project).settings.seed == 4


def test_layers_join(tmp_path):
    found = layered(
        tmp_path, {"source": "x.csv"}, {"RAVINE_TARGET": "y"}, "batch-size = 8", "[tool.ravine]\nepochs = 3"
    ).settings
    assert (found.source, found.target, found.batch_size, found.epochs) == ("x.csv", "y", 8, 3.0)


def test_a_stronger_budget_replaces_a_weaker_effort(tmp_path):
    found = layered(tmp_path, {"budget": "60s"}, file='effort = "quick"').settings
    assert (found.effort, found.budget) == (None, "60s")
    found = layered(tmp_path, None, {"RAVINE_EFFORT": "quick"}, 'budget = "60s"').settings
    assert (found.effort, found.budget) == ("quick", None)
    with pytest.raises(UsageError, match="contradict"):
        layered(tmp_path, file='effort = "quick"\nbudget = "60s"')


def test_every_mistake_of_every_layer_is_named_at_once(tmp_path):
    with pytest.raises(UsageError) as caught:
        layered(
            tmp_path,
            {"seeds": "many", "metric": "acuracy"},
            {"RAVINE_EFORT": "quick", "RAVINE_TUNE": "rat"},
            'optimisers = ["sgd"]\nepochs = [1]',
            "[tool.ravine]\nsede = 3",
        )
    text = caught.value.what + caught.value.why
    for words in (
        "7 settings are wrong", "--seeds many cannot be used", "'accuracy'", "'RAVINE_EFFORT'",
        "RAVINE_TUNE: --tune rat cannot be used", "'optimizers'", "epochs (in", "sede ([tool.ravine]",
    ):  # fmt: skip
        assert words in text


def test_settings_of_another_verb_are_named_not_refused(tmp_path):
    (tmp_path / "c.toml").write_text('optimizers = ["sgd"]\nlearning_rate = 0.1\n')
    found = resolve(TrainSettings, {}, str(tmp_path / "c.toml"), {}, tmp_path, others=lambda: {"optimizers"})
    assert found.settings.learning_rate == 0.1
    assert len(found.unused) == 1
    assert found.unused[0].startswith("optimizers (in")


def test_the_cache_variable_is_not_a_setting_and_empty_ones_are_not_set(tmp_path):
    assert layered(tmp_path, None, {"RAVINE_CACHE": "/x", "RAVINE_SEED": ""}).settings.seed == 0


def test_a_run_may_stand_for_its_configuration(tmp_path):
    (tmp_path / "config.toml").write_text("seed = 7")
    assert resolve(CompareSettings, {}, str(tmp_path), {}, tmp_path / "none").settings.seed == 7


@pytest.mark.parametrize("text", ["seed = ", "[tool.ravine]\nseed = 'x", "\x00"])
def test_a_broken_file_is_a_sentence(tmp_path, text):
    with pytest.raises(UsageError, match="not a TOML file"):
        layered(tmp_path, file=text)


@pytest.mark.parametrize(
    ("key", "text", "words"),
    [
        ("optimizers", "sgd,adam(b1=1, b2=9),optax:lion()", ["sgd", "adam(b1=1, b2=9)", "optax:lion()"]),
        ("features", 'a,"b, c", d e', ["a", "b, c", "d e"]),
        ("missing", "-999,?", ["-999", "?"]),
    ],
)  # fmt: skip
def test_lists_are_split_where_they_should_be(tmp_path, key, text, words):
    assert getattr(layered(tmp_path, {key: (text,)}).settings, key) == words
    assert getattr(layered(tmp_path, None, {f"RAVINE_{key.upper()}": text}).settings, key) == words


def test_a_flag_given_twice_adds_up(tmp_path):
    assert layered(tmp_path, {"drop": ("a,b", "c")}).settings.drop == ["a", "b", "c"]


names = st.text(st.characters(exclude_categories=["Cs"]), min_size=1).filter(str.strip)


@given(
    drop=st.lists(names, min_size=1) | st.none(),
    target=names | st.none(),
    seed=st.integers(0, 2**62),
    scale=st.floats(1e-6, 1e5),
    effort=st.sampled_from(["quick", "standard", "thorough"]) | st.none(),
)
@settings(suppress_health_check=[HealthCheck.function_scoped_fixture], deadline=None, max_examples=50)
def test_the_saved_configuration_reads_back_the_same(tmp_path, drop, target, seed, scale, effort):
    before = CompareSettings(source="x", drop=drop, target=target, seed=seed, init_scale=scale, effort=effort)
    (tmp_path / "saved.toml").write_text(dump(before.to_dict()), "utf-8")
    assert load(tmp_path / "saved.toml") == before.to_dict()
    after = resolve(CompareSettings, {}, str(tmp_path / "saved.toml"), {}, tmp_path / "none")
    assert (after.settings, after.unused) == (before, [])
