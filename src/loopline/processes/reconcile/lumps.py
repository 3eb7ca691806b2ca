"""One line of a bank for several days that a gateway or a marketplace pays out together, as over a weekend. Pure.

The bank names who pays, and a date; so a line may stand for days of that payer that follow each other, end not after it
and come to its amount to the cent. Where two stretches of days would do, or two lines, nothing is decided.
"""

from collections import Counter
from collections.abc import Iterator, Mapping, Sequence

from loopline.bills import OpenLine, OurKind, OurLine
from loopline.processes.reconcile.model import Window

DAYS_MOST = 10
"""So many days are paid out together at most: the longest holidays are shorter."""
Lump = tuple[OpenLine, tuple[OurLine, ...]]


def lumps(ours: Sequence[OurLine], theirs: Sequence[OpenLine], *, window: Window) -> list[Lump]:
    """Return lines of a bank with the expected payouts of several days that each stands for, the earliest day first.

    `ours` and `theirs` are lines that nothing else matched. The last of the days lies within the window of the line.
    """
    by_source = list(_by_source(ours).values())
    found: list[Lump] = []
    for line in theirs:
        stretches = [
            stretch
            for days in by_source
            if days[0].wording in line.wording
            for stretch in _stretches(days, line, window)
        ]
        if len(stretches) == 1:
            found.append((line, stretches[0]))
    claims = Counter(one.id for _, stretch in found for one in stretch)
    return [(line, stretch) for line, stretch in found if all(claims[one.id] == 1 for one in stretch)]


def _by_source(ours: Sequence[OurLine]) -> Mapping[str, list[OurLine]]:
    """Expected payouts by the source that pays, by day: what names each ends with its day."""
    found: dict[str, list[OurLine]] = {}
    for one in sorted(ours, key=lambda line: line.day):
        if one.kind is OurKind.SETTLEMENT and one.wording:
            found.setdefault(one.number.removesuffix(one.day.isoformat()), []).append(one)
    return found


def _stretches(days: Sequence[OurLine], line: OpenLine, window: Window) -> Iterator[tuple[OurLine, ...]]:
    for end in range(len(days)):
        if not window.days_first <= (line.day - days[end].day).days <= window.days_last:
            continue
        for begin in range(end - 1, max(-1, end - DAYS_MOST), -1):
            stretch = tuple(days[begin : end + 1])
            if sum(one.amount_minor for one in stretch) == line.amount_minor:
                yield stretch
