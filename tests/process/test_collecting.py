"""Dear parcels are given for their code and something that shows whose they are; by limits that the brand sets."""

from datetime import datetime, timedelta
from typing import Any

import pytest

from loopline import customers
from loopline.customers import code_of_member
from loopline.db import Conn
from loopline.fulfilment import queries as fulfilment
from loopline.fulfilment.model import (
    AcceptTask,
    CheckTask,
    CollectParcel,
    HandedOver,
    PackTask,
    PickTask,
    TaskState,
)
from loopline.fulfilment.rules import UnknownCode
from loopline.kernel.ids import MemberId, TaskId
from loopline.kernel.refusals import Refusal
from loopline.kernel.scope import WHOLE_BRAND, NotInYourBranch, Scope
from loopline.orders import Delivery
from loopline.org.limits import CounterLimit, NewLimit
from loopline.processes import dispatch, fulfil
from loopline.processes.collecting import (
    PaperNeeded,
    ProofAsked,
    ProofNeeded,
    ProofNotTheirs,
    ProofsUsedUp,
    Shown,
    collect,
    proofs_asked,
)
from loopline.processes.counter_limits import set_counter_limits
from tests.make.customers import card, member, phone, registered, ring
from tests.make.org import succeeded
from tests.make.shop import NOON, PRICES
from tests.make.store import Stage, offer, open_store

RING = ring()
LATER = NOON + timedelta(minutes=5)
CODE = "ABCDEFGH"
WORTH = PRICES["COAT"] + 2 * PRICES["SCARF"]
SAID = "person:1"


@pytest.fixture
def stage(conn: Conn) -> Stage:
    return open_store(conn)


def limit(conn: Conn, value: int) -> None:
    wanted = NewLimit(unit_code="HX", setting=CounterLimit.COLLECT_BY_CODE, value=value, comment="try")
    succeeded(set_counter_limits(conn, [wanted], scope=WHOLE_BRAND, by="person:hq", now=NOON))


def waiting(
    conn: Conn, stage: Stage, member_id: MemberId | None, *, number: str = "C-1", code: str = CODE
) -> TaskId:
    """A coat and two scarves, packed, that wait at the store for their customer."""
    here: dict[str, Any] = {
        "delivery": Delivery.COLLECT,
        "site_id": stage.shop.sites["S"],
        "destination": None,
    }
    task_id = offer(conn, stage, number, member_id=member_id, **here)
    succeeded(dispatch.accept(conn, [AcceptTask(task_id=task_id)], scope=WHOLE_BRAND, now=NOON))
    succeeded(fulfil.pick(conn, [PickTask(task_id=task_id)], scope=WHOLE_BRAND, now=NOON))
    succeeded(fulfil.check(conn, [CheckTask(task_id=task_id)], scope=WHOLE_BRAND, now=NOON))
    pack = PackTask(task_id=task_id, code=code, collect_by=NOON + timedelta(days=3))
    succeeded(fulfil.pack(conn, [pack], scope=WHOLE_BRAND, now=NOON))
    return task_id


def show(
    conn: Conn,
    stage: Stage,
    proof: str = "",
    *,
    code: str = CODE,
    paper: bool = False,
    scope: Scope = WHOLE_BRAND,
    now: datetime = LATER,
) -> HandedOver | Refusal:
    parcel = CollectParcel(site_id=stage.shop.sites["S"], code=code)
    shown = Shown(parcel=parcel, proof=proof, is_paper_seen=paper)
    (outcome,) = collect(conn, [shown], ring=RING, by=SAID, scope=scope, now=now)
    return outcome


def proofs_told(conn: Conn) -> list[tuple[str, str]]:
    """What the log says of those who showed something: by what, and to whom."""
    return [
        (row[0], row[1])
        for row in conn.execute(
            "select data->>'proof', actor from log.event where type = 'collector_identified' order by position"
        )
    ]


def state(conn: Conn, task_id: TaskId) -> TaskState:
    return fulfilment.tasks_by_id(conn, [task_id])[0].state


def test_up_to_the_limit_the_code_is_enough_and_above_it_is_not(conn: Conn, stage: Stage):
    (buyer,) = registered(conn, [member(phone(7))], keys=RING)
    task_id = waiting(conn, stage, buyer)
    (task,) = fulfilment.tasks_by_id(conn, [task_id])
    assert proofs_asked(conn, [task]) == {}  # 2,000.00, as delivered
    limit(conn, WORTH)
    assert proofs_asked(conn, [task]) == {}
    limit(conn, WORTH - 1)
    assert proofs_asked(conn, [task]) == {
        task_id: ProofAsked(amount_minor=WORTH, currency="CNY", has_phone=True)
    }
    assert show(conn, stage) == ProofNeeded(amount_minor=WORTH, currency="CNY")
    assert show(conn, stage, paper=True) == ProofNeeded(amount_minor=WORTH, currency="CNY")
    assert state(conn, task_id) is TaskState.PACKED
    limit(conn, WORTH)
    assert isinstance(show(conn, stage), HandedOver)
    assert proofs_told(conn) == []


