"""The sure ways: a key that stands once on each side; one candidate of the same amount and party on each. Pure."""

from collections.abc import Callable, Hashable, Sequence

from loopline.processes.reconcile.model import Line, Match, Way, Window
from loopline.processes.reconcile.wording import Wording


def match_by_key(ours: Sequence[Line], theirs: Sequence[Line]) -> list[Match]:
    """Pairs whose key stands once on each side, whatever their amounts: a difference is to be told, not missed."""
    return _pairs(ours, theirs, lambda line: line.key, Way.KEY, lambda _our, _their: True)


def match_by_rule(
    ours: Sequence[Line], theirs: Sequence[Line], *, read: Callable[[Line], Wording], window: Window
) -> list[Match]:
    """Pairs of one amount and one party that are alone with them on their side, within the days of the window.

    Two keys that differ are a reason against; so are two references.
    """

    def known_by(line: Line) -> Hashable | None:
        party = read(line).party
        return (line.amount_minor, party) if party else None

    def allowed(our: Line, their: Line) -> bool:
        return (
            window.days_first <= (their.on - our.on).days <= window.days_last
            and not _disagree(our.key, their.key)
            and not _disagree(read(our).key, read(their).key)
        )

    return _pairs(ours, theirs, known_by, Way.RULE, allowed)


def _disagree(first: str | None, second: str | None) -> bool:
    return first is not None and second is not None and first != second


def _pairs(
    ours: Sequence[Line],
    theirs: Sequence[Line],
    known_by: Callable[[Line], Hashable | None],
    way: Way,
    allowed: Callable[[Line, Line], bool],
) -> list[Match]:
    single = _alone(theirs, known_by)
    return [
        Match(ours=our.number, theirs=their.number, way=way)
        for known, our in _alone(ours, known_by).items()
        if (their := single.get(known)) is not None and allowed(our, their)
    ]


def _alone(lines: Sequence[Line], known_by: Callable[[Line], Hashable | None]) -> dict[Hashable, Line]:
    """The lines that no other line of their side is known like."""
    found: dict[Hashable, Line] = {}
    several: set[Hashable] = set()
    for line in lines:
        known = known_by(line)
        if known is None:
            continue
        if known in found:
            several.add(known)
        found[known] = line
    return {known: line for known, line in found.items() if known not in several}
