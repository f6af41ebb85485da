"""Settings from plain values: kinds, unknown keys, contradictions."""

from __future__ import annotations

import subprocess
import sys

import pytest

from ravine.errors import UsageError
from ravine.studies.compare.settings import CompareSettings
from ravine.studies.train.settings import TrainSettings


@pytest.mark.parametrize("kind", [CompareSettings, TrainSettings])
def test_what_is_written_is_read_again(kind: type) -> None:
    made = kind.from_dict({"source": "x.csv", "seed": 3, "net": "8-8", "drop": ["a", "b"], "epochs": 2})
    assert kind.from_dict(made.to_dict()) == made


def test_every_unknown_key_is_named_with_the_nearest() -> None:
    with pytest.raises(UsageError) as caught:
        CompareSettings.from_dict({"optimizer_s": "adam", "efort": "quick"})
    assert "'optimizer_s'" in str(caught.value) and "'efort'" in str(caught.value)
    assert "'effort'" in str(caught.value)


@pytest.mark.parametrize(
    "wrong",
    [
        {"effort": "huge"}, {"effort": "quick", "budget": "60s"}, {"schedules": []}, {"precision": "float16"},
        {"schedules": ["decay"] * 2}, {"seeds": 1}, {"seed": -1}, {"seed": "zero"}, {"batch_size": 0},
        {"batch_size": 2.5}, {"epochs": 0}, {"validation": 1.0}, {"init": "xavier"}, {"activation": "swish"},
        {"task": "cluster"},
    ],
)  # fmt: skip
def test_what_cannot_be_used_is_refused(wrong: dict[str, object]) -> None:
    with pytest.raises(UsageError):
        CompareSettings.from_dict(wrong)


def test_settings_need_no_heavy_import() -> None:
    heavy = "[m for m in ('jax', 'numpy', 'pandas') if m in sys.modules]"
    code = f"import ravine.studies.compare.settings, sys; print({heavy})"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "[]"
