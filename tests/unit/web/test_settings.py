"""The secret of forms."""

from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest

from loopline.web.settings import WebSettings, load_secret


def test_a_secret_is_made_once_and_kept_from_others(tmp_path: Path):
    folder = tmp_path / "keys"
    made = load_secret(folder)
    assert len(made) == 64
    assert load_secret(folder) == made
    assert (folder / "web_secret").stat().st_mode & 0o077 == 0
    assert [path.name for path in folder.iterdir()] == ["web_secret"]


def test_processes_that_start_at_once_agree(tmp_path: Path):
    with ThreadPoolExecutor(8) as pool:
        made = set(pool.map(load_secret, [tmp_path] * 32))
    assert len(made) == 1


def test_a_short_secret_is_refused():
    with pytest.raises(ValueError, match="at least 32"):
        WebSettings(secret="short", data_directory=Path("nowhere"))


def test_settings_never_show_their_secret():
    assert "x" * 40 not in repr(WebSettings(secret="x" * 40, data_directory=Path("nowhere")))
