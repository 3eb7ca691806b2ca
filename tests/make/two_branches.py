"""Two branches of one brand, served: in each somebody of every role, and things that are of the first alone.

The first branch is the brand itself with its dealer and the dealer's store D, where everything lies; the second is the
region WEST with the dealer RIVAL and the site R, to which nothing belongs.
"""

from collections.abc import Generator
from contextlib import contextmanager
from datetime import timedelta
from typing import Any
from uuid import UUID

import httpx
import msgspec

from loopline import orders, slots
from loopline.customers.keys import open_key_ring
from loopline.customers.sessions import MemberSession, begin_sessions
from loopline.db import Conn, Database
from loopline.db.followers import catch_up
from loopline.fulfilment.queries import tasks_by_id
from loopline.invoices import PERSON, WishId
from loopline.jobs.followers import FOLLOWERS
from loopline.kernel.geography import Coordinates
from loopline.kernel.ids import MemberId, OrderId, PersonId, uuid7
from loopline.kernel.refusals import Refusal
from loopline.kernel.scope import WHOLE_BRAND
from loopline.orders.price_changes import NewPriceAsk, PriceAskKept, PriceReason, add_price_ask
from loopline.org import Role
from loopline.org.credentials import new_token, token_hash
from loopline.org.store import insert_session
from loopline.payments import ExceptionKind, NewException, last_open_exceptions, open_exceptions
from loopline.payments.shifts import CloseShift, NewShift, OpenShift, ShiftClosed
from loopline.payouts import PayoutId, RequestId
from loopline.processes.invoice import WishAsk, make_out, wish_invoices
from loopline.processes.pay_out import make_file
from loopline.processes.place import Placed, place
from loopline.processes.shift import begin_shift, end_shift
from loopline.processes.touch import issue_receipts
from loopline.sharing.queries import rule_sets
from loopline.slots import NewBooking, Slot, Way
from loopline.touchpoints import TouchpointKind
from loopline.web.settings import Demo
from tests.make.api import PLENTY
from tests.make.bills import DAY, Paid, wechat_bill
from tests.make.calls import wave_of_calls
from tests.make.customers import member, phone, registered
from tests.make.feeds import open_feed
from tests.make.loop import hand_over_everything, pay_for
from tests.make.notices import failed_notice
from tests.make.org import add_person, succeeded
from tests.make.payouts import LATER, approved, earned, paid_to, pays_by, planned, terms
from tests.make.shop import NOON, ask, till_sale
from tests.make.store import Stage, offer, open_store, plan_show
from tests.make.till import sale as rung_up
from tests.make.touchpoints import code_of
from tests.make.two_dealers import add_rival
from tests.make.web import data_directory, served, settings

NEAR_D = Coordinates(longitude=120.15, latitude=30.28)
_HEADQUARTERS = frozenset(
    {Role.HQ_OPERATIONS, Role.FINANCE, Role.MARKETING, Role.CUSTOMER_SERVICE, Role.AUDITOR, Role.STREAMER}
)


