"""What rounds do besides the corridor's: going out of the house, and forgetting what the web edge kept."""

from datetime import datetime

from loopline.channels.webhooks_out import SecretBook, Sender
from loopline.db import Database
from loopline.db.settings import Settings
from loopline.jobs.rounds import Clock, Errand
from loopline.jobs.webhooks import tell_subscribers
from loopline.web.api.idempotency import sweep_answers

_ANSWERS_AT_ONCE = 1_000


def errands_of(settings: Settings, *, clock: Clock, is_demo: bool = False) -> tuple[Errand, ...]:
    """Return the errands of a database; in the demo subscribers may listen on this machine."""
    sender = Sender(SecretBook(settings.keys_directory), clock=clock, allows_local=is_demo)

    def tell(database: Database, now: datetime) -> int:
        return tell_subscribers(database, sender, now=now)

    def forget_answers(database: Database, now: datetime) -> int:
        with database.transaction(quiet=True) as conn:
            return sweep_answers(conn, now=now, limit=_ANSWERS_AT_ONCE)

    return (
        Errand(name="tell_subscribers", cron="* * * * * */2", run=tell),
        Errand(name="forget_answers", cron="*/10 * * * *", run=forget_answers),
    )
