"""What the architecture tests read: the folders of the house, its files, their syntax trees."""

import ast
import tomllib
from collections.abc import Iterator
from functools import cache
from pathlib import Path

import msgspec

ROOT = Path(__file__).parents[2]
HOUSE = ROOT / "src" / "loopline"
BELOW_THE_EDGE = ("kernel", "db", "insight", "processes")


class Contract(msgspec.Struct, frozen=True):
    """One contract of import-linter."""

    id: str
    layers: tuple[str, ...] = ()


@cache
def contracts() -> dict[str, Contract]:
    """The contracts in pyproject.toml, by id."""
    text = (ROOT / "pyproject.toml").read_text(encoding="utf-8")
    tables = tomllib.loads(text)["tool"]["importlinter"]["contracts"]
    return {contract.id: contract for contract in msgspec.convert(tables, list[Contract])}


@cache
def layers() -> tuple[tuple[str, ...], ...]:
    """The folders of each layer, highest layer first."""
    return tuple(_names(layer) for layer in contracts()["house"].layers)


def _names(layer: str) -> tuple[str, ...]:
    return tuple(name.strip().strip("()") for name in layer.replace("|", ":").split(":"))


def rooms() -> list[Path]:
    """The folders of the rooms that exist, in the order of the contract."""
    named = max(layers(), key=len)
    return [HOUSE / name for name in named if (HOUSE / name).is_dir()]


def folders() -> list[str]:
    """The folders directly in the house, whether they are packages or not."""
    return sorted(path.name for path in HOUSE.iterdir() if path.is_dir() and path.name != "__pycache__")


def sources(folder: Path = HOUSE) -> Iterator[Path]:
    """Every Python file under `folder`, in order of path."""
    return iter(sorted(path for path in folder.rglob("*.py") if "node_modules" not in path.parts))


def is_below_the_edge(path: Path) -> bool:
    """Whether `path` lies where the clock, the network and chance come in as parameters only."""
    first = path.relative_to(HOUSE).parts[0]
    return first in BELOW_THE_EDGE or any(first == room.name for room in rooms())


@cache
def tree(path: Path) -> ast.Module:
    return ast.parse(path.read_text(encoding="utf-8"), filename=str(path))


def place(path: Path, node: ast.AST | None = None) -> str:
    """`path:line`, as an editor opens it."""
    line = getattr(node, "lineno", None)
    return f"{path.relative_to(ROOT)}:{line}" if line else str(path.relative_to(ROOT))
