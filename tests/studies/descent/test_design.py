"""The design of a search for double descent: what is refused, and what would be trained."""

from __future__ import annotations

from itertools import pairwise

import numpy as np
import pytest

from ravine.data import Dataset, from_arrays
from ravine.engines import find_devices
from ravine.engines.shared_objects import pack, unpack
from ravine.errors import DataError, UsageError
from ravine.execution.effort import DESCENT
from ravine.execution.execute import dry_run
from ravine.execution.registry import find_study
from ravine.render.text import text
from ravine.studies.descent.design import DescentDesign, design
from ravine.studies.descent.settings import DescentSettings


def made(dataset: Dataset, **settings: object) -> DescentDesign:
    return design(DescentSettings(**{"effort": "quick", **settings}), dataset, find_devices())


@pytest.mark.parametrize("settings", [{"net": "none"}, {"metric": "auc"}])
def test_what_does_not_fit_is_refused(settings: dict[str, object], blobs: Dataset) -> None:
    with pytest.raises(UsageError):
        made(blobs, **settings)


def test_too_few_rows_are_refused() -> None:
    x = np.random.default_rng(0).normal(size=(18, 2))
    with pytest.raises(DataError, match="too few"):
        made(from_arrays(x, np.arange(18) % 2))


def test_a_limit_that_is_on_already_is_no_arm(blobs: Dataset) -> None:
    assert list(made(blobs).arms) == ["plain", "ridge", "early stopping"]
    assert list(made(blobs, l2=0.1).arms) == ["plain", "early stopping"]
    assert list(made(blobs, l2=0.1, early_stop=2).arms) == ["plain"]


def test_cohort_holds_every_arm_on_every_seed(blobs: Dataset) -> None:
    found = made(blobs, seeds=3)
    runs = found.cohort(4, found.batches(found.rows), all_arms=True).runs
    assert runs.seed.tolist() == 3 * found.seeds
    assert runs.extra["l2"].tolist() == [0, 0, 0, 0.01, 0.01, 0.01, 0, 0, 0]
    assert runs.patience is not None and runs.patience.tolist() == [0, 0, 0, 0, 0, 0, 8, 8, 8]
    plain = found.cohort(4, found.batches(found.rows), all_arms=False).runs
    assert plain.seed.tolist() == found.seeds
    assert plain.extra["l2"].tolist() == [0, 0, 0] and not np.any(plain.patience)


def test_more_rows_contain_the_fewer_ones(blobs: Dataset) -> None:
    found = made(blobs)
    assert found.examples == sorted(found.examples) and found.examples[-1] <= found.available
    parts = [found.batches(rows).parts(found.seeds[0]) for rows in found.examples]
    assert [len(part.train) for part in parts] == found.examples
    for fewer, more in pairwise(parts):
        assert np.isin(fewer.train, more.train).all()
        assert np.array_equal(fewer.valid, more.valid)
        assert not np.isin(more.train, more.valid).any()


def test_steps_are_epochs_or_those_of_the_level(blobs: Dataset) -> None:
    assert made(blobs).steps == DESCENT["quick"].min_steps
    found = made(blobs, epochs=10)
    assert found.steps == round(10 * found.rows / found.batch_size)


def test_dry_run_counts_what_a_run_trains(blobs: Dataset) -> None:
    settings = DescentSettings(effort="quick", epochs=3, label_noise=0.25)
    plan = dry_run(find_study("descent"), settings, dataset=blobs)
    facts = plan.plan
    networks = len(facts.seeds) * (len(facts.widths) * len(facts.arms) + len(facts.examples))
    assert facts.runs == networks and facts.network_steps == networks * facts.steps
    assert "25% of the training labels random" in repr(plan)
    assert type(plan).from_dict(plan.to_dict()) == plan
    for width in (60, 100, 200):
        assert max(map(len, text(plan.view(), width, unicode=False).splitlines())) <= width


def test_batches_travel_to_another_process_without_their_caches(blobs: Dataset) -> None:
    found = made(blobs, label_noise=0.2)
    batches, seed = found.batches(found.rows), int(found.seeds[0])
    whole = batches.draw(seed, 0, 7)
    packed = pack(batches)
    values = dict(packed.values)
    again = unpack(values.pop(packed.name.key), values)
    for ours, theirs in zip(whole, again.draw(seed, 0, 7), strict=True):
        assert ours is theirs is None or np.array_equal(ours, theirs)
    assert pack(found.batches(found.rows)).name == packed.name
