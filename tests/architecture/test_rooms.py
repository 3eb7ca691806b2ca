"""A room looks the same everywhere, and the edge stays at the edge."""

import ast
import re
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.architecture import house

ROOMS = house.rooms()
SHAPE = ("__init__.py", "model.py", "rules.py", "service.py", "queries.py", "store.py", "store.sql")
NAMES_THAT_SAY_NOTHING = {"utils", "util", "helpers", "helper", "common", "manager", "misc", "base", "core"}

# The schemas whose published views a room may read although they are not its own (docs/decisions/0002).
NAMED_EXCEPTIONS = {"org.published_scope"}


def in_rooms(pattern: str) -> list[Path]:
    return sorted(path for room in ROOMS for path in room.rglob(pattern))


@pytest.mark.parametrize("room", ROOMS, ids=lambda room: room.name)
def test_a_room_has_the_files_of_a_room(room: Path) -> None:
    missing = [name for name in SHAPE if not _is_there(room, name)]
    assert missing == []


def _is_there(room: Path, name: str) -> bool:
    """A file that outgrew its purpose is a package of topics under the same name."""
    stem = name.removesuffix(".py")
    return (room / name).exists() or (room / stem / "__init__.py").exists()


@pytest.mark.parametrize("room", ROOMS, ids=lambda room: room.name)
def test_the_front_door_says_what_the_room_promises_and_what_it_locks(room: Path) -> None:
    docstring = ast.get_docstring(house.tree(room / "__init__.py")) or ""
    assert len(docstring) > 200
    assert "lock" in docstring.lower()


def test_rules_and_models_are_pure() -> None:
    impure = [
        f"{house.place(path, node)} imports {name}"
        for pattern in ("rules.py", "model.py", "events.py", "rules/*.py", "model/*.py")
        for path in in_rooms(pattern)
        for node, name in imports(path)
        if name.split(".")[0]
        in {"psycopg", "psycopg_pool", "sqlalchemy", "procrastinate", "litestar", "httpx"}
        or name.startswith("loopline.db")
    ]
    assert impure == []


def test_nobody_reaches_behind_a_front_door() -> None:
    """A room's statements are its own: others ask its service or its queries."""
    names = "|".join(room.name for room in ROOMS)
    behind = re.compile(rf"loopline\.({names})\.store\b")
    found = [
        f"{house.place(path, node)} imports {name}"
        for path in house.sources()
        for node, name in imports(path)
        if (match := behind.match(name)) and path.relative_to(house.HOUSE).parts[0] != match.group(1)
    ]
    assert found == []


def imports(path: Path) -> Iterator[tuple[ast.AST, str]]:
    for node in ast.walk(house.tree(path)):
        if isinstance(node, ast.Import):
            yield from ((node, alias.name) for alias in node.names)
        elif isinstance(node, ast.ImportFrom) and node.module is not None:
            yield from ((node, f"{node.module}.{alias.name}") for alias in node.names)


def test_no_import_hides_inside_a_function() -> None:
    hidden = [
        house.place(path, inner)
        for path in house.sources()
        for node in ast.walk(house.tree(path))
        if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef)
        for inner in ast.walk(node)
        if isinstance(inner, ast.Import | ast.ImportFrom)
    ]
    assert hidden == []


# Who opens a transaction ends it: the edge. A room that commits would let half an order be seen.
ENDS_A_TRANSACTION = {"commit", "rollback", "transaction"}


def test_rooms_and_processes_never_open_or_end_a_transaction() -> None:
    folders = [*ROOMS, house.HOUSE / "processes", house.HOUSE / "insight"]
    found = [
        house.place(path, node)
        for folder in folders
        for path in house.sources(folder)
        for node in ast.walk(house.tree(path))
        if isinstance(node, ast.Call)
        and isinstance(node.func, ast.Attribute)
        and node.func.attr in ENDS_A_TRANSACTION
    ]
    assert found == []


READS_A_CLOCK_OR_CHANCE = {
    ("datetime", "now"),
    ("datetime", "utcnow"),
    ("datetime", "today"),
    ("date", "today"),
    ("time", "time"),
    ("uuid", "uuid4"),
    ("uuid", "uuid1"),
    ("random", "random"),
    ("random", "choice"),
    ("random", "shuffle"),
}


