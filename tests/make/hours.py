"""Hours of couriers, appointments and fitters at the sites of a shop, and promises of them."""

from datetime import UTC, datetime, timedelta
from typing import Any

from loopline.catalogue import Fitting
from loopline.db import Conn
from loopline.kernel.scope import WHOLE_BRAND
from loopline.orders import Delivery, DraftKind
from loopline.processes.slots import set_slot_terms
from loopline.processes.take_in import MessageLine, OrderMessage
from loopline.promises import GivenPromise, PromiseKind
from loopline.slots import Fee, NewTerms, SlotTerms, Way
from tests.make.org import succeeded
from tests.make.shop import NOON, Shop

FOUR = datetime(2026, 3, 2, 8, tzinfo=UTC)
"""Four in the afternoon in Shanghai, on the day of NOON: a slot of two hours begins."""
SIX = FOUR + timedelta(hours=2)
FEES = (Fee(kilometres_most=3, minor=500), Fee(kilometres_most=8, minor=900))


def offer_hours(conn: Conn, unit_code: str = "U-S", way: Way = Way.COURIER, **terms: Any) -> None:
    """Let a unit offer a way: from ten to eight, every two hours, two places each, up to eight kilometres."""
    stated: dict[str, Any] = {"places": 2, "kilometres_most": 8, "fees": FEES}
    wanted = NewTerms(unit_code=unit_code, way=way, terms=SlotTerms(**(stated | terms)), comment="try")
    succeeded(set_slot_terms(conn, [wanted], scope=WHOLE_BRAND, by="person:1", now=NOON))


def courier_promise(shop: Shop, *, starts_at: datetime = FOUR, fee_minor: int = 500) -> GivenPromise:
    """A promise of the store's courier, as it was shown at noon."""
    return GivenPromise(
        kind=PromiseKind.COURIER,
        site_id=shop.sites["S"],
        due_at=starts_at + timedelta(hours=2),
        starts_at=starts_at,
        ends_at=starts_at + timedelta(hours=2),
        fee_minor=fee_minor,
        ready_minutes=120,
        lane_minutes=60,
        band=None,
        terms_version=0,
        pace_version=0,
        said_at=NOON,
    )


def appointment_promise(shop: Shop, *, starts_at: datetime = FOUR) -> GivenPromise:
    """A promise of an hour at the store, as it was shown at noon."""
    return GivenPromise(
        kind=PromiseKind.APPOINTMENT,
        site_id=shop.sites["S"],
        due_at=starts_at,
        starts_at=starts_at,
        ends_at=starts_at + timedelta(hours=2),
        ready_minutes=120,
        lane_minutes=0,
        band=None,
        terms_version=0,
        pace_version=0,
        said_at=NOON,
    )


def by_courier(shop: Shop, number: str, **fields: Any) -> OrderMessage:
    """An order for a coat that the store's courier brings at four."""
    stated: dict[str, Any] = {
        "channel": "web",
        "external_number": number,
        "kind": DraftKind.ASK,
        "lines": (MessageLine(sku_code="COAT", units=1),),
        "delivery": Delivery.COURIER,
        "site_code": "S",
        "region_code": "310100",
        "promise": courier_promise(shop),
    }
    return OrderMessage(**(stated | fields))


def at_the_store(shop: Shop, number: str, **fields: Any) -> OrderMessage:
    """An order for a coat whose customer comes at four."""
    stated: dict[str, Any] = {
        "channel": "web",
        "external_number": number,
        "kind": DraftKind.ASK,
        "lines": (MessageLine(sku_code="COAT", units=1),),
        "delivery": Delivery.COLLECT,
        "site_code": "S",
        "promise": appointment_promise(shop),
    }
    return OrderMessage(**(stated | fields))


def fitting_promise(shop: Shop, *, starts_at: datetime = FOUR, fee_minor: int = 5_000) -> GivenPromise:
    """A promise that a fitter of the store comes at an hour, as it was shown at noon."""
    return GivenPromise(
        kind=PromiseKind.FITTING,
        site_id=shop.sites["S"],
        due_at=starts_at + timedelta(hours=2),
        starts_at=starts_at,
        ends_at=starts_at + timedelta(hours=2),
        fee_minor=fee_minor,
        ready_minutes=120,
        lane_minutes=120,
        band=None,
        terms_version=0,
        pace_version=0,
        said_at=NOON,
    )


def with_a_fitter(shop: Shop, number: str, **fields: Any) -> OrderMessage:
    """An order for a coat that a fitter of the store brings at four."""
    stated: dict[str, Any] = {
        "channel": "web",
        "external_number": number,
        "kind": DraftKind.ASK,
        "lines": (MessageLine(sku_code="COAT", units=1),),
        "delivery": Delivery.FITTING,
        "site_code": "S",
        "region_code": "310100",
        "promise": fitting_promise(shop),
    }
    return OrderMessage(**(stated | fields))


def fitted(conn: Conn, sku_code: str = "COAT", fitting: Fitting = Fitting.OFFERED) -> None:
    """Let goods be fitted at home, or be sold no other way."""
    conn.execute("update catalogue.sku set fitting = %s where code = %s", (fitting.value, sku_code))
