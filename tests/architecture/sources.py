"""Finds every named SQL statement of the house."""

from pathlib import Path

from loopline.db import Statement, statements

SOURCE = Path(__file__).parents[2] / "src" / "loopline"


def statement_files() -> list[Path]:
    return sorted(
        path for path in SOURCE.rglob("*.sql") if "versions" not in path.parts and path.name != "schema.sql"
    )


def all_statements() -> list[Statement]:
    return [
        statement
        for path in statement_files()
        for statement in statements(str(path.with_suffix(".py")), name=path.stem).values()
    ]
