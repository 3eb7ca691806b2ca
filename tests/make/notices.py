"""A sandbox of Aliyun on a port of its own, the gateway that speaks to it, members with phones, what they were told."""

from collections.abc import Generator
from contextlib import contextmanager
from datetime import datetime, timedelta
from functools import cache
from pathlib import Path

import msgspec

from loopline import notices
from loopline.channels.aliyun_sms import AliyunSms
from loopline.channels.sandbox_aliyun import (
    SandboxAliyun,
    SandboxAliyunSettings,
    new_secrets,
    sandbox_account,
)
from loopline.channels.sandbox_aliyun.settings import SandboxSecrets, registered
from loopline.channels.sandbox_wechat import PUNCTUAL
from loopline.db import Conn, Database
from loopline.db.followers import catch_up
from loopline.jobs.notices import tell_customers
from loopline.kernel.ids import MemberId, OrderId, SiteId, uuid7
from loopline.kernel.scope import WHOLE_BRAND
from loopline.notices import (
    About,
    Claim,
    Facts,
    Heard,
    NewNotice,
    Notice,
    NoticeGateway,
    NoticeId,
    NoticeReport,
    Step,
)
from loopline.processes.notify import FOLLOWERS
from loopline.processes.place import Placed
from tests.make.customers import member, phone, ring
from tests.make.customers import registered as registered_members
from tests.make.sandbox import SetClock, free_port, listening
from tests.make.shop import NOON


@cache
def secrets() -> SandboxSecrets:
    """The account's key, made once for a test process."""
    return new_secrets()


class Telling(msgspec.Struct, frozen=True, kw_only=True):
    """A running sandbox, the gateway that speaks to it, and the clock of both."""

    sandbox: SandboxAliyun
    gateway: AliyunSms
    clock: SetClock

    def work(self, database: Database, *, gateway: NoticeGateway | None = None) -> int:
        """Follow the log, then one round of the errand, at the clock's moment."""
        catch_up(database, FOLLOWERS, now=self.clock())
        return tell_customers(database, gateway or self.gateway, self.clock(), open_ring=ring)

    def said(self) -> list[str]:
        """What phones got, in order."""
        return [one["Content"].removeprefix("【环线商城】") for one in self.sandbox.book.sent()]


@contextmanager
def telling(directory: Path, clock: SetClock, **changes: object) -> Generator[Telling, None, None]:
    """A sandbox served over HTTP."""
    port = free_port()
    fields: dict[str, object] = {
        "file": directory / "aliyun.sqlite",
        "secrets": secrets(),
        "base_url": f"http://127.0.0.1:{port}/",
        "templates": dict(registered().values()),
        "manners": PUNCTUAL,
    }
    settings = SandboxAliyunSettings(**(fields | changes))  # pyright: ignore[reportArgumentType]
    sandbox = SandboxAliyun(settings, clock=clock)
    account = msgspec.structs.replace(sandbox_account(settings), timeout_seconds=5.0)
    try:
        with listening(sandbox.app, port):
            yield Telling(sandbox=sandbox, gateway=AliyunSms(account), clock=clock)
    finally:
        sandbox.stop()


def at_work(database: Database, now: datetime) -> None:
    """Say that a gateway is at work from a moment on."""
    with database.transaction() as conn:
        notices.stand_by(conn, "Aliyun SMS", now=now)


def somebody(conn: Conn, number: int = 1) -> MemberId:
    """A member with a phone."""
    (found,) = registered_members(conn, [member(phone(number))])
    return found


def failed_notice(conn: Conn, placed: Placed, member_id: MemberId, site_id: SiteId) -> NoticeId:
    """A message about a refund of an order of a site that the gateway refused."""
    new = NewNotice(
        order_id=placed.order_id,
        about=About.REFUNDED,
        version=uuid7(NOON),
        member_id=member_id,
        site_id=site_id,
        zone="Asia/Shanghai",
        facts=Facts(number=placed.number, amount_minor=100, currency="CNY"),
        happened_at=NOON,
    )
    notices.write_notices(conn, [new])
    (due,) = notices.lock_due(conn, now=NOON, limit=9)
    lease = NOON + timedelta(minutes=2)
    notices.write_steps(conn, [Step(notice_id=due.id, until=lease, language="zh")], now=NOON)
    refused = NoticeReport(
        claim=Claim(notice_id=due.id, lease=lease), heard=Heard.REFUSED, note="isv.BLACK_KEY_CONTROL_LIMIT"
    )
    assert notices.apply_reports(conn, [refused], now=NOON) == []
    return due.id


def of_order(database: Database, order_id: OrderId) -> list[Notice]:
    """The notices of an order, the first one first."""
    with database.reading() as conn:
        return notices.notices_of_orders(conn, [order_id], scope=WHOLE_BRAND)[::-1]


def abouts(database: Database, order_id: OrderId) -> list[About]:
    """What an order's customer is, or was, to be told."""
    return [one.about for one in of_order(database, order_id)]
