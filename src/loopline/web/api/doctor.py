"""Doctor over HTTP: proves the invariants of the books, one examination at a time."""

import threading
from datetime import datetime

import msgspec
from litestar import post
from litestar.di import NamedDependency

from loopline.customers.reencryption import lost_keys
from loopline.db import Check, Conn
from loopline.db.followers import follower_states
from loopline.kernel.refusals import Refused
from loopline.org import Permission
from loopline.processes.doctor import ALL_CHECKS, FOLLOWS_THE_LOG, CheckResult, examine
from loopline.processes.pay_out import lost_account_keys
from loopline.processes.receive import lost_message_keys
from loopline.web.api.answers import PROBLEMS, AnyRequest, read
from loopline.web.api.caller import Caller
from loopline.web.api.catalogue import whole_brand
from loopline.web.api.refusals import DoctorIsBusy
from loopline.web.edge import edge_of

_TAG = "doctor"
_BUSY_SECONDS = 5
# What follows the log is judged at its end; while there is always one more event, it is not judged at all.
_LOOKS = 20
_LOOK_AGAIN_SECONDS = 0.1
_at_work = threading.Lock()


class Examination(msgspec.Struct, frozen=True, kw_only=True):
    """What the doctor found: `ok` when every check that was made holds.

    `left_out` names the checks of what follows the log, where that had not reached its end when asked.
    """

    ok: bool
    checks: list[CheckResult]
    left_out: list[str]


@post(
    "/doctor",
    tags=[_TAG],
    operation_id="examine_books",
    status_code=200,
    sync_to_thread=True,
    responses=dict(PROBLEMS),
)
def examine_books(request: AnyRequest, caller: NamedDependency[Caller]) -> Examination:
    """Prove every invariant of the books on one snapshot; what is broken comes with the smallest repair."""
    whole_brand(caller, Permission.LOG_READ, subject=_TAG)
    if not _at_work.acquire(blocking=False):
        raise Refused(DoctorIsBusy(retry_after_seconds=_BUSY_SECONDS))
    try:
        _await_followers(request)
        return read(request, lambda conn, _: _examined(conn, request))
    finally:
        _at_work.release()


def _await_followers(request: AnyRequest) -> None:
    pause = threading.Event()
    for _ in range(_LOOKS):
        if read(request, _has_followed):
            return
        pause.wait(_LOOK_AGAIN_SECONDS)


def _has_followed(conn: Conn, _: datetime) -> bool:
    return all(state.behind == 0 for state in follower_states(conn))


def _examined(conn: Conn, request: AnyRequest) -> Examination:
    """Examine one snapshot, in which it shows whether the followers had reached the end of the log."""
    checks: tuple[Check, ...] = ALL_CHECKS
    if any(state.behind for state in follower_states(conn)):
        checks = tuple(check for check in ALL_CHECKS if check.invariant != FOLLOWS_THE_LOG)
    ring = edge_of(request).ring
    sealed = [*lost_message_keys(conn, ring=ring), *lost_account_keys(conn, ring=ring)]
    lost = [*lost_keys(conn, ring=ring), *sealed]
    report = examine(conn, checks=checks, found_outside={"keys_open_personal_data": lost})
    made = {check.name for check in checks}
    return Examination(
        ok=report.ok,
        checks=list(report.checks),
        left_out=[check.name for check in ALL_CHECKS if check.name not in made],
    )


DOCTOR_HANDLERS = [examine_books]