def test_no_clock_and_no_chance_below_the_edge() -> None:
    found = [
        house.place(path, node)
        for path in house.sources()
        if house.is_below_the_edge(path)
        for node in ast.walk(house.tree(path))
        if isinstance(node, ast.Call)
        and isinstance(node.func, ast.Attribute)
        and isinstance(node.func.value, ast.Name)
        and (node.func.value.id, node.func.attr) in READS_A_CLOCK_OR_CHANCE
    ]
    assert found == []


COMMENT = re.compile(r"--[^\n]*")
TEXT = re.compile(r"'(?:[^']|'')*'")
MIGRATIONS = house.HOUSE / "db" / "migrations" / "versions"
WRITTEN_BY_PG_DUMP = house.HOUSE / "db" / "schema.sql"


@pytest.mark.parametrize("room", ROOMS, ids=lambda room: room.name)
def test_the_migrations_of_a_room_name_no_other_rooms_schema(room: Path) -> None:
    """What statements name is held by test_sql.py; this is about tables, views and triggers."""
    others = "|".join(sorted({name for layer in house.layers() for name in layer} - {room.name}))
    foreign = {
        f"{house.place(path)}: {relation}"
        for path in sorted(MIGRATIONS.glob(f"*_{room.name}*.sql"))
        for relation in re.findall(rf"\b(?:{others})\.[a-z_]+", bare(path.read_text(encoding="utf-8")))
        if relation not in NAMED_EXCEPTIONS
    }
    assert foreign == set()


def bare(sql: str) -> str:
    """`sql` in lower case without its comments and texts."""
    return TEXT.sub("''", COMMENT.sub("", sql)).lower()


def test_sql_is_lower_case() -> None:
    shouting = [
        f"{house.place(path)}: {word}"
        for path in sorted(house.HOUSE.rglob("*.sql"))
        if path != WRITTEN_BY_PG_DUMP
        for word in re.findall(
            r"\b(?:SELECT|INSERT|UPDATE|DELETE|FROM|WHERE|CREATE|TABLE|RETURNING)\b",
            TEXT.sub("''", COMMENT.sub("", path.read_text(encoding="utf-8"))),
        )
    ]
    assert shouting == []


BLOCK = re.compile(r"^-- name: (\w+)\n((?:--[^\n]*\n)*)", re.MULTILINE)


def test_a_sentence_stands_above_every_statement() -> None:
    silent = [
        f"{house.place(path)}: {name}"
        for path in in_rooms("*.sql")
        for name, sentence in BLOCK.findall(path.read_text(encoding="utf-8"))
        if len(sentence.strip("- \n")) < 20
    ]
    assert silent == []


def test_every_statement_is_used() -> None:
    unused = [
        f"{house.place(path)}: {name}"
        for path in in_rooms("*.sql")
        for name, _ in BLOCK.findall(path.read_text(encoding="utf-8"))
        if not any(f'"{name}"' in source.read_text(encoding="utf-8") for source in path.parent.glob("*.py"))
    ]
    assert unused == []


def test_statements_have_one_name_each_within_a_file() -> None:
    for path in in_rooms("*.sql"):
        names = [name for name, _ in BLOCK.findall(path.read_text(encoding="utf-8"))]
        assert sorted(names) == sorted(set(names)), house.place(path)


def test_files_are_short_enough_to_read() -> None:
    long = {
        house.place(path): lines
        for path in house.sources()
        if (lines := len(path.read_text(encoding="utf-8").splitlines())) > 500
    }
    assert long == {}


def test_functions_are_short_enough_to_read() -> None:
    long = {
        f"{house.place(path, node)} {node.name}": length
        for path in house.sources()
        for node in ast.walk(house.tree(path))
        if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef)
        if (length := (node.end_lineno or node.lineno) - node.lineno + 1) > 60
    }
    assert long == {}


def test_every_file_is_named_for_what_it_holds() -> None:
    nameless = [
        house.place(path)
        for path in house.sources()
        if path.stem in NAMES_THAT_SAY_NOTHING or path.parent.name in NAMES_THAT_SAY_NOTHING
    ]
    assert nameless == []
