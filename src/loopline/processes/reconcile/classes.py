"""Why a line has no equal half. Pure."""

from datetime import date

import msgspec

from loopline.bills import DifferenceClass, Found, LineKind, OpenLine, OurKind, OurLine, Source

_BASIS_POINTS = 10_000


class Age(msgspec.Struct, frozen=True, kw_only=True):
    """What is young: a line of theirs by today; one of ours also by the last day that any bill speaks of."""

    today: date
    covered_until: date
    grace_days: int

    def is_theirs_young(self, day: date) -> bool:
        return (self.today - day).days < self.grace_days

    def is_ours_young(self, day: date) -> bool:
        return (min(self.today, self.covered_until) - day).days < self.grace_days


def subject_of(line: OpenLine) -> str:
    return f"line:{line.id}"


def alone_theirs(line: OpenLine, age: Age, *, is_repeat: bool) -> Found:
    """A line of theirs that none of ours is."""
    if is_repeat:
        kind = DifferenceClass.DUPLICATE
    elif line.kind is LineKind.FEE:
        kind = DifferenceClass.FEE
    elif age.is_theirs_young(line.day):
        kind = DifferenceClass.TIMING
    elif line.kind is LineKind.REFUND:
        kind = DifferenceClass.REFUND
    else:
        kind = DifferenceClass.MISSING_OURS
    return Found(
        subject=subject_of(line),
        kind=kind,
        day=line.day,
        theirs_minor=line.amount_minor,
        ours_minor=0,
        line_id=line.id,
    )


def alone_ours(line: OurLine, age: Age, *, is_repeat: bool) -> Found:
    """A line of ours that none of theirs is."""
    if is_repeat:
        kind = DifferenceClass.DUPLICATE
    elif age.is_ours_young(line.day):
        kind = DifferenceClass.TIMING
    elif line.kind is OurKind.REFUND:
        kind = DifferenceClass.REFUND
    else:
        kind = DifferenceClass.MISSING_THEIRS
    return Found(
        subject=f"ours:{line.kind.value}:{line.id}",
        kind=kind,
        day=line.day,
        theirs_minor=0,
        ours_minor=line.amount_minor,
        lines=0,
        ours=line,
    )


def unequal(subject: Found, source: Source) -> Found:
    """Two halves of different amounts: short by no more than the source's fee it is a fee, else another amount."""
    theirs, ours = subject.theirs_minor, subject.ours_minor
    is_short = (theirs < 0) == (ours < 0) and abs(theirs) < abs(ours)
    within = (abs(ours) - abs(theirs)) * _BASIS_POINTS <= source.fee_basis_points * abs(ours)
    kind = DifferenceClass.FEE if is_short and within else DifferenceClass.AMOUNT
    return msgspec.structs.replace(subject, kind=kind)
