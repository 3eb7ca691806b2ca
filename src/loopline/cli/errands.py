"""What rounds do besides the corridor's: going out of the house, and forgetting what the web edge kept."""

from datetime import datetime

from loopline.channels.invoicing import invoice_platform
from loopline.channels.paying_out import payout_gateway
from loopline.channels.receiving import Receiver
from loopline.channels.sandbox_market import SandboxConnector, market_settings
from loopline.channels.sandbox_pay import SandboxGateway, sandbox_settings
from loopline.channels.telling import notice_gateway
from loopline.channels.webhooks_out import SecretBook, Sender
from loopline.customers.keys import open_key_ring
from loopline.db import Database
from loopline.db.settings import Settings
from loopline.jobs.code_archives import draw_next_slice
from loopline.jobs.gateways import put_to_gateways
from loopline.jobs.invoices import make_out_invoices
from loopline.jobs.marketplaces import tell_marketplaces
from loopline.jobs.notices import tell_customers
from loopline.jobs.payouts import pay_out
from loopline.jobs.rounds import Clock, Errand
from loopline.jobs.stored_value import give_back_due
from loopline.jobs.webhooks import tell_subscribers
from loopline.web.api.idempotency import sweep_answers
from loopline.web.qr import qr_svg

_ANSWERS_AT_ONCE = 1_000


def errands_of(
    settings: Settings, *, clock: Clock, is_demo: bool = False, public_url: str = ""
) -> tuple[Errand, ...]:
    """Return the errands of a database; in the demo subscribers may listen on this machine.

    The demo's way to pay and its marketplaces are the sandboxes beside the server at `public_url`; where none is,
    nothing is put to them.
    """
    sender = Sender(SecretBook(settings.keys_directory), clock=clock, allows_local=is_demo)

    def tell(database: Database, now: datetime) -> int:
        return tell_subscribers(database, sender, now=now)

    def try_messages(database: Database, now: datetime) -> int:
        del now
        ring = open_key_ring(settings.keys_directory)  # read each time: whoever rotates keys ends no process
        return Receiver(database, ring=ring, clock=clock).apply_due()

    def forget_answers(database: Database, now: datetime) -> int:
        with database.transaction(quiet=True) as conn:
            return sweep_answers(conn, now=now, limit=_ANSWERS_AT_ONCE)

    def draw_codes(database: Database, now: datetime) -> int:
        return draw_next_slice(database, qr_svg, now)

    return (
        Errand(name="tell_subscribers", cron="* * * * * */2", run=tell),
        Errand(name="try_messages", cron="* * * * * */2", run=try_messages),
        Errand(name="forget_answers", cron="*/10 * * * *", run=forget_answers),
        Errand(name="give_back_stored_value", cron="* * * * * */2", run=give_back_due),
        # Seconds of drawing a slice: not long, each run would draw the same slice beside the one before.
        Errand(name="draw_codes", cron="* * * * * */2", run=draw_codes, is_long=True),
        *_payouts(settings, public_url if is_demo else ""),
        *_invoices(settings, public_url if is_demo else ""),
        *_notices(settings, public_url if is_demo else ""),
        *(_payments(settings, public_url) if is_demo and public_url else ()),
        *(_marketplaces(settings, public_url) if is_demo and public_url else ()),
    )


def _payouts(settings: Settings, sandbox_at: str) -> tuple[Errand, ...]:
    gateway = payout_gateway(settings.data_directory, settings.keys_directory, sandbox_at=sandbox_at)
    if gateway is None:
        return ()

    def pay(database: Database, now: datetime) -> int:
        # The keys are read each time: whoever rotates them ends no process.
        return pay_out(database, gateway, now, open_ring=lambda: open_key_ring(settings.keys_directory))

    return (Errand(name="pay_out", cron="* * * * * */5", run=pay),)


def _invoices(settings: Settings, sandbox_at: str) -> tuple[Errand, ...]:
    platform = invoice_platform(settings.data_directory, settings.keys_directory, sandbox_at=sandbox_at)
    if platform is None:
        return ()

    def make_out(database: Database, now: datetime) -> int:
        return make_out_invoices(database, platform, now)

    return (Errand(name="make_out_invoices", cron="* * * * * */5", run=make_out),)


def _notices(settings: Settings, sandbox_at: str) -> tuple[Errand, ...]:
    gateway = notice_gateway(settings.data_directory, settings.keys_directory, sandbox_at=sandbox_at)
    if gateway is None:
        return ()

    def tell(database: Database, now: datetime) -> int:
        # The keys are read each time: whoever rotates them ends no process.
        return tell_customers(
            database, gateway, now, open_ring=lambda: open_key_ring(settings.keys_directory)
        )

    return (Errand(name="tell_customers", cron="* * * * * */2", run=tell, rests=True),)


def _payments(settings: Settings, public_url: str) -> tuple[Errand, ...]:
    sandbox = SandboxGateway(sandbox_settings(settings.data_directory, public_url))
    gateways = {sandbox.name: sandbox}

    def put(database: Database, now: datetime) -> int:
        return put_to_gateways(database, gateways, now)

    return (Errand(name="put_to_gateways", cron="* * * * * */2", run=put),)


def _marketplaces(settings: Settings, public_url: str) -> tuple[Errand, ...]:
    sandbox = SandboxConnector(market_settings(settings.data_directory, public_url))
    connectors = {sandbox.name: sandbox}

    def tell(database: Database, now: datetime) -> int:
        return tell_marketplaces(database, connectors, now)

    return (Errand(name="tell_marketplaces", cron="* * * * * */2", run=tell),)
