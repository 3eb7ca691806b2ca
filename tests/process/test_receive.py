"""Messages of channels: twice, late, in the wrong order, half-broken; each is applied, or waits with its reason."""

from datetime import timedelta
from typing import Any

import pytest

from loopline import inbox, orders
from loopline.db import Database
from loopline.db.followers import catch_up
from loopline.inbox import Message, MessageState
from loopline.jobs.followers import FOLLOWERS
from loopline.kernel.refusals import Refusal
from loopline.kernel.scope import WHOLE_BRAND
from loopline.org import branch_scope
from loopline.processes.doctor import examine
from loopline.processes.place import place
from loopline.processes.receive import (
    Again,
    Mender,
    MoneyNotYours,
    dismiss,
    masked,
    open_message,
)
from tests.make.loop import balances
from tests.make.messages import (
    RING,
    WORTH,
    Clock,
    cancelled,
    created,
    paid,
    receiver,
    sender,
    spelt,
    states,
)
from tests.make.shop import NOON, Shop, ask, open_shop

APPLIED = (MessageState.APPLIED, None)
NOT_YET = (MessageState.WAITING, "order_not_known_yet")
HQ = Mender(actor="person:hq", scope=WHOLE_BRAND, may_move_money=False)


@pytest.fixture
def shop(database: Database) -> Shop:
    with database.transaction() as conn:
        return open_shop(conn)


def send(database: Database, *bodies: bytes, branch: str = "HX", **terms: Any) -> list[Any]:
    with database.reading() as conn:
        by = sender(conn, branch, **terms)
    return receiver(database).receive(bodies, by)


def standing(database: Database) -> dict[str, Any]:
    """What the house holds and owes, by what a message could change of it."""
    with database.reading() as conn:
        return {
            "orders": conn.execute(
                "select external_number, stage, held, cancelled, amount_minor from orders.order order by 1"
            ).fetchall(),
            "held": conn.execute("select sum(held) from stock.node_stock").fetchone(),
            "money": conn.execute(
                "select sum(amount_minor), sum(refunded_minor) from payments.payment"
            ).fetchone(),
            "exceptions": conn.execute(
                "select kind, found_minor from payments.exception where closed_at is null"
            ).fetchall(),
            "books": balances(conn),
        }


def assert_sound(database: Database) -> None:
    catch_up(database, FOLLOWERS, now=NOON)
    with database.reading() as conn:
        assert [one for one in examine(conn).checks if not one.ok] == []


def test_an_order_is_placed_paid_and_called_off(database: Database, shop: Shop):
    found = send(database, created("T-1"), paid("T-1"))
    assert states(found) == [APPLIED, APPLIED]
    before = standing(database)
    assert before["orders"] == [("T-1", "placed", 3, 0, WORTH)]
    assert before["books"] == {"cash": WORTH, "customer_deposit": -WORTH}
    assert states(send(database, cancelled("T-1"))) == [APPLIED]
    after = standing(database)
    assert after["orders"] == [("T-1", "cancelled", 0, 3, WORTH)]
    assert (after["money"], after["books"], after["exceptions"]) == ((WORTH, WORTH), {}, [])
    assert_sound(database)


def test_what_comes_before_its_order_waits_for_it_and_is_applied_by_itself(database: Database, shop: Shop):
    assert states(send(database, cancelled("T-1"), paid("T-1"))) == [NOT_YET, NOT_YET]
    assert standing(database)["money"] == (None, None)
    assert states(send(database, created("T-1"))) == [APPLIED]
    after = standing(database)
    assert after["orders"] == [("T-1", "cancelled", 0, 3, WORTH)]
    assert (after["money"], after["books"], after["exceptions"]) == ((WORTH, WORTH), {}, [])
    with database.reading() as conn:
        kept = conn.execute("select external_id, state, tries from inbox.message order by id").fetchall()
    assert kept == [
        ("T-1-cancelled", "applied", 2),
        ("T-1-paid-1", "applied", 2),
        ("T-1-created", "applied", 1),
    ]
    assert_sound(database)


def test_money_for_what_was_called_off_goes_back_and_not_a_cent_more(database: Database, shop: Shop):
    send(database, created("T-1"), cancelled("T-1", ("SCARF", 1)), paid("T-1", amount_minor=13_000))
    assert standing(database)["money"] == (13_000, 0)
    send(database, paid("T-1", amount_minor=2_820, reference="2"))
    assert standing(database)["money"] == (WORTH, 2_260)
    send(database, paid("T-1", amount_minor=WORTH, reference="3"))
    after = standing(database)
    assert (after["money"], after["exceptions"]) == ((2 * WORTH, 2_260), [("order_total_differs", WORTH)])
    assert_sound(database)


