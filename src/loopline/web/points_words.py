"""Points in words, for who has them and who looks after them."""

from collections.abc import Iterable, Mapping, Sequence
from datetime import datetime

import msgspec

from loopline.kernel.ids import OrderId
from loopline.pricing.points import Account, Entry, PointsKind
from loopline.web.languages import Language, marked

KIND_WORDS: Mapping[PointsKind, str] = {
    PointsKind.EARNED: marked("Earned, pending"),
    PointsKind.MATURED: marked("Can be used"),
    PointsKind.TAKEN_BACK: marked("Taken back with a return"),
    PointsKind.HELD: marked("Held for an order"),
    PointsKind.RELEASED: marked("No longer held"),
    PointsKind.SPENT: marked("Used"),
    PointsKind.BACK: marked("Points given back"),
    PointsKind.EXPIRED: marked("Ended"),
    PointsKind.ADJUSTED: marked("Corrected by hand"),
}


class PointsRow(msgspec.Struct, frozen=True, kw_only=True):
    """Something that happened to points, the lines of an order together; `points` is empty where none came or went."""

    word: str
    points: str
    is_less: bool
    at: datetime
    number: str
    reason: str


class OrderPoints(msgspec.Struct, frozen=True, kw_only=True):
    """What an order has earned of points by now, and what it uses of them."""

    earned: int
    used: int


NO_POINTS = OrderPoints(earned=0, used=0)


def balance_words(language: Language, account: Account) -> str:
    """Write down what a member has, for staff."""
    return language.say(
        "{available} to use, {pending} pending",
        available=language.count(account.available),
        pending=language.count(account.pending),
    )


def signed(language: Language, points: int) -> str:
    """Write down points that came or went, with their sign."""
    return f"{'+' if points > 0 else '−'}{language.count(abs(points))}" if points else ""


def points_rows(
    language: Language, entries: Sequence[Entry], numbers: Mapping[OrderId, str]
) -> list[PointsRow]:
    """Write down what happened, in the order given; what happened to one order at one moment is one row."""
    together: dict[tuple[object, ...], list[Entry]] = {}
    for one in entries:
        of_order = (one.kind, one.order_id, one.at) if one.order_id is not None else (one.number,)
        together.setdefault(of_order, []).append(one)
    rows: list[PointsRow] = []
    for some in together.values():
        first = some[0]
        points = sum(one.available or one.pending for one in some)
        rows.append(
            PointsRow(
                word=language.say(KIND_WORDS[first.kind]),
                points=signed(language, points),
                is_less=points < 0,
                at=first.at,
                number=numbers.get(first.order_id, "") if first.order_id is not None else "",
                reason=first.reason if first.kind is PointsKind.ADJUSTED else "",
            )
        )
    return rows


def points_of_order(entries: Iterable[Entry]) -> OrderPoints:
    """Return what an order earned and uses, by all that happened because of it."""
    some = list(entries)
    earning = {PointsKind.EARNED, PointsKind.TAKEN_BACK}
    using = {PointsKind.HELD, PointsKind.RELEASED, PointsKind.SPENT, PointsKind.BACK}
    return OrderPoints(
        earned=sum(one.pending + one.available for one in some if one.kind in earning),
        used=-sum(one.available for one in some if one.kind in using),
    )
