"""Named SQL: statements live in a `.sql` file beside the module that runs them, each with a sentence above it.

-- name: hold_units
-- Add holds at a node and its ancestors. The caller holds the node rows.
update ...
"""

import re
from pathlib import Path
from typing import LiteralString, cast

import msgspec

_BLOCK = re.compile(r"^-- name: *(?P<name>[a-z0-9_]+) *$", re.MULTILINE)


class Statement(msgspec.Struct, frozen=True, kw_only=True):
    """One named statement: its text as sent, and the comment that says what it does and which rows it locks."""

    name: str
    text: LiteralString
    comment: str
    source: str


def statements(module_file: str, *, name: str | None = None) -> dict[str, Statement]:
    """Read the `.sql` file beside a module (`store.py` reads `store.sql`); `name` says another file in that folder.

    Raises ValueError for a name given twice, a block without a sentence, or a file without blocks.
    """
    module_path = Path(module_file)
    path = module_path.with_name(f"{name}.sql") if name else module_path.with_suffix(".sql")
    pieces = _BLOCK.split(path.read_text(encoding="utf-8"))
    found: dict[str, Statement] = {}
    for block_name, body in zip(pieces[1::2], pieces[2::2], strict=True):
        lines = body.strip().splitlines()
        comment = [line.removeprefix("--").strip() for line in lines if line.startswith("--")]
        text = "\n".join(line for line in lines if not line.startswith("--")).strip().rstrip(";")
        if block_name in found:
            raise ValueError(f"{path.name}: the statement {block_name} is there twice")
        if not comment or not text:
            raise ValueError(f"{path.name}: {block_name} needs a sentence above and a statement below it")
        found[block_name] = Statement(
            name=block_name,
            text=cast("LiteralString", text),  # our own file, not input
            comment=" ".join(comment),
            source=f"{path.parent.name}/{path.name}",
        )
    if not found:
        raise ValueError(f"{path}: no '-- name:' block")
    return found