# What is the whole brand's, or where something lies: by the field or the place in an address that wants it.
_KNOWN: dict[str, Any] = {
    "site_code": "D",
    "from_site_code": "D",
    "to_site_code": "W",
    "sku_code": "COAT",
    "product_code": "COAT",
    "entity_code": "BRAND-CO",
    "owner_code": "BRAND-CO",
    "buyer_code": "DEALER-CO",
    "unit_code": "U-D",
    "parent_code": "U-D",
    "party_code": "STORE-D",
    "party": "STORE-D",
    "receiver_code": "BRAND",
    "streamer_code": "STREAMER",
    "sign_in_name": "wu.packer",
    "password": "correct horse battery",
    "code": "NEW",
    "currency": "CNY",
    "country": "CN",
    "time_zone": "Asia/Shanghai",
    "region_code": "310106",
    "phone": "13800000009",
    "url": "https://example.com/other",
    "channel": "web",
    "tax_class": "standard",
    "price_list_code": "BASE",
    "source": "WX",
    "file_name": "x.csv",
    "feed_code": "ERP-D",
    "month": "2026-02",
    "from": NOON.date().isoformat(),
    "to": NOON.date().isoformat(),
    "day": NOON.date().isoformat(),
    "number": "N-1",
    "lot_code": "L-1",
    "as_at": NOON.isoformat(),
    "format": "csv",
    "preview_hash": "0" * 64,
    "covers": "part",
    "01/gtin": "06901234567892",
    "archives/archive_id": "00000000-0000-7000-8000-000000000000",
    "01/rest": "21/X",
    "close/company": "BRAND-CO",
    "close/currency": "CNY",
    "close/month": "2026-03",
    "closes/entity_code": "BRAND-CO",
    "closes/currency": "CNY",
    "closes/month": "2026-03",
    "code/mark": "x",
    "code/name": "x.js",
    "file/kind": "xlsx",
    "g/code": "GUIDE-ZHOU",
    "goods/code": "COAT",
    "marketplaces/channel": "web",
    "models/version": "1",
    "notifications/gateway": "sandbox",
    "p/code": "COAT",
    "parties/party_code": "STORE-D",
    "statements/party_code": "STORE-D",
    "profiles/version": "1",
    "rules/version": "1",
    "s/code": "D",
    "site": "D",
    "decide/return_line_id": "00000000-0000-7000-8000-000000000000",
    "sourcing-profiles/version": "1",
    "stock/code": "COAT",
}


_COUPONS: dict[str, Any] = {
    "code": "WELCOME",
    "shared_code": "WELCOME",
    "name": "x",
    "currency": "CNY",
    "effect": {"kind": "amount", "amount_minor": 100},
    "site_code": "D",
    "total": 9,
    "days": 7,
    "comment": "x",
}


def place_of(role: Role, *, abroad: bool) -> str:
    """The unit at which somebody of a role works, in the first branch or in the second."""
    if role in _HEADQUARTERS:
        return "WEST" if abroad else "HX"
    if role is Role.DEALER:
        return "RIVAL" if abroad else "DEALER"
    return "U-R" if abroad else "U-D"


def sign_everybody_in(conn: Conn, *, abroad: bool) -> dict[Role, str]:
    """Take on somebody of each role in a branch; returns the tokens of their sessions."""
    names = {role: f"{role}.{'abroad' if abroad else 'home'}" for role in Role}
    return {
        role: _token(conn, add_person(conn, name, at=place_of(role, abroad=abroad), role=role))
        for role, name in names.items()
    }


class Branches(msgspec.Struct, frozen=True, kw_only=True):
    """The served brand. `home` and `abroad` are tokens of people by role, `member` and `stranger` those of two members.

    `names` says what lies in the first branch, by what names it in an address: `orders/order` is what follows orders/
    there, `site_code` a field of that name.
    """

    database: Database
    base: str
    home: dict[Role, str]
    abroad: dict[Role, str]
    member: str
    stranger: str
    names: dict[str, Any]


@contextmanager
def two_branches(database: Database, *, demo: Demo | None = None) -> Generator[Branches]:
    """Found, fill and serve the brand, for a demo's visitors where there is one."""
    with database.transaction() as conn:
        stage = open_store(conn)
        add_rival(conn, stage.shop)
        home, abroad = sign_everybody_in(conn, abroad=False), sign_everybody_in(conn, abroad=True)
        home[Role.STREAMER] = _token(conn, stage.people["alan.live"])
        members, tokens = _members(conn)
        names = _trade(conn, stage, members[0])
    catch_up(database, FOLLOWERS, now=NOON)
    with served(database, settings(rates=PLENTY, demo=demo), clock=lambda: NOON) as base:
        names |= _fill(database, base, stage, home, tokens[0], names)
        catch_up(database, FOLLOWERS, now=NOON)
        names = _KNOWN | names
        yield Branches(
            database=database,
            base=base,
            home=home,
            abroad=abroad,
            member=tokens[0],
            stranger=tokens[1],
            names=names,
        )


def _token(conn: Conn, person_id: PersonId) -> str:
    """Begin a session without its password: making and trying twenty of them takes longer than all else here."""
    token = new_token()
    ends = NOON + timedelta(hours=12)
    insert_session(conn, person_id, token_hash=token_hash(token), started_at=NOON, expires_at=ends)
    return token