def test_a_part_of_an_unpaid_order_is_called_off_once_it_is_paid(database: Database, shop: Shop):
    send(database, created("T-1", hold_minutes=30))
    assert states(send(database, cancelled("T-1", ("SCARF", 1)))) == [
        (MessageState.WAITING, "unpaid_only_whole")
    ]
    assert states(send(database, paid("T-1"))) == [APPLIED]
    after = standing(database)
    assert after["orders"] == [("T-1", "placed", 2, 1, WORTH)]
    assert after["money"] == (WORTH, 2_260)


def test_an_order_that_comes_by_another_way_ends_the_waiting(database: Database, shop: Shop):
    assert states(send(database, paid("W-1"))) == [NOT_YET]
    with database.transaction() as conn:
        place(conn, [ask(shop, "W-1")], scope=WHOLE_BRAND, now=NOON)
    at_noon = receiver(database, Clock(NOON))
    assert at_noon.apply_due() == 0
    catch_up(database, FOLLOWERS, now=NOON)
    assert at_noon.apply_due() == 1
    assert standing(database)["money"] == (WORTH, 0)
    assert at_noon.apply_due() == 0


def test_what_waits_is_looked_at_ever_more_seldom_without_being_told(database: Database, shop: Shop):
    send(database, paid("W-1"))
    clock = Clock(NOON + timedelta(seconds=1))
    watching = receiver(database, clock)
    assert watching.apply_due() == 0
    clock.at = NOON + timedelta(seconds=2)
    assert [watching.apply_due(), watching.apply_due()] == [1, 0]
    clock.at = NOON + timedelta(hours=1)
    assert watching.apply_due() == 1
    with database.reading() as conn:
        assert conn.execute("select next_try_at, tries from inbox.message").fetchone() == (
            NOON + timedelta(hours=1, minutes=10),
            3,
        )


def test_the_same_message_is_one_however_it_is_spelt(database: Database, shop: Shop):
    body = created("T-1")
    other_way = b'{ "id" : "T-1-created", ' + body[1:].replace(b'"id":"T-1-created",', b"")
    assert other_way != body
    first, again, twice = send(database, body, other_way, body)
    assert (first.is_repeat, again.is_repeat, twice.is_repeat) == (False, True, True)
    assert {one.message.id for one in (first, again, twice)} == {first.message.id}
    assert send(database, body)[0].message.times == 4
    assert len(standing(database)["orders"]) == 1


def test_other_content_under_a_known_id_is_kept_beside_it(database: Database, shop: Shop):
    send(database, created("T-1"))
    other = created("T-2", id="T-1-created")
    found = send(database, other, other)
    assert states(found) == [(MessageState.QUARANTINED, "message_id_taken")] * 2
    assert [one.is_repeat for one in found] == [False, True]
    assert [row[0] for row in standing(database)["orders"]] == ["T-1"]
    (again,) = receiver(database).replay([Again(message_id=found[0].message.id)], HQ)
    assert isinstance(again, Message)
    assert again.state is MessageState.APPLIED
    assert [row[0] for row in standing(database)["orders"]] == ["T-1", "T-2"]
    assert_sound(database)


def test_another_order_under_a_known_number_is_a_conflict_of_orders_too(database: Database, shop: Shop):
    send(database, created("T-1"))
    found = send(database, created("T-1", id="other", lines=[{"sku_code": "HAT", "units": 1}]))
    assert states(found) == [(MessageState.QUARANTINED, "number_taken_by_other_content")]
    with database.reading() as conn:
        assert [one.external_number for one in orders.last_conflicts(conn, limit=9)] == ["T-1"]


BROKEN = [
    (b'{"id": "x", "channel": "web", "kind": "created"', "not_json"),
    (b"\xff\xfe\x00", "not_json"),
    (b"", "not_json"),
    (b"[" * 100_000, "message_not_understood"),
    (b"[]", "message_not_understood"),
    (spelt("x", "web", "refunded", "T-9"), "message_not_understood"),
    (created("T-9", id="x", colour="red"), "message_not_understood"),
    (created("T-9", id="x", lines=[{"sku_code": "COAT", "units": "1"}]), "message_not_understood"),
    (created("T-9", id="x", lines=[]), "message_not_understood"),
    (created("T-9", id="x", destination={"longitude": 999, "latitude": 0}), "message_not_understood"),
    (created("T-9", id="x", channel="nowhere"), "unknown_channel"),
    (created("T-9", id="x", lines=[{"sku_code": "BOOT", "units": 1}]), "unknown_sku"),
    (created("T\x00-9", id="x"), "character_not_kept"),
    (created("T-9", id="x").replace(b"T-9", b"T-\\ud800"), "not_json"),
    (created("T-9", id="x", site_code="N"), "unknown_site"),
    (created("T-9", id="x", placed_at="1889-01-01T00:00:00Z"), "moment_too_far"),
    (created("T-9", id="x", lines=[{"sku_code": "COAT", "units": 99}]), "not_enough_free"),
    (paid("T-1").replace(b"CNY", b"EUR"), "paid_in_another_currency"),
    (cancelled("T-1", ("COAT", 2)), "not_in_the_order"),
]


