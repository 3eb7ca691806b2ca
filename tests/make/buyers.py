"""A marketplace that seals buyers, served over HTTP; orders with a sealed buyer, and parcels of them in hand."""

from collections.abc import Generator
from contextlib import contextmanager
from datetime import datetime
from typing import Any

import httpx
import msgspec

from loopline import org
from loopline.channels.opening import BuyerOpener
from loopline.channels.sandbox_sealing import Market, MarketManners, MarketSettings, SandboxMarket
from loopline.channels.sandbox_sealing.messages import BuyerToSeal, sealed
from loopline.db import Conn, Database
from loopline.fulfilment.model import AcceptTask, CheckTask, PickTask
from loopline.kernel.ids import OrderId, PersonId, TaskId
from loopline.kernel.scope import WHOLE_BRAND
from loopline.processes import dispatch, fulfil
from loopline.processes.open_buyers import WhoOpens
from loopline.processes.source import source_wave
from loopline.web.api.caller import branches_of_person
from tests.make.messages import created, receiver, sender
from tests.make.org import PASSWORD
from tests.make.sandbox import free_port, listening
from tests.make.shop import NOON

APP_KEY = "key of the tests' seller"
ZHANG = {"name": "张伟明", "phone": "13812345678", "address": "上海市静安区南京西路1266号8楼"}


@contextmanager
def running_market(clock: Any, *, manners: MarketManners | None = None) -> Generator[Market, None, None]:
    """A marketplace on a port of its own, until the block ends."""
    port = free_port()
    settings = MarketSettings(app_key=APP_KEY, base_url=f"http://127.0.0.1:{port}")
    market = Market(settings, clock=clock, manners=manners)
    with listening(market.app, port):
        yield market


def sealed_buyer(market: Market, **changes: Any) -> dict[str, Any]:
    """A buyer sealed by the marketplace, over HTTP, as an order's message carries one."""
    answer = httpx.post(
        f"{market.settings.base_url}/v1/seal",
        json=ZHANG | changes,
        headers={"authorization": f"Bearer {APP_KEY}"},
        trust_env=False,
    )
    assert answer.status_code == 200, answer.text
    found: dict[str, Any] = answer.json()
    return found


def sealed_at(at: datetime, *, key: bytes = b"k" * 32) -> dict[str, Any]:
    """A buyer sealed at a moment, by nobody that could open it."""
    found: dict[str, Any] = msgspec.to_builtins(sealed(msgspec.convert(ZHANG, BuyerToSeal), key=key, now=at))
    return found


def order_of(database: Database, number: str, **order: Any) -> OrderId:
    """Take an order in by a message, which must be applied."""
    with database.reading() as conn:
        by = sender(conn)
    (received,) = receiver(database).receive([created(number, **order)], by)
    assert received.message.order_id is not None, received.message.sentence
    return received.message.order_id


def put_in_hand(conn: Conn, by: PersonId, *, at: datetime = NOON) -> list[TaskId]:
    """Source what waits, and bring its parcels as far as checked."""
    tasks = list(source_wave(conn, now=at).tasks)
    dispatch.accept(conn, [AcceptTask(task_id=one, by=by) for one in tasks], scope=WHOLE_BRAND, now=at)
    fulfil.pick(conn, [PickTask(task_id=one) for one in tasks], scope=WHOLE_BRAND, now=at)
    checked = fulfil.check(conn, [CheckTask(task_id=one) for one in tasks], scope=WHOLE_BRAND, now=at)
    assert len(checked) == len(tasks)
    return tasks


def who(conn: Conn, sign_in_name: str, *, now: datetime = NOON) -> WhoOpens:
    """Somebody who signs in, with what their roles let them do."""
    signed_in = org.sign_in(conn, org.SignIn(sign_in_name=sign_in_name, password=PASSWORD), now=now)
    assert isinstance(signed_in, org.SignedIn)
    person = org.session_person(conn, signed_in.token, now=now)
    assert person is not None
    return WhoOpens(person_id=person.person_id, branches=branches_of_person(conn, person))


def opener(database: Database, market: Market, *, clock: Any, seconds_max: float = 5.0) -> BuyerOpener:
    """What opens buyers, connected to the marketplace over HTTP."""
    platform = SandboxMarket(market.settings, seconds_max=seconds_max)
    return BuyerOpener(database, {platform.name: platform}, clock=clock)
