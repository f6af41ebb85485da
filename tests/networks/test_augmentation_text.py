"""Augmentations as text: names, strengths, and the texts that are refused."""

from __future__ import annotations

import pytest

from ravine.errors import UsageError
from ravine.networks.augmentation_text import AUGMENTATIONS, check_inputs, read_augmentation


def test_read():
    assert read_augmentation("mixup=0.2, noise=0.1") == (("noise", "mixup"), {"mixup": 0.2, "noise": 0.1})
    assert read_augmentation("shift flip") == (("flip", "shift"), {"shift": 1.0, "flip": 0.5})
    assert read_augmentation("  ") == read_augmentation("none") == ((), {})
    for name, kind in AUGMENTATIONS.items():
        assert read_augmentation(name)[1][name] == kind.default <= kind.most


@pytest.mark.parametrize(
    ("text", "says"),
    [
        ("nois=0.1", "'noise'"),
        ("noise=", "must be a number"),
        ("noise=-1", "at least 0"),
        ("noise=nan", "must be a number"),
        ("noise=inf", "must be a number"),
        ("noise=a", "must be a number"),
        ("flip=1.5", "at most 1"),
        ("rotate=200", "at most 180"),
        ("noise noise=1", "twice"),
        ("=1", "no augmentation ''"),
        ("noise none", "no augmentation 'none'"),
    ],
)
def test_refused(text, says):
    with pytest.raises(UsageError, match=says) as caught:
        read_augmentation(text)
    assert caught.value.option == "augment" and caught.value.allowed


@pytest.mark.parametrize("name", ["flip", "rotate", "shift", "cutout"])
def test_tables_have_no_images(name):
    names, _ = read_augmentation(f"noise=0.1 {name}")
    check_inputs(names, (5, 7, 2))
    with pytest.raises(UsageError, match=r"for images.*noise, mixup") as caught:
        check_inputs(names, None)
    assert (caught.value.option, caught.value.value) == ("augment", name)
    assert caught.value.allowed == ("noise", "mixup")