@pytest.mark.parametrize("place_of_bad", [0, 1, 2])
def test_a_bad_message_stops_no_other_and_waits_with_its_reason(
    database: Database, shop: Shop, place_of_bad: int
):
    send(database, created("T-1"))
    for number, (broken, reason) in enumerate(BROKEN[place_of_bad::3]):
        body = broken.replace(b'"x"', b'"x-%d"' % number)
        good = [created(f"G-{number}-{at}") for at in range(2)]
        found = send(database, *good[:1], body, *good[1:])
        assert states(found) == [APPLIED, (MessageState.QUARANTINED, reason), APPLIED], body
        send(database, *(cancelled(f"G-{number}-{at}") for at in range(2)))
        assert open_message(found[1].message, ring=RING) == body
    assert standing(database)["orders"][-1] == ("T-1", "placed", 3, 0, WORTH)
    assert_sound(database)


def test_what_breaks_the_database_is_found_by_halves(
    database: Database, shop: Shop, monkeypatch: pytest.MonkeyPatch
):
    """A fault nobody foresaw: a trigger of the owner's that cannot bear one number."""
    with database.owner_transaction() as owner:
        owner.execute(
            "create function orders.break() returns trigger language plpgsql as"
            " $$ begin if new.external_number = 'T-5' then raise exception 'broken'; end if; return new; end $$;"
            "create trigger break before insert on orders.order for each row execute function orders.break()"
        )
    found = send(database, *(created(f"T-{at}", lines=[{"sku_code": "HAT", "units": 1}]) for at in range(9)))
    broken = [one.message.external_number for one in found if one.message.state is not MessageState.APPLIED]
    assert (broken, found[5].message.reason) == (["T-5"], "broke_while_applied")
    with database.owner_transaction() as owner:
        owner.execute("drop trigger break on orders.order")
    (again,) = receiver(database).replay([Again(message_id=found[5].message.id)], HQ)
    assert isinstance(again, Message)
    assert again.state is MessageState.APPLIED
    assert_sound(database)


def test_what_was_mended_is_replayed(database: Database, shop: Shop):
    (bad,) = send(database, created("T-1", channel="tmall"))
    assert (bad.message.reason, bad.message.details) == ("unknown_channel", {"channel": "tmall"})
    again = Again(message_id=bad.message.id)
    (still,) = receiver(database).replay([again], HQ)
    assert isinstance(still, Message)
    assert (still.state, still.tries) == (MessageState.QUARANTINED, 2)
    with database.transaction() as conn:
        orders.put_channels(
            conn, [orders.ChannelTerms(code="tmall", name="Tmall", network_node_id=shop.network)]
        )
    (now,) = receiver(database).replay([again], HQ)
    assert isinstance(now, Message)
    assert (now.state, now.reason, now.tries) == (MessageState.APPLIED, None, 3)
    assert standing(database)["orders"] == [("T-1", "placed", 3, 0, WORTH)]


def test_a_corrected_message_counts_and_the_first_text_stays(database: Database, shop: Shop):
    body = created(
        "T-1", lines=[{"sku_code": "COTA", "units": 1}], buyer={"name": "王小明", "phone": 13800138000}
    )
    (bad,) = send(database, body)
    shown = masked(body)
    assert "王小明" not in shown
    assert "13800138000" not in shown
    assert '"sku_code": "COTA"' in shown
    corrected = masked(created("T-1")).encode()
    (now,) = receiver(database).replay([Again(message_id=bad.message.id, text=corrected.decode())], HQ)
    assert isinstance(now, Message)
    assert now.state is MessageState.APPLIED
    assert open_message(now, ring=RING, as_received=True) == body
    assert standing(database)["orders"] == [("T-1", "placed", 3, 0, WORTH)]
    with database.reading() as conn:
        steps = inbox.steps_of(conn, now.id)
    assert [(one.actor, one.state.value, one.is_correction) for one in steps] == [
        ("key:HX", "received", False),
        ("system", "quarantined", False),
        ("person:hq", "received", True),
        ("system", "applied", False),
    ]
    assert_sound(database)