def test_the_last_four_digits_of_any_of_their_phones_are_enough_and_nobody_elses(conn: Conn, stage: Stage):
    buyer, _ = registered(conn, [member(phone(7), phone(8)), member(phone(9))], keys=RING)
    limit(conn, 0)
    task_id = waiting(conn, stage, buyer)
    for wrong in ("0009", "007", "+8613800000007", "ABCD"):
        assert show(conn, stage, wrong) == ProofNotTheirs(), wrong
    assert state(conn, task_id) is TaskState.PACKED
    given = show(conn, stage, " 0008 ")
    assert isinstance(given, HandedOver)
    assert proofs_told(conn) == [("last_four", SAID)]
    # Sent again by a phone that heard no answer, it is given once, and nothing more is asked or told.
    again = show(conn, stage)
    assert isinstance(again, HandedOver)
    assert again.is_repeat
    assert proofs_told(conn) == [("last_four", SAID)]


def test_the_member_code_is_enough_while_it_is_shown(conn: Conn, stage: Stage):
    buyer, other = registered(conn, [member(phone(7)), member(phone(9))], keys=RING)
    limit(conn, 0)
    waiting(conn, stage, buyer)
    codes = [
        code_of_member(conn, one, ring=RING, now=at)
        for one, at in ((other, LATER), (buyer, LATER - timedelta(minutes=3)), (buyer, LATER))
    ]
    others, stale, mine = (one.code for one in codes if isinstance(one, customers.ShownCode))
    assert show(conn, stage, others) == ProofNotTheirs()
    assert show(conn, stage, stale) == ProofNotTheirs()
    assert isinstance(show(conn, stage, mine), HandedOver)
    assert proofs_told(conn) == [("member_code", SAID)]


def test_wrong_digits_are_counted_by_parcel_and_written_down(conn: Conn, stage: Stage):
    buyer, other = registered(conn, [member(phone(7)), member(phone(9))], keys=RING)
    limit(conn, 0)
    waiting(conn, stage, buyer)
    waiting(conn, stage, other, number="C-2", code="HGFEDCBA")
    parcel = CollectParcel(site_id=stage.shop.sites["S"], code=CODE)
    guesses = [Shown(parcel=parcel, proof=f"1{number:03}") for number in range(4)]
    assert show(conn, stage, "0009") == ProofNotTheirs()
    # Many at once are no more than one after the other; and then the right ones are no proof either.
    outcomes = collect(
        conn,
        [*guesses, Shown(parcel=parcel, proof="0007")],
        ring=RING,
        by=SAID,
        scope=WHOLE_BRAND,
        now=LATER,
    )
    assert outcomes == [ProofNotTheirs()] * 4 + [ProofsUsedUp()]
    assert show(conn, stage, "0007") == ProofsUsedUp()
    told = conn.execute(
        "select data->>'proof', actor from log.event where type = 'collector_not_identified'"
    ).fetchall()
    assert told == [("last_four", SAID)] * 5
    # Another parcel is another's, the member code counts, and an hour later so do the digits.
    assert isinstance(show(conn, stage, "0009", code="HGFEDCBA"), HandedOver)
    with conn.transaction(force_rollback=True):
        mine = code_of_member(conn, buyer, ring=RING, now=LATER)
        assert isinstance(mine, customers.ShownCode)
        assert isinstance(show(conn, stage, mine.code), HandedOver)
    assert isinstance(show(conn, stage, "0007", now=LATER + timedelta(hours=1)), HandedOver)


@pytest.mark.parametrize("is_member", [True, False])
def test_where_no_phone_is_known_a_paper_is_looked_at(conn: Conn, stage: Stage, *, is_member: bool):
    buyer = registered(conn, [member(card(1))], keys=RING)[0] if is_member else None
    limit(conn, 0)
    task_id = waiting(conn, stage, buyer)
    (task,) = fulfilment.tasks_by_id(conn, [task_id])
    assert proofs_asked(conn, [task])[task_id].has_phone is False
    assert show(conn, stage, "0007") == PaperNeeded(amount_minor=WORTH, currency="CNY")
    assert isinstance(show(conn, stage, paper=True), HandedOver)
    assert proofs_told(conn) == [("paper", SAID)]


def test_many_are_judged_one_by_one_and_who_may_not_see_them_learns_nothing(conn: Conn, stage: Stage):
    buyer, other = registered(conn, [member(phone(7)), member(phone(9))], keys=RING)
    limit(conn, 0)
    waiting(conn, stage, buyer)
    waiting(conn, stage, other, number="C-2", code="HGFEDCBA")
    elsewhere = Scope(sites=frozenset({stage.shop.sites["D"]}))
    here = stage.shop.sites["S"]
    assert show(conn, stage, "0007", scope=elsewhere) == NotInYourBranch(subject=str(here))
    outcomes = collect(
        conn,
        [
            Shown(parcel=CollectParcel(site_id=here, code="HGFEDCBA"), proof="0007"),
            Shown(parcel=CollectParcel(site_id=here, code="22222222"), proof="0007"),
            Shown(parcel=CollectParcel(site_id=here, code="abcd-efgh"), proof="0007"),
        ],
        ring=RING,
        by=SAID,
        scope=WHOLE_BRAND,
        now=LATER,
    )
    assert outcomes[:2] == [ProofNotTheirs(), UnknownCode(site_id=here)]
    assert isinstance(outcomes[2], HandedOver)
