"""Find every sentence that pages say and keep the translations in step.

    python -m loopline.web.catalogue

Each room and each part of the pages has its file, `locale/zh/<who>.po`: a sentence stands in that of who says it
first. Adds what is new without a translation, drops what nobody says any more, and names both.
"""

import ast
import sys
from collections import defaultdict
from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path

from babel.messages.catalog import Catalog
from babel.messages.extract import extract_from_file
from babel.messages.pofile import read_po, write_po
from jinja2.ext import babel_extract

from loopline.web.languages import LOCALE_FOLDER, files_of

_FOLDER = Path(__file__).parent
_PLACES = 2
"""A translator is shown so many of the files that say a sentence: what everybody says needs no list."""
_SINCE = datetime(2026, 11, 21, tzinfo=UTC)
"""One date for all files: what changes when is told by the repository."""
_KEYWORDS = {"say": None, "marked": None}


def sentences() -> dict[str, list[str]]:
    """Return every sentence that is said, with the files that say it: pages, handlers, and every room's refusals."""
    found: dict[str, list[str]] = {}
    for sentence, place in (*_in_python(), *_in_pages(), *_in_refusals()):
        places = found.setdefault(sentence, [])
        if place not in places:
            places.append(place)
    return dict(sorted(found.items()))


def read_catalogue(language: str) -> Catalog:
    """Return the translations of a language as they stand, of all files."""
    standing = Catalog(locale=language)
    for path in files_of(language):
        with path.open("rb") as file:
            for message in read_po(file, locale=language):
                if message.id:
                    standing.add(message.id, message.string)
    return standing


def write_catalogue(standing: Catalog, said: dict[str, list[str]]) -> None:
    """Write what is said now with the translations that stand; a file of whom nobody is heard goes."""
    folder = LOCALE_FOLDER / str(standing.locale)
    by_who: dict[str, list[str]] = defaultdict(list)
    for sentence, places in said.items():
        by_who[_who(places[0])].append(sentence)
    for path in files_of(str(standing.locale)):
        if path.stem not in by_who:
            path.unlink()
    for who, sentences_of_who in by_who.items():
        made = Catalog(
            locale=standing.locale,
            project="Loopline",
            fuzzy=False,
            creation_date=_SINCE,
            header_comment=f"# 环线 Loopline: {who}",
        )
        for sentence in sentences_of_who:
            message = standing.get(sentence)
            made.add(sentence, message.string if message else "", auto_comments=said[sentence][:_PLACES])
        with (folder / f"{who}.po").open("wb") as file:
            write_po(file, made, width=100, sort_output=True, omit_header=False)


def _who(place: str) -> str:
    """Name the room, or the part of the pages: `orders`, `hq` for handlers and templates of `web`."""
    parts = [part for part in place.split("/")[1:-1] if part != "templates"]
    return parts[1] if len(parts) > 1 and parts[0] == "web" else parts[0]


def _in_python() -> Iterator[tuple[str, str]]:
    for path in sorted(_FOLDER.rglob("*.py")):
        for _, message, _, _ in extract_from_file("python", str(path), keywords=_KEYWORDS):
            yield str(message), _name(path)


def _in_pages() -> Iterator[tuple[str, str]]:
    for path in sorted((_FOLDER / "templates").rglob("*.html")):
        with path.open("rb") as file:
            for _, _, message, _ in babel_extract(file, ["say"], [], {"trimmed": "true"}):
                sentence = message if isinstance(message, str) else next(iter(message or ()), None)
                if sentence:
                    yield sentence, _name(path)


def _in_refusals() -> Iterator[tuple[str, str]]:
    """Read the docstrings of refusals, and the reasons they carry, from the sources: importing would take seconds."""
    classes: list[tuple[ast.ClassDef, Path]] = []
    for path in sorted(_FOLDER.parent.rglob("*.py")):
        tree = ast.parse(path.read_text(encoding="utf-8"))
        classes.extend((node, path) for node in ast.walk(tree) if isinstance(node, ast.ClassDef))
    names = {"Refusal"}
    while True:
        more = {node.name for node, _ in classes if names & {_base_name(base) for base in node.bases}} - names
        if not more:
            break
        names |= more
    for node, path in classes:
        if node.name in names - {"Refusal"}:
            yield " ".join((ast.get_docstring(node) or "").split()), _name(path)
        if "Why" in {_base_name(base) for base in node.bases}:
            for line in node.body:
                if isinstance(line, ast.Assign) and isinstance(line.value, ast.Constant):
                    yield str(line.value.value), _name(path)


def _base_name(base: ast.expr) -> str:
    return base.id if isinstance(base, ast.Name) else ""


def _name(path: Path) -> str:
    return path.relative_to(_FOLDER.parents[1]).as_posix()


def main() -> int:
    """Bring the files of `locale/zh` into step; tells what wants translating."""
    standing = read_catalogue("zh")
    said = sentences()
    write_catalogue(standing, said)
    wanting = [sentence for sentence in said if not getattr(standing.get(sentence), "string", "")]
    dropped = [message.id for message in standing if message.id and message.id not in said]
    sys.stdout.writelines(f"wants a translation: {sentence}\n" for sentence in wanting)
    sys.stdout.writelines(f"nobody says any more: {sentence}\n" for sentence in dropped)
    return 0


if __name__ == "__main__":
    sys.exit(main())
