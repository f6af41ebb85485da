"""The film of animated rules: a GIF whose frames differ."""

import numpy as np
from PIL import Image

from ravine.lecture.animations import write_animation


def test_a_gif_moves(tmp_path):
    write_animation(tmp_path / "moving.gif", "Two rules", ("sgd", "adam"))
    with Image.open(tmp_path / "moving.gif") as film:
        assert film.n_frames > 30 and film.info["loop"] == 0
        frames = []
        for number in (0, film.n_frames - 1):
            film.seek(number)
            frames.append(np.asarray(film.convert("RGB"), int))
    changed = (np.abs(frames[1] - frames[0]).sum(axis=2) > 60).mean()
    assert 0.001 < changed < 0.2
