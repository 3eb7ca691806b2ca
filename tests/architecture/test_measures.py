"""Every number that boards show is explained in docs/reference/measures.md, and nothing is that none shows."""

import ast
import re
from pathlib import Path

import pytest

from loopline.insight.rights import CAUSES, Cause, Right
from tests.architecture import house

HQ = house.ROOT / "src" / "loopline" / "web" / "hq"
TEMPLATES = house.ROOT / "src" / "loopline" / "web" / "templates" / "hq"
DOCUMENT = (house.ROOT / "docs" / "reference" / "measures.md").read_text(encoding="utf-8")
SCHEMA = (house.ROOT / "src" / "loopline" / "db" / "schema.sql").read_text(encoding="utf-8")
PAGES = (
    "board*",
    "surge*",
    "sourcing.html",
    "sourcing_now.html",
    "promises.html",
    "rights.html",
    "returns_why.html",
    "shifts.html",
    "changed_prices.html",
    "counts.html",
    "packing.html",
    "../store/customers.html",
)
BOARDS = sorted(path for name in PAGES for path in TEMPLATES.glob(name))
# Whose figures a page shows in a loop, named by their keys.
VIEWS = {
    "sourcing_now.html": "sourcing_view.py",
    "promises.html": "promises_view.py",
    "rights.html": "rights_view.py",
    "returns_why.html": "returns_why_view.py",
}
ROW = re.compile(r"^\| `([a-z_-]+)` \|(.*)\|$", re.MULTILINE)
LOOPED = re.compile(r"\{\{ \w+\.key \}\}")
TAG = re.compile(r"<(?:p|th|div)\b(?:[^>{]|\{\{.*?\}\}|\{%.*?%\})*>")

each_board = pytest.mark.parametrize("board", BOARDS, ids=lambda path: path.name)


def figure_keys(view: str) -> set[str]:
    """The keys of the figures that a view writes; `right.value` stands for all six."""
    keys: set[str] = set()
    for node in ast.walk(ast.parse((HQ / view).read_text(encoding="utf-8"))):
        if isinstance(node, ast.Call) and isinstance(node.func, ast.Name) and node.func.id == "Figure":
            (key,) = (one.value for one in node.keywords if one.arg == "key")
            keys |= {str(key.value)} if isinstance(key, ast.Constant) else {right.value for right in Right}
    assert keys
    return keys


def shown(board: Path) -> set[str]:
    """The measures of a page, by the marks beside its numbers."""
    found: set[str] = set()
    for name in re.findall(r'data-measure="([^"]+)"', board.read_text(encoding="utf-8")):
        if LOOPED.search(name):
            found |= {LOOPED.sub(key, name) for key in figure_keys(VIEWS[board.name])}
        else:
            found.add(name)
    return found


def test_pages_and_document_name_the_same_measures():
    explained = [name for name, _ in ROW.findall(DOCUMENT)]
    assert len(explained) == len(set(explained))
    assert set(explained) == set().union(*(shown(board) for board in BOARDS))


@each_board
def test_every_number_has_its_mark(board: Path):
    """Figures, charts and columns of numbers: whoever adds one says what it is."""
    unmarked = [
        tag
        for tag in TAG.findall(board.read_text(encoding="utf-8"))
        if re.search(r'class="(?:amount|chart|number)\b', tag) and "data-measure=" not in tag
    ]
    assert unmarked == []


def test_every_row_says_what_it_is_from_where_and_how_it_is_rounded():
    rows = {name: [cell.strip() for cell in rest.split("|")] for name, rest in ROW.findall(DOCUMENT)}
    assert {name: len(cells) for name, cells in rows.items()} == dict.fromkeys(rows, 4)
    assert [name for name, cells in rows.items() if not all(cells)] == []


def test_every_source_is_a_table_of_the_database():
    tables = set(re.findall(r"^CREATE TABLE (\S+)", SCHEMA.replace('"', ""), re.MULTILINE))
    named = {source for _, rest in ROW.findall(DOCUMENT) for source in re.findall(r"`(\w+\.\w+)`", rest)}
    assert named - tables == set()


def test_every_right_is_defined_with_its_causes():
    for right in Right:
        (row,) = re.findall(rf"^\| {right.value} \|(.*)\|$", DOCUMENT, re.MULTILINE)
        told = [cause for cause in re.findall(r"`(\w+)`", row.split("|")[-1]) if cause in set(Cause)]
        assert told == [cause.value for cause in CAUSES[right]]