def test_a_correction_keeps_the_id_and_moves_no_money_of_those_who_may_not(database: Database, shop: Shop):
    (order,) = send(database, created("T-1", colour="red"))
    (money,) = send(database, paid("T-1").replace(b"CNY", b"cny"))
    over = receiver(database)
    (refused,) = over.replay([Again(message_id=order.message.id, text=created("T-1", id="b").decode())], HQ)
    assert isinstance(refused, inbox.MessageNameChanges)
    (refused,) = over.replay([Again(message_id=money.message.id, text=paid("T-1").decode())], HQ)
    assert refused == MoneyNotYours()
    (refused,) = over.replay(
        [Again(message_id=order.message.id, text=paid("T-1", id="T-1-created").decode())], HQ
    )
    assert refused == MoneyNotYours()
    assert standing(database)["orders"] == []


def test_who_may_not_say_that_money_moved_does_not(database: Database, shop: Shop):
    send(database, created("T-1"))
    (said,) = send(database, paid("T-1"), may_move_money=False)
    assert said.message.reason == "sender_may_not_move_money"
    assert standing(database)["money"] == (None, None)
    finance = Mender(actor="person:finance", scope=WHOLE_BRAND, may_move_money=True)
    again = Again(message_id=said.message.id)
    (by_hq,) = receiver(database).replay([again], HQ)
    (by_finance,) = receiver(database).replay([again], finance)
    assert isinstance(by_hq, Message)
    assert isinstance(by_finance, Message)
    assert (by_hq.state, by_finance.state) == (MessageState.QUARANTINED, MessageState.APPLIED)
    assert standing(database)["money"] == (WORTH, 0)


def test_a_branch_reaches_its_own_orders_and_messages_alone(database: Database, shop: Shop):
    send(database, created("T-1"))
    theirs = send(
        database,
        created("D-1"),
        created("D-2", site_code="S", delivery="collect"),
        created("D-3", site_code="D", delivery="collect"),
        paid("T-1"),
        cancelled("T-1"),
        branch="DEALER",
    )
    assert states(theirs) == [
        (MessageState.QUARANTINED, "not_in_your_branch"),
        (MessageState.QUARANTINED, "not_in_your_branch"),
        APPLIED,
        NOT_YET,
        NOT_YET,
    ]
    assert standing(database)["orders"][-1] == ("T-1", "placed", 3, 0, WORTH)
    (same_id,) = send(
        database, created("D-9", id="T-1-created", site_code="D", delivery="collect"), branch="DEALER"
    )
    assert same_id.message.state is MessageState.APPLIED
    with database.reading() as conn:
        dealer = branch_scope(conn, sender(conn, "DEALER").branch_id)
        seen = inbox.find_messages(conn, inbox.MessageAsk(states=tuple(MessageState)), scope=dealer)
        ours = conn.execute("select id from inbox.message where sender = 'key:HX'").fetchall()
        assert len(seen) == 6
        assert inbox.messages_by_ids(conn, [row[0] for row in ours], scope=dealer) == []
    mender = Mender(actor="person:dealer", scope=dealer, may_move_money=True)
    (refused,) = receiver(database).replay([Again(message_id=ours[0][0])], mender)
    assert refused == inbox.UnknownMessage(message_id=ours[0][0])
    with database.transaction() as conn:
        assert dismiss(conn, [ours[0][0]], mender, note="no", now=NOON) == [refused]


def test_what_is_dismissed_needs_a_note_and_is_settled(database: Database, shop: Shop):
    (bad,) = send(database, b"nonsense")
    with database.transaction() as conn:
        assert dismiss(conn, [bad.message.id], HQ, note=" \x00 ", now=NOON) == [inbox.DismissalNeedsANote()]
        (done,) = dismiss(conn, [bad.message.id], HQ, note="A test of the platform's.", now=NOON)
        assert not isinstance(done, Refusal)
    (refused,) = receiver(database).replay([Again(message_id=bad.message.id)], HQ)
    assert isinstance(refused, inbox.MessageSettled)
    with database.reading() as conn:
        last = inbox.steps_of(conn, bad.message.id)[-1]
    assert (last.state, last.actor, last.note) == (
        MessageState.DISMISSED,
        "person:hq",
        "A test of the platform's.",
    )


def test_texts_are_sealed_and_forgotten_with_their_keys(database: Database, shop: Shop):
    send(database, created("T-1"), b'{"name": "Somebody Nobody"}')
    later = NOON + timedelta(days=30, seconds=1)
    with database.transaction() as conn:
        kept = conn.execute("select message::text from inbox.message").fetchall()
        assert all(b"Somebody".hex() not in row[0] and "Somebody" not in row[0] for row in kept)
        assert inbox.forget_texts(conn, now=later, limit=10) == 1
        assert inbox.forget_texts(conn, now=later, limit=10) == 0
        states_left = conn.execute(
            "select state, sealed is null, wrapped_key is null from inbox.message order by id"
        )
        assert states_left.fetchall() == [("applied", True, True), ("quarantined", False, False)]
    assert_sound(database)
