"""Who takes goods back at a site, and the words of it."""

from collections.abc import Sequence
from datetime import datetime
from uuid import UUID

from litestar.di import NamedDependency, Provide

from loopline import catalogue
from loopline.db import Conn
from loopline.kernel.ids import OrderId, ReturnId, ReturnLineId, SiteId, uuid7s
from loopline.kernel.refusals import Refused
from loopline.kernel.scope import NotInYourBranch, Scope
from loopline.org import Permission
from loopline.payments.shifts import Shift
from loopline.processes import regrade
from loopline.processes.announce import receive_taken_back
from loopline.processes.outcomes import all_granted
from loopline.processes.shift import keep_given_back
from loopline.processes.take_back import TakenBack
from loopline.returns.model import BlindState, Grade, Grading, OpenedLine, Reason
from loopline.web.edge import Visitor
from loopline.web.languages import Language, marked
from loopline.web.store.count.place import actor_of
from loopline.web.store.desk import DESK, Desk

RETURNS = "/store/returns"
PHOTOS = f"{RETURNS}/photos"
COUNTER = "counter"
"""The channel of what is taken back here."""
REASON_WORDS: dict[Reason, str] = {
    Reason.UNWANTED: marked("Does not want it"),
    Reason.SIZE: marked("Does not fit"),
    Reason.DEFECT: marked("Does not work"),
    Reason.DAMAGED_IN_TRANSIT: marked("Arrived damaged"),
    Reason.WRONG_ITEM: marked("Not what was ordered"),
    Reason.LATE: marked("Came too late"),
    Reason.OTHER: marked("Another reason"),
}
GRADE_WORDS: dict[Grade, str] = {
    Grade.AS_NEW: marked("As new: back on the shelf"),
    Grade.OPEN: marked("Opened: to be packed again"),
    Grade.TAIL: marked("Fine, but out of season: to the outlet"),
    Grade.DAMAGED: marked("Damaged"),
    Grade.WRONG: marked("Not what was ordered"),
    Grade.FAKE: marked("Not ours"),
}
_REASONS = {one.value: one for one in Reason}
_GRADES = {one.value: one for one in Grade}


def returning_desk(desk: NamedDependency[Desk]) -> Desk:
    """Return where somebody takes goods back. Raises Refused where that is not theirs to do."""
    if not scope_of(desk.visitor).covers_site(desk.site.id):
        raise Refused(NotInYourBranch(subject=desk.site.code))
    return desk


RETURNING = {**DESK, "returning": Provide(returning_desk, sync_to_thread=False)}


def scope_of(visitor: Visitor) -> Scope:
    """Return where somebody may take goods back. Raises Refused for nowhere."""
    return visitor.scope_of(Permission.RETURNS_WRITE)


def deciding_scope(visitor: Visitor) -> Scope:
    """Return where somebody may decide on what came back without a sale; nowhere for most."""
    return visitor.branches.get(Permission.RETURNS_DECIDE, Scope())


def reason_of(text: str) -> Reason:
    """Return the reason a form names; another one for what is none."""
    return _REASONS.get(text, Reason.OTHER)


def grade_of(text: str) -> Grade | None:
    """Return the state a form names; None for what is none."""
    return _GRADES.get(text)


def reasons(language: Language) -> list[tuple[str, str]]:
    """Return every reason with its word."""
    return [(one.value, language.say(word)) for one, word in REASON_WORDS.items()]


def grades(language: Language) -> list[tuple[str, str]]:
    """Return every state with its word."""
    return [(one.value, language.say(word)) for one, word in GRADE_WORDS.items()]


def put_away(  # noqa: PLR0913 - what, where, when
    conn: Conn,
    taken: TakenBack,
    said: Sequence[Grade],
    desk: Desk,
    *,
    now: datetime,
    is_received: bool = False,
) -> None:
    """Say of a return that was just taken back that it is here, and in what state each of its lines is.

    `said` is in the order of its lines. What has no sale is put nowhere before it was decided on.
    """
    if not is_received:
        receive_taken_back(conn, [(taken, desk.site.id)], now=now)
    lines = [
        (line.return_line_id, line, grade)
        for line, grade in zip(taken.lines, said, strict=True)
        if line.blind_state is BlindState.NONE
    ]
    grade_lines(conn, lines, desk.site.id, scope=scope_of(desk.visitor), by=actor_of(desk.visitor), now=now)


def keep_given(  # noqa: PLR0913 - what, where, when
    conn: Conn,
    return_id: ReturnId,
    shift: Shift | None,
    desk: Desk,
    *,
    now: datetime,
    new_order_id: OrderId | None = None,
) -> None:
    """Let what was given back over this counter belong to the drawer it came from, where one is known."""
    if shift is not None:
        keep_given_back(conn, return_id, shift, by=actor_of(desk.visitor), now=now, new_order_id=new_order_id)


def grade_lines(  # noqa: PLR0913 - what, where, who, when
    conn: Conn,
    lines: Sequence[tuple[ReturnLineId, OpenedLine, Grade]],
    site_id: SiteId,
    *,
    scope: Scope,
    by: str,
    now: datetime,
) -> None:
    """Grade all units of return lines. Raises Refused, which undoes all, where the site keeps no stock."""
    skus = catalogue.skus_by_id(conn, {line.sku_id for _, line, _ in lines if line.sku_id is not None})
    gradings = [
        Grading(
            id=made,
            return_line_id=line_id,
            units=line.units,
            grade=grade,
            is_perishable=line.sku_id is not None
            and line.sku_id in skus
            and skus[line.sku_id].care.shelf_life_days is not None,
            graded_by=by,
            at=now,
        )
        for (line_id, line, grade), made in zip(lines, uuid7s(now, len(lines)), strict=True)
    ]
    if gradings:
        all_granted(regrade.grade(conn, gradings, site_id=site_id, scope=scope, now=now))


def id_in(text: str) -> UUID | None:
    """Return the UUID that a field holds; None for anything else."""
    try:
        return UUID(text)
    except ValueError:
        return None
