"""The folder of the cache: named by the environment, else the usual one of the system."""

from ravine.records.user_cache import user_cache


def test_the_own_variable_goes_before_the_usual_ones(monkeypatch, tmp_path):
    monkeypatch.setenv("HOME", str(tmp_path / "home"))
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path / "xdg"))
    monkeypatch.setenv("RAVINE_CACHE", str(tmp_path / "own"))
    assert user_cache() == tmp_path / "own" / "ravine"
    monkeypatch.delenv("RAVINE_CACHE")
    assert user_cache() == tmp_path / "xdg" / "ravine"
    monkeypatch.delenv("XDG_CACHE_HOME")
    assert user_cache() == tmp_path / "home" / ".cache" / "ravine"
