"""A sandbox of WeChat Pay on a port of its own, its merchant, and a shop that is paid through it."""

from collections.abc import Generator
from contextlib import contextmanager
from functools import cache
from pathlib import Path

import msgspec

from loopline.channels.sandbox_wechat import (
    PUNCTUAL,
    Manners,
    SandboxWechat,
    SandboxWechatSettings,
    sandbox_merchant,
)
from loopline.channels.sandbox_wechat.settings import SandboxKeys, new_keys
from loopline.channels.wechat_pay import WechatPayouts
from loopline.db import Database
from loopline.jobs.payouts import pay_out
from loopline.payouts import PayoutGateway
from tests.make.payouts import RING
from tests.make.sandbox import SetClock, free_port, listening


@cache
def keys() -> SandboxKeys:
    """Keys of both sides, made once for a test process."""
    return new_keys()


class Wechat(msgspec.Struct, frozen=True, kw_only=True):
    """A running sandbox, its merchant's gateway, and the clock of both."""

    sandbox: SandboxWechat
    gateway: WechatPayouts
    clock: SetClock

    def work(self, database: Database, *, gateway: PayoutGateway | None = None) -> int:
        """One round of the errand, at the clock's moment."""
        return pay_out(database, gateway or self.gateway, self.clock(), open_ring=lambda: RING)


def settings(
    directory: Path, *, port: int, notify_url: str = "http://127.0.0.1:1/", **changes: object
) -> SandboxWechatSettings:
    fields: dict[str, object] = {
        "file": directory / "wechat.sqlite",
        "keys": keys(),
        "base_url": f"http://127.0.0.1:{port}",
        "notify_url": notify_url,
        "manners": PUNCTUAL,
    }
    return SandboxWechatSettings(**(fields | changes))  # pyright: ignore[reportArgumentType]


@contextmanager
def running_wechat(directory: Path, clock: SetClock, **changes: object) -> Generator[Wechat, None, None]:
    """A sandbox served over HTTP, whose notifier sends when the test says `sandbox.step()`."""
    port = free_port()
    sandbox = SandboxWechat(settings(directory, port=port, **changes), clock=clock)  # pyright: ignore[reportArgumentType]
    merchant = msgspec.structs.replace(sandbox_merchant(sandbox.settings), timeout_seconds=(2.0, 5.0))
    try:
        with listening(sandbox.app, port):
            yield Wechat(sandbox=sandbox, gateway=WechatPayouts([merchant]), clock=clock)
    finally:
        sandbox.stop()


__all__ = ["Manners", "Wechat", "keys", "running_wechat", "settings"]