def _shift(conn: Conn, stage: Stage) -> str:
    """A shift of a till at D that was counted and closed."""
    shop = stage.shop
    wanted = NewShift(
        id=uuid7(NOON),
        till_id=uuid7(NOON),
        site_id=shop.sites["D"],
        entity_id=shop.brand_entity,
        currency="CNY",
        opened_by=stage.people["sun.manager"],
        pieces=(),
    )
    opened = begin_shift(conn, wanted, now=NOON)
    assert isinstance(opened, OpenShift)
    ending = CloseShift(shift_id=wanted.id, pieces=(), closed_by=wanted.opened_by)
    assert isinstance(end_shift(conn, ending, scope=WHOLE_BRAND, now=NOON), ShiftClosed)
    return str(wanted.id)


def _price_ask(conn: Conn, stage: Stage) -> str:
    """A price that a till at D asks for."""
    wanted = NewPriceAsk(
        id=uuid7(NOON),
        till_id=uuid7(NOON),
        site_id=stage.shop.sites["D"],
        sku_id=stage.shop.skus["COAT"],
        units=1,
        currency="CNY",
        before_minor=11_300,
        unit_minor=9_000,
        reason=PriceReason.GOODWILL,
        asked_by=stage.people["zhou.guide"],
    )
    assert isinstance(add_price_ask(conn, wanted, now=NOON), PriceAskKept)
    return str(wanted.id)


def _members(conn: Conn) -> tuple[list[MemberId], list[str]]:
    """Two members: whose things these are, and a stranger."""
    ring = open_key_ring(data_directory() / "keys")
    ids = registered(conn, [member(phone(1)), member(phone(2))], keys=ring)
    begun = [one for one in begin_sessions(conn, ids, now=NOON) if isinstance(one, MemberSession)]
    return ids, [one.token for one in begun]


def _trade(conn: Conn, stage: Stage, ours: MemberId) -> dict[str, Any]:
    """Sell at D and from D: an order with a task, one handed over, one that is called for, a receipt, a show."""
    shop = stage.shop
    at_d: dict[str, Any] = {"destination": NEAR_D, "site_id": shop.sites["D"], "member_id": ours}
    done = place(conn, [ask(shop, "W-0", **at_d)], scope=WHOLE_BRAND, now=NOON)
    sold = place(conn, [till_sale(shop, "T-1", site="D", member_id=ours)], scope=WHOLE_BRAND, now=NOON)
    (old,) = (one for one in done if isinstance(one, Placed))
    (sale,) = (one for one in sold if isinstance(one, Placed))
    pay_for(conn, shop, old)
    pay_for(conn, shop, sale)
    hand_over_everything(conn, now=NOON)
    task = offer(conn, stage, "W-1", **at_d)
    (order_id,) = (one.order_id for one in tasks_by_id(conn, [task]))
    order = orders.order_by_id(conn, order_id)
    assert order is not None
    at_two = Slot(
        site_id=shop.sites["D"],
        way=Way.AT_HOME,
        starts_at=NOON + timedelta(hours=2),
        ends_at=NOON + timedelta(hours=4),
    )
    assert slots.take_places(conn, [at_two], places={at_two: 1}) == [True]
    (fitted,) = (one.order_id for one in tasks_by_id(conn, [offer(conn, stage, "W-5", **at_d)]))
    slots.book(conn, [NewBooking(order_id=fitted, slot=at_two)], now=NOON)
    succeeded(place(conn, [ask(shop, "W-2", **at_d)], scope=WHOLE_BRAND, now=NOON))
    (call,) = wave_of_calls(conn, shop).calls
    receipt = issue_receipts(conn, [sale.order_id], now=NOON)[sale.order_id]
    disagreement = NewException(kind=ExceptionKind.KEY_TAKEN, subject="s", content={}, order_id=sale.order_id)
    open_exceptions(conn, [disagreement], now=NOON)
    (disagreed,) = last_open_exceptions(conn, limit=1)
    rules = rule_sets(conn)
    code = code_of(conn, TouchpointKind.STORE, site_code="D")
    open_feed(conn, shop)
    show = plan_show(conn)
    payout_id, request_id = _pay_out(conn, stage)
    line = orders.lines_by_orders(conn, [old.order_id])[0]
    return {
        "shifts/shift_id": _shift(conn, stage),
        "prices/ask_id": (asked := _price_ask(conn, stage)),
        "price-asks/ask_id": asked,
        "wishes/wish_id": str(_wish(conn, old.order_id)),
        "notices/notice_id": str(failed_notice(conn, old, ours, shop.sites["D"])),
        "order_id": str(order_id),
        "visits/order_id": str(fitted),
        "reserved/order_id": str(fitted),
        "order_ids": [str(order_id)],
        "line_id": str(line.line_id),
        "orders/order": order.number,
        "orders/number": order.number,
        "o/number": order.number,
        "order": order.number,
        "sold": old.number,
        "sold_id": str(old.order_id),
        "tasks/task_id": str(task),
        "task_id": str(task),
        "photos/photo_id": str(UUID(int=17)),  # nobody took one
        "returned/photo_id": str(UUID(int=17)),
        "returned-photos/photo_id": str(UUID(int=17)),
        "review-pictures/picture_id": str(UUID(int=17)),  # nor these
        "pictures/picture_id": str(UUID(int=17)),
        "payout_id": str(payout_id),
        "files/request_id": str(request_id),
        "requests/request_id": str(request_id),
        "calls/call_id": str(call),
        "call_id": str(call),
        "r/code": receipt,
        "live/code": show.code,
        "live-rooms/code": show.code,
        "customers/member": str(ours),
        "members/member": str(ours),
        "members/member_id": str(ours),
        "member_id": str(ours),
        "t/code": code,
        "touchpoints/code": code,
        "payment-exceptions/exception_id": str(disagreed.id),
        "rule-sets/rule_set_id": str(rules[0].id),
        "sale": msgspec.json.encode(rung_up(shop.manager, 7, site_code="D")).decode(),
    }


