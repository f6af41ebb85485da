"""Pictures in every format, the same twice."""

import pytest

from ravine.errors import UsageError
from ravine.lecture.plot_style import canvas, marks, save, style, theory


@pytest.mark.parametrize(("kind", "start"), [("png", b"\x89PNG"), ("svg", b"<?xml"), ("pdf", b"%PDF")])
def test_pictures_are_written_the_same_twice(tmp_path, kind, start):
    def drawn(name):
        with style():
            figure, (left, right) = canvas("A title", columns=2)
            theory(left, [0, 1], [0, 1], "line")
            marks(right, [0, 1], [0, 1], "mark", which=1, error=[0.1, 0.2])
            left.legend()
        save(figure, tmp_path / f"{name}.{kind}")
        return (tmp_path / f"{name}.{kind}").read_bytes()

    once = drawn("a")
    assert once.startswith(start)
    assert once == drawn("b")


def test_no_other_format(tmp_path):
    with style():
        figure, _ = canvas("x")
    with pytest.raises(UsageError, match="bmp"):
        save(figure, tmp_path / "x.bmp")
    assert not list(tmp_path.iterdir())
