"""Which line of theirs names which line of ours, where a line may go by several numbers. Pure."""

from collections.abc import Hashable, Sequence

import msgspec


class Numbered(msgspec.Struct, frozen=True, kw_only=True):
    """A line with every number it is known by, the surest first."""

    name: str
    amount_minor: int
    keys: tuple[str, ...]


def meet(ours: Sequence[Numbered], theirs: Sequence[Numbered], *, any_amount: bool = False) -> dict[str, str]:
    """Return, by the name of theirs, the name of ours that shares a number, one to one.

    First those of the same amount; then, of what is left, those that a number leads to one line of ours alone and that
    go the same way, in or out. `any_amount`: amounts say nothing, as where our books state none.
    """
    by_key: dict[str, list[Numbered]] = {}
    for one in ours:
        for key in one.keys:
            by_key.setdefault(key, []).append(one)
    taken: set[str] = set()
    met: dict[str, str] = {}
    for is_sure in (True, False):
        for one in theirs:
            if one.name in met:
                continue
            other = _other(one, by_key, taken, is_sure=is_sure and not any_amount, any_amount=any_amount)
            if other is not None:
                met[one.name] = other.name
                taken.add(other.name)
    return met


def _other(
    one: Numbered, by_key: dict[str, list[Numbered]], taken: set[str], *, is_sure: bool, any_amount: bool
) -> Numbered | None:
    for key in one.keys:
        left = [ours for ours in by_key.get(key, ()) if ours.name not in taken]
        if is_sure:
            left = [ours for ours in left if ours.amount_minor == one.amount_minor]
            if left:
                return left[0]
            continue
        if not any_amount:
            left = [ours for ours in left if (ours.amount_minor < 0) == (one.amount_minor < 0)]
        if len(left) == 1:
            return left[0]
    return None


def repeats(lines: Sequence[tuple[str, Hashable | None]]) -> set[str]:
    """Return the names of lines that say what an earlier one said already; what says None repeats nothing."""
    seen: set[Hashable] = set()
    repeated: set[str] = set()
    for name, said in lines:
        if said is None:
            continue
        if said in seen:
            repeated.add(name)
        seen.add(said)
    return repeated
