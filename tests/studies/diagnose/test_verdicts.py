"""Verdicts on records made by hand: each depends on its own number; without a fault none is given."""

from __future__ import annotations

import re
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from ravine.errors import UsageError
from ravine.records.record import Record
from ravine.studies.diagnose.settings import DiagnoseSettings
from ravine.studies.diagnose.verdicts import PRINCIPLES, VERDICTS, find_all

RecordWith = Callable[..., Record]
Fired = Callable[..., set[str]]

FIRES: dict[str, dict[str, Any]] = {
    "saturated": {"final": {"saturated": np.full((1, 11, 3), 0.6)}},
    "dead": {"final": {"dead": np.full((1, 11, 3), 0.5)}},
    "vanishing": {"final": {"flow": np.tile(np.geomspace(1e-4, 1, 3), (11, 1))[None]}},
    "exploding": {"final": {"flow": np.tile(np.geomspace(1e4, 1, 3), (11, 1))[None]}},
    "not_standardized": {"final": {"column_mean": np.full((1, 3), 5.0)}},
    "gradient_noise": {
        "final": {"averaged": np.array([[0.05, 0.1, 0.1]])},
        "series": {"signal": np.full((1, 11), 0.2)},
    },
    "edge_of_stability": {"series": {"sharpness": np.full((1, 11), 20.0)}},
    "leaking": {"metadata": {"leaks": ["a"]}},
    "constant_columns": {"final": {"column_sd": np.array([[1.0, 0.0, 1.0]])}},
    "overfits": {"final": {"valid_rows": np.full((1, 50), 0.9) + 0.01 * np.arange(50)}},
    "seed_sensitivity": {"final": {"spread": np.array([[1.0, 1, 1, 0, 0, 1, 1, 0, 1, 1]])}},
}


@pytest.fixture
def fired(record_with: RecordWith) -> Fired:
    """The verdicts that are given on the record by hand with some of its parts changed."""
    return lambda **changes: {
        finding.verdict for finding in find_all(record_with(**changes)) if finding.fires
    }


def test_a_record_without_a_fault_gives_no_verdict(record_with: RecordWith) -> None:
    found = find_all(record_with())
    assert not [finding.verdict for finding in found if finding.fires]
    assert all(finding.principle is None or finding.principle in PRINCIPLES for finding in found)


@pytest.mark.parametrize("verdict", FIRES)
def test_each_verdict_depends_on_its_own_number(fired: Fired, verdict: str) -> None:
    assert fired(**FIRES[verdict]) == {verdict}


@pytest.mark.parametrize("winners", [1, 2, 19])
def test_the_seed_decides_however_few_seeds_win(fired: Fired, winners: int) -> None:
    spread = np.where(np.arange(20) < winners, 1.0, 0.3)[None]
    expected = {"seed_sensitivity"} if winners < 19 else set()  # one of 20 is 5 %
    assert fired(final={"spread": spread}) == expected


def _slow(
    final_rates: np.ndarray, raised: np.ndarray, condition: float, falls: float, sharpness: float
) -> Any:
    loss = 1 - falls * np.cumsum(final_rates)[None] / final_rates.sum()
    series = {"rate": final_rates[None], "raised": raised[None], "train_loss": loss, "valid_loss": loss,
              "sharpness": np.full((1, 11), sharpness)}  # fmt: skip
    return {"series": series, "final": {"column_condition": np.array([condition])}}


def test_a_rate_is_too_small_though_its_last_steps_are_rounding(fired: Fired) -> None:
    rates = np.append(np.linspace(1, 0.1, 10), 1e-9)
    raised = np.where(np.arange(11) == 10, 0.5, 0.0)
    assert fired(**_slow(rates, raised, 2.0, 0.4, 0.1)) == {"rate_low"}
    # steps that raise their own loss are not too small, so the training is too short
    assert fired(**_slow(rates, np.full(11, 0.5), 2.0, 0.4, 0.1)) == {"few_epochs"}


@pytest.mark.parametrize("falls", [0.01, 0.02, 0.05])
def test_worse_conditioning_falls_more_slowly_and_is_is_still_reported(fired: Fired, falls: float) -> None:
    assert fired(**_slow(np.ones(11), np.zeros(11), 1e4, falls, 10.0)) == {"ill_conditioned"}
    assert not fired(**_slow(np.ones(11), np.zeros(11), 1e4, falls / 100, 10.0))


def test_an_edge_needs_a_loss_that_falls_over_windows_not_step_by_step(fired: Fired) -> None:
    loss = np.where(np.arange(11) < 2, 1.0, 1e-5 * (1 + np.arange(11)))[None]
    assert fired(series={"sharpness": np.full((1, 11), 20.0), "train_loss": loss}) == {"edge_of_stability"}
    rising = np.where(np.arange(11) < 5, 0.02, 0.1)[None]
    assert "edge_of_stability" not in fired(
        series={"sharpness": np.full((1, 11), 20.0), "train_loss": rising}
    )


def test_every_verdict_has_a_code_of_its_own() -> None:
    codes = [verdict.code for verdict in VERDICTS]
    assert len(set(codes)) == len(codes)
    assert all(re.fullmatch(r"RAV[1-9]\d\d", code) for code in codes)
    assert len({verdict.fault for verdict in VERDICTS}) == len(codes)


def test_every_code_has_a_page_with_an_example() -> None:
    """`tests/docs/test_snippets.py` runs the example, which asserts that the code is found."""
    pages = Path(__file__).parents[3] / "docs" / "verdicts"
    assert {page.stem for page in pages.glob("RAV*.md")} == {verdict.code for verdict in VERDICTS}
    for verdict in VERDICTS:
        page = (pages / f"{verdict.code}.md").read_text("utf-8")
        assert page.startswith(f"# {verdict.code}: {verdict.fault}\n\nThe verdict `{verdict.name}`")
        headings = re.findall(r"^## (.+)$", page, re.MULTILINE)
        assert headings == ["How it is found", "Why it matters", "What to do", "Example"]
        assert f'assert "{verdict.code}" in result.codes\n```' in page


def test_a_finding_carries_code_and_fault(record_with: RecordWith) -> None:
    found = {finding.verdict: finding for finding in find_all(record_with())}
    assert found.keys() <= {verdict.name for verdict in VERDICTS}
    assert (found["rate_high"].code, found["rate_high"].fault) == ("RAV101", "learning rate too high")


def test_a_wrong_code_is_refused_with_the_nearest() -> None:
    settings = DiagnoseSettings(source="wine", mute=["RAV101", "RAV402"])
    assert settings.mute == ["RAV101", "RAV402"]
    with pytest.raises(UsageError, match="RAV101"):
        DiagnoseSettings(source="wine", mute=["RAV1O1"])