def _wish(conn: Conn, order_id: OrderId) -> WishId:
    """Somebody wants an order invoiced, which waits for the seller's tax number."""
    asked = WishAsk(order_id=order_id, buyer=PERSON)
    (kept,) = wish_invoices(conn, [asked], scope=WHOLE_BRAND, by="test", now=NOON)
    assert not isinstance(kept, Refusal), kept
    make_out(conn, now=NOON)
    return kept[0]


def _pay_out(conn: Conn, stage: Stage) -> tuple[PayoutId, RequestId]:
    """A payout that the brand's company planned, and one that is in a file for its bank."""
    shop, ring = stage.shop, open_key_ring(data_directory() / "keys")
    earned(conn, shop, start=50)
    terms(conn)
    payer = pays_by(conn, shop.brand_entity)
    paid_to(conn, [shop.parties[code] for code in ("GUIDE", "PLATFORM")], ring=ring)
    approved(conn, shop, "GUIDE")
    made = make_file(conn, payer.id, ring=ring, scope=WHOLE_BRAND, now=LATER)
    assert not isinstance(made, Refusal), made
    (payout_id,) = planned(conn, shop, "PLATFORM")
    return payout_id, made


def _fill(  # noqa: PLR0915 - one thing after the other
    database: Database, base: str, stage: Stage, home: dict[Role, str], member: str, names: dict[str, Any]
) -> dict[str, Any]:
    """Do what leaves something to name, over HTTP, each by somebody who may."""

    def call(token: str, path: str, method: str = "POST", **body: Any) -> Any:
        headers = {"authorization": f"Bearer {token}"}
        answer = httpx.request(method, f"{base}/api/v1{path}", json=body or None, headers=headers, timeout=60)
        assert answer.status_code in {200, 201}, (path, answer.text)
        return answer.json()

    def done(token: str, path: str, **item: Any) -> Any:
        (outcome,) = call(token, path, items=[item])["outcomes"]
        assert "value" in outcome, (path, outcome)
        return outcome["value"]

    hq, finance = home[Role.HQ_OPERATIONS], home[Role.FINANCE]
    found: dict[str, Any] = {}
    nodes = call(hq, "/stock/nodes?limit=200", "GET")["items"]
    (of_w,) = (one["id"] for one in nodes if one["kind"] == "site" and one["site_code"] == "W")
    dealers = {"owner_code": "DEALER-CO"}
    done(hq, "/stock/nodes", kind="leaf", name="W", parent_id=of_w, site_code="W", **dealers)
    there = {"site_code": "W", "sku_code": "HAT", **dealers}
    done(hq, "/stock/facts", **there, reason="receipt", on_hand=9)
    done(hq, "/sourcing-profiles", settings={})
    goods = [{"sku_code": "HAT", "units": 1}]
    sent = done(hq, "/stock/transfers", from_site_code="W", to_site_code="D", **dealers, lines=goods)
    found["transfer_id"] = found["receive/transfer_id"] = sent["id"]
    counting = done(hq, "/stock/count-sessions", site_code="D", **dealers)
    found["count_id"] = found["count/count_id"] = counting["id"]
    back = done(member, "/returns", order=names["sold"], lines=[{"line_id": names["line_id"], "units": 1}])
    found["returns/return_id"] = found["return/return_id"] = found["return_id"] = back["id"]
    found["announced/return_id"] = found["done/return_id"] = found["ways/return_id"] = back["id"]
    found["of/order_number"] = names["sold"]
    done(hq, "/returns/receive", return_id=back["id"], site_code="D")
    said = done(
        member,
        "/reviews",
        about="product",
        stars=2,
        text="x",
        order_id=names["sold_id"],
        line_id=names["line_id"],
    )
    found["reviews/review"] = found["reviews/review_id"] = found["review_id"] = said["id"]
    saved = done(hq, "/coupon-batches", **_COUPONS)
    published = done(hq, "/coupon-batches/publish", code="WELCOME", saved_at=saved["saved_at"])
    found["coupons/code"] = published["shared_code"]
    hook: dict[str, Any] = {
        "name": "x",
        "url": "https://example.com/hook",
        "unit_code": "DEALER",
        "types": ["order_placed"],
    }
    found["subscriptions/subscription_id"] = call(hq, "/webhooks/subscriptions", **hook)["id"]
    home_of = {"name": "x", "phone": "13800000001", "region_code": "310106", "street": "x"}
    found["addresses/address_id"] = call(member, "/me/addresses", **home_of)["address_id"]
    kept = done(hq, "/messages/batch", id="m", channel="web", kind="x")
    found["ids"] = [kept["message"]["id"]]
    found["messages/message"] = found["quarantine/message"] = kept["message"]["id"]
    days = f"from={NOON.date()}&to={(NOON + timedelta(days=1)).date()}"
    line = call(finance, f"/statements?party=STORE-D&{days}", "GET")["lines"][0]
    found["entries/entry_id"] = line["entry_id"]
    keys = ("entry_id", "part_id", "currency")
    dispute = done(
        home[Role.STORE_MANAGER],
        "/disputes",
        party_code="STORE-D",
        said="x",
        **{key: line[key] for key in keys},
    )
    found["disputes/dispute_id"] = found["dispute_id"] = dispute["id"]
    source = {"code": "WX", "name": "x", "kind": "gateway", "layout": "wechat_pay", "entity_code": "BRAND-CO"}
    done(finance, "/bills/sources", **source, currency="CNY", methods=["wechat"], grace_days=0)
    headers = {"authorization": f"Bearer {finance}", "content-type": "application/octet-stream"}
    bill = httpx.post(
        f"{base}/api/v1/bills?source=WX&file_name=x.csv",
        content=wechat_bill([Paid("N", 700)]),
        headers=headers,
        timeout=60,
    )
    assert bill.status_code in {200, 201}, bill.text
    call(finance, "/bills/runs", source="WX", first_day=str(DAY), last_day=str(DAY))
    (difference, *_) = call(finance, "/bills/differences", "GET")["items"]
    found["reconciliation/difference"] = found["difference_id"] = difference["id"]
    return found
