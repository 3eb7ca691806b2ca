"""Changes of settings, of all that others work by: who changed what when, and what it was before and is now."""

from collections.abc import Mapping
from datetime import datetime, timedelta
from urllib.parse import urlencode
from uuid import UUID

import msgspec
from litestar import get
from litestar.di import NamedDependency
from litestar.response import Template

from loopline import catalogue, org, stock
from loopline.catalogue import Sku
from loopline.db import Conn
from loopline.insight import board_setting
from loopline.kernel.ids import NodeId, OrgUnitId, PersonId, SkuId
from loopline.kernel.refusals import Refused
from loopline.kernel.times import business_day, day_range
from loopline.org import Permission, Person, Unit
from loopline.org.rights import NotAllowed
from loopline.processes.look_up import PERSON_ACTOR
from loopline.processes.settings_told import SettingsAsk, changes_page
from loopline.stock import Node
from loopline.web.api.answers import read
from loopline.web.api.cursors import decode_cursor, encode_cursor
from loopline.web.edge import Visitor, WebRequest, language_of
from loopline.web.hq.changes_view import Found, Named, named_in, row_of
from loopline.web.hq.changes_words import GROUPS, Group
from loopline.web.hq.orders import PERIODS
from loopline.web.hq.payouts import uuid_in
from loopline.web.languages import marked
from loopline.web.pages import page

CHANGES = "/hq/changes"
_SHOWN = 50


class Asked(msgspec.Struct, frozen=True, kw_only=True):
    """What the address says; empty means all."""

    kind: str = ""
    by: str = ""
    period: str = ""

    def link(self, **changes: str) -> str:
        """Return the address with something else asked for, from the latest on."""
        fields = msgspec.structs.asdict(msgspec.structs.replace(self, **changes))
        query = urlencode({name: value for name, value in fields.items() if value})
        return f"{CHANGES}?{query}" if query else CHANGES

    @property
    def is_narrowed(self) -> bool:
        """Whether anything is asked for."""
        return self != Asked()


def _readable(visitor: Visitor) -> dict[str, Group]:
    """Return the kinds of changes that somebody reads: all of the whole brand's, of a branch those that say where."""
    return {
        key: group
        for key, group in GROUPS.items()
        if visitor.may(group.permission) and (group.of_units or visitor.scope_of(group.permission).everything)
    }


@get(CHANGES, sync_to_thread=True)
def show_changes(request: WebRequest, visitor: NamedDependency[Visitor]) -> Template:
    """Show changes of settings, the latest first, as far as the address narrows them."""
    visitor.scope_of(Permission.BOARDS_READ)
    language, groups = language_of(request), _readable(visitor)
    if not groups:
        raise Refused(NotAllowed(permission=Permission.ORG_READ))
    asked = _asked(request, groups)
    cursor = decode_cursor(request.query_params.get("cursor"), (int,))
    before = int(cursor[0]) if cursor else None
    found = read(request, lambda conn, now: _find(conn, visitor, groups, asked, before=before, now=now))
    shown = found.events[:_SHOWN]
    last = shown[-1].position if len(found.events) > _SHOWN else None
    person = found.people.get(PersonId(UUID(asked.by))) if asked.by else None
    return page(
        request,
        "hq/changes.html",
        visitor=visitor,
        asked=asked,
        kinds=[
            (asked.link(kind=key), language.say(word), asked.kind == key)
            for key, word in {"": marked("All"), **{key: one.word for key, one in groups.items()}}.items()
        ],
        periods=[
            (asked.link(period=key), language.say(word), asked.period == key)
            for key, (word, _) in PERIODS.items()
        ],
        by=language.called(person.name) if person else language.say("this person") if asked.by else "",
        rows=[
            row_of(one, found, language, link_by=lambda person_id: asked.link(by=person_id)) for one in shown
        ],
        is_later_page=before is not None,
        older=_older(asked, last) if last is not None else "",
    )


def _asked(request: WebRequest, groups: Mapping[str, Group]) -> Asked:
    said = {name: request.query_params.get(name, "") for name in Asked.__struct_fields__}
    return Asked(
        kind=said["kind"] if said["kind"] in groups else "",
        by=str(uuid_in(said["by"]) or ""),
        period=said["period"] if said["period"] in PERIODS else "",
    )


def _find(  # noqa: PLR0913 - who asks, and what the address narrows
    conn: Conn,
    visitor: Visitor,
    groups: Mapping[str, Group],
    asked: Asked,
    *,
    before: int | None,
    now: datetime,
) -> Found:
    """Read the page in six statements: the board's setting, changes, and what they name; of a branch its shelves."""
    setting = board_setting(conn)
    wanted = [groups[asked.kind]] if asked.kind else list(groups.values())
    whole = {kind for one in wanted for kind in one.kinds if visitor.scope_of(one.permission).everything}
    parts = [one for one in wanted if one.of_units and not whole.issuperset(one.kinds)]
    leaves = _own_leaves(conn, visitor) if any(one.of_shelves for one in parts) else {}
    of_branch = [
        (kind, subject)
        for one in parts
        for kind in one.kinds
        for subject in (leaves if one.of_shelves else visitor.scope_of(one.permission).org_units)
    ]
    _, days = PERIODS[asked.period]
    ask = SettingsAsk(
        whole=whole,
        of_branch=of_branch,
        actor=f"{PERSON_ACTOR}{asked.by}" if asked.by else None,
        since=_since(days, setting.zone, now) if days is not None else None,
        before=before,
    )
    events = changes_page(conn, ask, at_most=_SHOWN + 1)
    names = named_in(events)
    return Found(
        events=events,
        zone=setting.zone,
        currency=setting.currency,
        people=_people(conn, names),
        units=_units(conn, names),
        leaves=leaves or _leaves(conn, names),
        skus=_skus(conn, names),
    )


def _own_leaves(conn: Conn, visitor: Visitor) -> dict[NodeId, Node]:
    sites = visitor.scope_of(Permission.STOCK_READ).sites
    return {leaf.id: leaf for leaf in stock.leaves_of_sites(conn, list(sites))}


def _people(conn: Conn, names: Named) -> Mapping[PersonId, Person]:
    return org.people_by_id(conn, names.people) if names.people else {}


def _units(conn: Conn, names: Named) -> Mapping[OrgUnitId, Unit]:
    return org.units_by_id(conn, names.units) if names.units else {}


def _leaves(conn: Conn, names: Named) -> Mapping[NodeId, Node]:
    return {one.id: one for one in stock.nodes_by_ids(conn, list(names.leaves))} if names.leaves else {}


def _skus(conn: Conn, names: Named) -> Mapping[SkuId, Sku]:
    return catalogue.skus_by_id(conn, names.skus) if names.skus else {}


def _since(days: int, zone: str, now: datetime) -> datetime:
    return day_range(business_day(now, zone) - timedelta(days=days - 1), zone).start


def _older(asked: Asked, last: int) -> str:
    address = asked.link()
    return f"{address}{'&' if '?' in address else '?'}{urlencode({'cursor': encode_cursor(last)})}"


CHANGE_PAGES = [show_changes]
