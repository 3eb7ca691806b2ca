"""What every handler needs of the process it runs in, and who is asking."""

from collections.abc import Callable, Mapping
from datetime import UTC, datetime

import msgspec
from litestar import Request
from litestar.datastructures import State

from loopline import org
from loopline.channels.text_messages import NobodySends, TextMessages
from loopline.channels.webhooks_out import SecretBook
from loopline.customers.keys import KeyRing
from loopline.db import Database
from loopline.invoices import InvoicePlatform
from loopline.kernel.refusals import Refused
from loopline.kernel.scope import Scope
from loopline.org import Permission, SessionPerson
from loopline.payments import Gateway
from loopline.payouts import PayoutGateway
from loopline.web.api.caller import Caller, KnownCallers, branches_of_person, look_up_caller
from loopline.web.api.limits import Limiter
from loopline.web.availability import AvailabilityCoalescer
from loopline.web.languages import LANGUAGE_COOKIE, Language, wanted_language
from loopline.web.live import BoardHub, LiveHub
from loopline.web.metrics import Metrics
from loopline.web.placing import OrderCoalescer
from loopline.web.presence import SeenSites
from loopline.web.promising.desk import PromiseDesk
from loopline.web.settings import WebSettings
from loopline.web.surging import Surge, SurgeWatch
from loopline.web.tally import Tally

SESSION_COOKIE = "loopline_session"
WebRequest = Request[None, None, State]
Clock = Callable[[], datetime]


class Edge(msgspec.Struct, frozen=True, kw_only=True):
    """The process's own: its database, its settings, its clock, its live boards, its measurements.

    `ring` opens personal data; `gateways` are the ways to pay, by name; `texts` sends text messages; `limiter` and
    `callers` are the API's; `orders` gathers single orders, `tally` counts them, `surge` shows it live; `availability`
    gathers who asks what can be had; `promises` knows what can be promised; `webhook_secrets` sign what subscribers are
    told; `seen` are the sites where somebody is at work. `payouts` is the gateway by which parties are paid, `invoices`
    the platform of e-invoices, where there is one.
    """

    database: Database
    settings: WebSettings
    clock: Clock
    hub: BoardHub
    surge: LiveHub[SurgeWatch, Surge]
    tally: Tally
    metrics: Metrics
    ring: KeyRing
    limiter: Limiter
    callers: KnownCallers
    orders: OrderCoalescer
    availability: AvailabilityCoalescer
    promises: PromiseDesk
    webhook_secrets: SecretBook
    gateways: Mapping[str, Gateway] = {}
    payouts: PayoutGateway | None = None
    invoices: InvoicePlatform | None = None
    texts: TextMessages = NobodySends()
    seen: SeenSites = msgspec.field(default_factory=SeenSites)

    def look_up_caller(self, token: str) -> Caller | None:
        """Read who has a token. Reads the database: call it in a thread."""
        return look_up_caller(self.database, token, self.clock())


class Visitor(msgspec.Struct, frozen=True, kw_only=True):
    """Somebody signed in, what of the brand that person sees, and where each permission holds."""

    person: SessionPerson
    scope: Scope
    branches: dict[Permission, Scope] = {}

    def may(self, permission: Permission) -> bool:
        """Tell whether this person has a permission anywhere."""
        return permission in self.branches

    def scope_of(self, permission: Permission) -> Scope:
        """Return where this person has a permission. Raises Refused where that is nowhere."""
        found = self.branches.get(permission)
        if found is None:
            raise Refused(org.NotAllowed(permission=permission))
        return found


class NotSignedIn(Exception):  # noqa: N818 - says what is so; becomes the sign-in page or a 401
    """Nobody is signed in."""


def system_clock() -> datetime:
    """Read the clock, in UTC: here at the edge and nowhere below it."""
    return datetime.now(UTC)


def edge_of(request: WebRequest) -> Edge:
    """Return the process's own things."""
    edge = request.app.state["edge"]
    assert isinstance(edge, Edge)
    return edge


def language_of(request: WebRequest) -> Language:
    """Return the language this request wants."""
    return wanted_language(
        cookie=request.cookies.get(LANGUAGE_COOKIE),
        accept_language=request.headers.get("accept-language", ""),
    )


def visitor_or_none(request: WebRequest) -> Visitor | None:
    """Return who is signed in. Reads the database: call it in a thread."""
    token = request.cookies.get(SESSION_COOKIE)
    if not token:
        return None
    edge = edge_of(request)
    with edge.database.reading() as conn:
        person = org.session_person(conn, token, now=edge.clock())
        if person is None:
            return None
        scope = org.scope_of(conn, person.person_id)
        return Visitor(person=person, scope=scope, branches=branches_of_person(conn, person, all_of_it=scope))


def visitor(request: WebRequest) -> Visitor:
    """Return who is signed in; raises NotSignedIn. Reads the database: a dependency that runs in a thread."""
    found = visitor_or_none(request)
    if found is None:
        raise NotSignedIn
    return found
