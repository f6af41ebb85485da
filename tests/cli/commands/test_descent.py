"""`ravine descent`: what it says and refuses before anything is trained."""

from pathlib import Path

import pytest


@pytest.mark.parametrize(
    ("arguments", "says"),
    [
        (["--label-noise", "1.5"], "--label-noise 1.5"),
        (["--label-noise", "some"], "must be a number"),
        (["--seeds", "1"], "at least 2"),
        (["--net", "none"], "hidden layer"),
        (["--metric", "auc"], "--metric auc"),
    ],
)
def test_what_cannot_be_is_refused_and_nothing_is_left(ravine, arguments, says):
    ended = ravine("descent", "breast_cancer", *arguments)
    assert ended.status == 2
    assert says in ended.stderr
    assert not Path("runs").exists()
