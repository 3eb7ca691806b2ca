"""What the address of the reviews asks for, and how it is made into a search."""

from collections.abc import Mapping, Sequence
from datetime import datetime, timedelta
from urllib.parse import urlencode
from uuid import UUID

import msgspec

from loopline import catalogue, orders, org
from loopline.db import Conn
from loopline.insight import board_setting
from loopline.kernel.ids import PersonId, ProductId, ReviewId, SiteId
from loopline.kernel.scope import Scope
from loopline.kernel.times import business_day, day_range
from loopline.org import Site
from loopline.reviews import About, FiguresAsk, Mood, ReviewList, ReviewPlace, ReviewSearch
from loopline.web.api.cursors import decode_cursor
from loopline.web.edge import WebRequest
from loopline.web.languages import marked

REVIEWS = "/hq/reviews"
SAID = f"{REVIEWS}/said"
READING = f"{REVIEWS}/reading"
PERIODS: Mapping[str, tuple[str, int | None]] = {
    "": (marked("Any time"), None),
    "week": (marked("7 days"), 7),
    "month": (marked("30 days"), 30),
    "quarter": (marked("90 days"), 90),
}
_USUAL_DAYS = 30


class Asked(msgspec.Struct, frozen=True, kw_only=True):
    """What the address says; empty means all, or the usual."""

    list: str = ""
    text: str = ""
    site: str = ""
    product: str = ""
    packer: str = ""
    about: str = ""
    mood: str = ""
    theme: str = ""
    stars: str = ""
    period: str = ""

    def link(self, path: str = REVIEWS, **changes: str) -> str:
        """Return an address with something else asked for, from the first page."""
        query = msgspec.structs.replace(self, **changes).query
        return f"{path}?{query}" if query else path

    @property
    def query(self) -> str:
        """What is asked for, as it stands behind the question mark."""
        fields = msgspec.structs.asdict(self)
        return urlencode({name: value for name, value in fields.items() if value})

    @property
    def which(self) -> ReviewList:
        """Which list is meant."""
        return ReviewList(self.list) if self.list in set(ReviewList) else ReviewList.WAITING

    @property
    def is_narrowed(self) -> bool:
        """Whether anything but a list is asked for."""
        return msgspec.structs.replace(self, list="") != Asked()


class Scene(msgspec.Struct, frozen=True, kw_only=True):
    """Where a page stands: the sites somebody may choose from, the one chosen, the brand's zone."""

    zone: str
    sites: Sequence[Site]
    site_id: SiteId | None
    product_id: ProductId | None
    product_name: str
    is_nowhere: bool
    """A site or product is asked for that is none, or not somebody's."""


def asked_of(request: WebRequest) -> Asked:
    """Return what the address asks for."""
    return asked_from(request.query_params)


def asked_from(said: Mapping[str, str]) -> Asked:
    """Return what fields ask for; what cannot be meant is left out."""
    fields = {name: said.get(name, "").strip()[:200] for name in Asked.__struct_fields__}
    return Asked(**{name: value for name, value in fields.items() if "\x00" not in value})


def scene_of(conn: Conn, asked: Asked, *, scope: Scope) -> Scene:
    """Read what the address's codes mean, as far as a scope reaches."""
    sites = (
        org.branch_sites(conn)
        if scope.everything
        else sorted(org.sites_by_id(conn, scope.sites).values(), key=lambda one: one.code)
    )
    site_id = next((one.id for one in sites if one.code == asked.site), None)
    product = catalogue.products_by_code(conn, [asked.product]).get(asked.product) if asked.product else None
    return Scene(
        zone=board_setting(conn).zone,
        sites=sites,
        site_id=site_id,
        product_id=product.id if product else None,
        product_name=product.name if product else asked.product,
        is_nowhere=bool(asked.site and site_id is None) or bool(asked.product and product is None),
    )


def search_of(conn: Conn, asked: Asked, scene: Scene, *, now: datetime) -> ReviewSearch:
    """Return the search that an address asks for. A text that is an order's number finds what is said of it."""
    head = orders.orders_by_numbers(conn, [asked.text]).get(asked.text) if asked.text else None
    return ReviewSearch(
        which=asked.which,
        text=asked.text,
        order_id=head.id if head else None,
        product_id=scene.product_id,
        site_id=scene.site_id,
        packer_id=PersonId(packer) if (packer := id_in(asked.packer)) else None,
        about=About(asked.about) if asked.about in set(About) else None,
        stars=int(asked.stars) if asked.stars in {"1", "2", "3", "4", "5"} else None,
        mood=Mood(asked.mood) if asked.mood in set(Mood) else None,
        theme=asked.theme or None,
        since=_since(asked.period, now=now, zone=scene.zone),
    )


def figures_of(asked: Asked, scene: Scene, *, now: datetime) -> FiguresAsk:
    """Return which reviews are counted: of the last thirty days where no period is asked for."""
    today = business_day(now, scene.zone)
    days = PERIODS.get(asked.period, PERIODS[""])[1] or _USUAL_DAYS
    return FiguresAsk(
        since=day_range(today - timedelta(days=days - 1), scene.zone).start,
        until=day_range(today + timedelta(days=1), scene.zone).start,
        site_id=scene.site_id,
        product_id=scene.product_id,
        theme=asked.theme or None,
    )


def _since(period: str, *, now: datetime, zone: str) -> datetime | None:
    days = PERIODS.get(period, PERIODS[""])[1]
    if days is None:
        return None
    return day_range(business_day(now, zone) - timedelta(days=days - 1), zone).start


def place_of(request: WebRequest) -> ReviewPlace | None:
    """Return where the page before ended, if the address says so."""
    after = decode_cursor(request.query_params.get("cursor"), (UUID, int))
    return ReviewPlace(review_id=ReviewId(after[0]), is_bad=bool(after[1])) if after else None


def id_in(text: str) -> UUID | None:
    """Return an id, or None for what is none."""
    try:
        return UUID(text)
    except ValueError:
        return None
