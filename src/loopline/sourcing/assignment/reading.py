"""The files of the field: text of the OR-Library's kind (one source each), MiniZinc data (several sources).

The text holds numbers in this order: facilities and customers, each facility's capacity and cost of opening, each
customer's demand, each facility's cost of serving each customer. After the last number and an empty line, or a NUL,
anything may follow and is not read: the files of Holmberg and others end in padding, one in a letter that went around
with it. MiniZinc data names what it holds: Warehouses, Stores, Capacity, FixedCost, Goods, SupplyCost (stores ×
warehouses, per unit), Incompatibilities, IncompatiblePairs.
"""

import re
from pathlib import Path

import numpy as np

from loopline.sourcing.assignment.problem import Integers, Problem, refuse_unsound, unsound

_BYTES_MAX = 64 << 20
_COUNT_MAX = 100_000
_NUMBER = re.compile(r"-?\d+(?:\.0*)?")
_ITEM = re.compile(r"\s*(\w+)\s*=\s*([^;]*);")
_NAMES = ("Warehouses", "Stores", "Capacity", "FixedCost", "Goods", "SupplyCost")


def read_problem(path: Path) -> Problem:
    """Read a problem; what ends in .dzn is MiniZinc data. Raises `Refused` with what is wrong with the file."""
    try:
        raw = path.read_bytes()
    except OSError as problem:
        raise unsound(path.name, problem.strerror or "cannot be read") from problem
    if len(raw) > _BYTES_MAX:
        raise unsound(path.name, f"is larger than {_BYTES_MAX >> 20} MiB")
    try:
        text = raw.decode("utf-8")
    except UnicodeDecodeError as problem:
        raise unsound(path.name, "is no text") from problem
    read = read_minizinc if path.suffix == ".dzn" else read_text
    return read(text, name=path.stem if path.suffix == ".dzn" else path.name)


def read_text(text: str, *, name: str) -> Problem:
    """Read the numbers of a problem with one source for each customer."""
    words = _words(text.split("\0", maxsplit=1)[0])
    facilities, customers = _count(words, 0, "facilities"), _count(words, 1, "customers")
    needed = 2 + 2 * facilities + customers + facilities * customers
    if len(words) < needed:
        raise unsound(name, f"ends after {len(words)} numbers of {needed}")
    if len(words) > needed:
        raise unsound(name, f"has more than the {needed} numbers it needs")
    numbers = np.array([_whole(word, at) for at, word in enumerate(words)], np.int64)
    pairs = numbers[2 : 2 + 2 * facilities].reshape(facilities, 2)
    rest = numbers[2 + 2 * facilities :]
    return refuse_unsound(
        Problem(
            name=name,
            capacity=pairs[:, 0].copy(),
            opening=pairs[:, 1].copy(),
            demand=rest[:customers].copy(),
            serving=rest[customers:].reshape(facilities, customers).copy(),
        )
    )


def read_minizinc(text: str, *, name: str) -> Problem:
    """Read the data of a problem with several sources and customers that are kept apart."""
    items = {key: value.strip() for key, value in _ITEM.findall(re.sub(r"%[^\n]*", "", text))}
    for one in _NAMES:
        if one not in items:
            raise unsound(name, f"has no {one}")
    facilities = _count([items["Warehouses"]], 0, "Warehouses")
    customers = _count([items["Stores"]], 0, "Stores")
    pairs = _list(items.get("IncompatiblePairs", "[]"), "IncompatiblePairs")
    stated = items.get("Incompatibilities")
    if len(pairs) % 2 or (stated is not None and str(len(pairs) // 2) != stated):
        raise unsound("IncompatiblePairs", f"is not the {stated} pairs that Incompatibilities says")
    costs = _list(items["SupplyCost"], "SupplyCost")
    if len(costs) != facilities * customers:
        raise unsound("SupplyCost", f"has {len(costs)} numbers instead of {facilities * customers}")
    both = pairs.reshape(-1, 2) - 1
    return refuse_unsound(
        Problem(
            name=name,
            capacity=_sized(items, "Capacity", facilities),
            opening=_sized(items, "FixedCost", facilities),
            demand=_sized(items, "Goods", customers),
            serving=costs.reshape(customers, facilities).T.copy(),
            is_split=True,
            apart=tuple(sorted({(int(min(pair)), int(max(pair))) for pair in both})),
        )
    )


def _words(text: str) -> list[str]:
    """Return the numbers up to an empty line that something else than a number follows."""
    words: list[str] = []
    was_empty = False
    for line in text.splitlines():
        parts = line.split()
        if was_empty and parts and not _NUMBER.fullmatch(parts[0]):
            break
        words.extend(parts)
        was_empty = not parts
    return words


def _count(words: list[str], at: int, field: str) -> int:
    if at >= len(words) or not words[at].isascii() or not words[at].isdigit():
        raise unsound(field, f"is no count: {words[at][:20] if at < len(words) else 'nothing'}")
    if len(words[at]) > 6 or int(words[at]) > _COUNT_MAX:
        raise unsound(field, f"is above {_COUNT_MAX:,}")
    return int(words[at])


def _whole(word: str, at: int) -> int:
    if not _NUMBER.fullmatch(word) or len(word) > 15:
        raise unsound(f"number {at + 1}", f"is not whole: {word[:20]}")
    return int(word.partition(".")[0])


def _list(text: str, field: str) -> Integers:
    inside = re.fullmatch(r"\[(.*)\]", text, re.DOTALL)
    if inside is None:
        raise unsound(field, "is no list in brackets")
    words = inside.group(1).replace("|", ",").replace(",", " ").split()
    return np.array([_whole(word, at) for at, word in enumerate(words)], np.int64)


def _sized(items: dict[str, str], field: str, size: int) -> Integers:
    numbers = _list(items[field], field)
    if len(numbers) != size:
        raise unsound(field, f"has {len(numbers)} numbers instead of {size}")
    return numbers
