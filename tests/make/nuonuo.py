"""A sandbox of Nuonuo on a port of its own, and the platform that speaks to it."""

from collections.abc import Generator
from contextlib import contextmanager
from functools import cache
from pathlib import Path

import msgspec

from loopline.channels.nuonuo import NuonuoInvoices
from loopline.channels.sandbox_nuonuo import (
    SandboxNuonuo,
    SandboxNuonuoSettings,
    new_secrets,
    sandbox_application,
)
from loopline.channels.sandbox_nuonuo.settings import SandboxSecrets
from loopline.channels.sandbox_wechat import PUNCTUAL
from loopline.db import Database
from loopline.invoices import InvoicePlatform
from loopline.jobs.invoices import make_out_invoices
from tests.make.sandbox import SetClock, free_port, listening

SELLER_TAX_NUMBER = "91330100799655058B"
BUYER_TAX_NUMBER = "914403001922038216"


@cache
def secrets() -> SandboxSecrets:
    """The application's secret, made once for a test process."""
    return new_secrets()


class Nuonuo(msgspec.Struct, frozen=True, kw_only=True):
    """A running sandbox, the platform that speaks to it, and the clock of both."""

    sandbox: SandboxNuonuo
    platform: NuonuoInvoices
    clock: SetClock

    def work(self, database: Database, *, platform: InvoicePlatform | None = None) -> int:
        """One round of the errand, at the clock's moment."""
        return make_out_invoices(database, platform or self.platform, self.clock())


@contextmanager
def running_nuonuo(directory: Path, clock: SetClock, **changes: object) -> Generator[Nuonuo, None, None]:
    """A sandbox served over HTTP, whose notifier sends when the test says `sandbox.step()`."""
    port = free_port()
    fields: dict[str, object] = {
        "file": directory / "nuonuo.sqlite",
        "secrets": secrets(),
        "base_url": f"http://127.0.0.1:{port}",
        "notify_url": "http://127.0.0.1:1/",
        "manners": PUNCTUAL,
    }
    settings = SandboxNuonuoSettings(**(fields | changes))  # pyright: ignore[reportArgumentType]
    sandbox = SandboxNuonuo(settings, clock=clock)
    application = msgspec.structs.replace(
        sandbox_application(settings, (SELLER_TAX_NUMBER,)), timeout_seconds=5.0
    )
    try:
        with listening(sandbox.app, port):
            yield Nuonuo(sandbox=sandbox, platform=NuonuoInvoices([application]), clock=clock)
    finally:
        sandbox.stop()
