"""Texts whose mood is known, from CSV files with a line of headings; packed ones (.gz) as they are.

A file has a column of texts and one of moods, under one of the names below. A mood is 1 or 0, good or bad, 好评 or
差评; a column of stars tells good from four on and bad up to two, and what lies between is left out.
"""

import csv
import gzip
from collections.abc import Generator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import IO

from loopline.reviews.mood.learning import Example

TEXT_NAMES = ("text", "review", "content", "comment", "评论", "内容")
MOOD_NAMES = ("mood", "label", "sentiment", "情感", "标签")
STAR_NAMES = ("stars", "rating", "星级", "评分")
KIND_NAMES = ("kind", "cat", "category", "类别", "品类")
_MOODS = {
    **dict.fromkeys(("1", "good", "positive", "pos", "好评", "正面"), True),
    **dict.fromkeys(("0", "-1", "bad", "negative", "neg", "差评", "负面"), False),
}
_GOOD_STARS_LEAST, _BAD_STARS_MOST = 4, 2
_CELL_CHARACTERS_MAX = 1_000_000


class NotExamples(Exception):  # noqa: N818 - says what is so; becomes a sentence on the console
    """A file that is no list of texts and moods, with what it lacks."""


def examples_of(path: Path) -> list[Example]:
    """Read a file, whole. Raises NotExamples, naming the file and the line."""
    csv.field_size_limit(_CELL_CHARACTERS_MAX)
    with _opened(path) as file:
        rows = csv.DictReader(file)
        names = {(name or "").strip().lower(): name for name in rows.fieldnames or ()}
        text = _named(names, TEXT_NAMES)
        mood, stars, kind = (_named(names, known) for known in (MOOD_NAMES, STAR_NAMES, KIND_NAMES))
        if text is None or (mood is None and stars is None):
            raise NotExamples(
                f"{path.name}: needs a column of texts ({', '.join(TEXT_NAMES)}) and one of moods"
                f" ({', '.join((*MOOD_NAMES, *STAR_NAMES))})"
            )
        found: list[Example] = []
        for number, row in enumerate(rows, start=2):
            is_good = _mood(row, mood, stars, place=f"{path.name}, row {number}")
            said = (row.get(text) or "").strip()
            if is_good is not None and said:
                found.append(
                    Example(
                        text=said,
                        is_good=is_good,
                        source=path.name.removesuffix(".gz").removesuffix(".csv"),
                        kind=(row.get(kind) or "").strip() if kind else "",
                    )
                )
        return found


@contextmanager
def _opened(path: Path) -> Generator[IO[str]]:
    if path.suffix == ".gz":
        with gzip.open(path, "rt", encoding="utf-8-sig", errors="replace", newline="") as file:
            yield file
        return
    with path.open(encoding="utf-8-sig", errors="replace", newline="") as file:
        yield file


def _named(names: Mapping[str, str], wanted: tuple[str, ...]) -> str | None:
    return next((names[name] for name in wanted if name in names), None)


def _mood(row: Mapping[str, str | None], mood: str | None, stars: str | None, *, place: str) -> bool | None:
    if mood is not None:
        said = (row.get(mood) or "").strip().lower()
        if said not in _MOODS:
            raise NotExamples(f"{place}: {said!r} is no mood: 1 or 0, good or bad, 好评 or 差评")
        return _MOODS[said]
    assert stars is not None
    given = (row.get(stars) or "").strip()
    if not given.isdecimal() or not 1 <= int(given) <= 5:
        raise NotExamples(f"{place}: {given!r} are no stars from 1 to 5")
    if int(given) >= _GOOD_STARS_LEAST:
        return True
    return False if int(given) <= _BAD_STARS_MOST else None
