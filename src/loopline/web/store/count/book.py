"""What a phone that counts is told before it is alone: the goods there are, who counts where, and the counts begun."""

from datetime import datetime
from uuid import UUID

import msgspec
from litestar import Response, get
from litestar.di import NamedDependency
from litestar.params import FromQuery

from loopline import catalogue, stock
from loopline.db import Conn
from loopline.kernel.ids import CountId, NodeId
from loopline.kernel.refusals import Refused
from loopline.org import Permission
from loopline.stock import CountSession
from loopline.stock.asked_counts import asked_at_leaves
from loopline.stock.counts import count_session
from loopline.web.api.answers import answered, read
from loopline.web.edge import Visitor, WebRequest, edge_of, language_of
from loopline.web.languages import Language
from loopline.web.pages import form_token
from loopline.web.store.count.place import COUNTING, counting_scope, may_post, names_of, shelf_of
from loopline.web.store.desk import Desk
from loopline.web.store.refusals import NoCountHere
from loopline.web.store.words import gtin_as_printed, variety

_GOODS_READ_MAX = 2_000
_COUNTS_MAX = 20
_ASKED_MAX = 200


class Known(msgspec.Struct, frozen=True, kw_only=True):
    """A SKU as a count finds it: by code or GTIN (as printed; empty where it has none). Not how many there are."""

    code: str
    gtin: str
    name: str
    variety: str
    category: str


class Begun(msgspec.Struct, frozen=True, kw_only=True):
    """A count that is open at the site, and how many SKUs were looked at in it."""

    id: UUID
    begun_at: datetime
    begun_by: str
    skus: int


class AskedHere(msgspec.Struct, frozen=True, kw_only=True):
    """Goods that somebody asked this site to count, when, and why if they said so."""

    code: str
    name: str
    by: str
    at: datetime
    note: str


class CountBook(msgspec.Struct, frozen=True, kw_only=True):
    """A page of the goods there are, in the order of codes; `after` asks for the next, null on the last.

    With it comes who counts where, the server's clock, and on the first page the counts that are open and what is asked
    to be counted.
    """

    person_id: UUID
    person_name: str
    site_code: str
    site_name: str
    may_post: bool
    now: datetime
    goods: list[Known]
    counts: list[Begun]
    asked: list[AskedHere]
    after: str | None


class Seen(msgspec.Struct, frozen=True, kw_only=True):
    """A SKU that was looked at in a count, and by whom."""

    code: str
    name: str
    variety: str
    units: int
    seen_at: datetime
    by: str


class SeenOfCount(msgspec.Struct, frozen=True, kw_only=True):
    """What was looked at in an open count."""

    id: UUID
    site_code: str
    begun_at: datetime
    lines: list[Seen]


class CountToken(msgspec.Struct, frozen=True, kw_only=True):
    """What commands of a count carry in `x-csrftoken`, and the server's clock."""

    token: str
    now: datetime


@get("/store/count/token", sync_to_thread=True)
def tell_count_token(request: WebRequest, visitor: NamedDependency[Visitor]) -> Response[bytes]:
    """Tell what commands carry: a page that was opened without a network has none, or an old one."""
    counting_scope(visitor)
    return answered(CountToken(token=form_token(request), now=edge_of(request).clock()))


@get("/store/count/book", dependencies=COUNTING, sync_to_thread=True)
def tell_count_book(
    request: WebRequest, counting: NamedDependency[Desk], after: FromQuery[str] = ""
) -> Response[bytes]:
    """Tell a page of the goods there are; what the books say of them is not told before the count is looked through."""
    language = language_of(request)

    def work(conn: Conn, now: datetime) -> CountBook:
        leaf_id = None if after else shelf_of(conn, counting.site)
        skus = catalogue.skus_after(conn, after.replace("\x00", ""), at_most=_GOODS_READ_MAX)
        return CountBook(
            person_id=counting.person_id,
            person_name=language.called(counting.visitor.person.name),
            site_code=counting.site.code,
            site_name=language.called(counting.site.name),
            may_post=may_post(counting.visitor, counting.site),
            now=now,
            goods=[
                Known(
                    code=sku.code,
                    gtin=gtin_as_printed(sku.gtin),
                    name=language.called(sku.name),
                    variety=variety(sku),
                    category=language.called(sku.category or ""),
                )
                for sku in skus
            ],
            counts=begun_counts(conn, leaf_id, language) if leaf_id is not None else [],
            asked=asked_here(conn, leaf_id, language) if leaf_id is not None else [],
            after=skus[-1].code if len(skus) == _GOODS_READ_MAX else None,
        )

    return answered(read(request, work))


def begun_counts(conn: Conn, leaf_id: NodeId, language: Language) -> list[Begun]:
    """Return the counts that are open on a shelf, the latest first."""
    found = stock.counts_page(conn, [leaf_id], only_open=True, before=None, at_most=_COUNTS_MAX)
    if not found:
        return []
    names = names_of(conn, {one.opened_by for one in found}, language)
    looked_at = [line.count_id for line in stock.count_lines(conn, [one.count_id for one in found])]
    return [
        Begun(
            id=one.count_id,
            begun_at=one.opened_at,
            begun_by=names.get(one.opened_by, ""),
            skus=looked_at.count(one.count_id),
        )
        for one in found
    ]


def asked_here(conn: Conn, leaf_id: NodeId, language: Language) -> list[AskedHere]:
    """Return what is asked to be counted on a shelf and was not yet, what was asked first before the others."""
    found = asked_at_leaves(conn, [leaf_id], at_most=_ASKED_MAX)
    if not found:
        return []
    skus = catalogue.skus_by_id(conn, {one.sku_id for one in found})
    names = names_of(conn, {one.asked_by for one in found}, language)
    return [
        AskedHere(
            code=skus[one.sku_id].code,
            name=language.called(skus[one.sku_id].name),
            by=names.get(one.asked_by, ""),
            at=one.asked_at,
            note=one.note,
        )
        for one in found
        if one.sku_id in skus
    ]


def counts_at(conn: Conn, desk: Desk, language: Language) -> tuple[list[Begun], list[AskedHere]]:
    """Return the counts that are open where somebody is at work, and what is asked to be counted there.

    None for who may not count there, or at no shelf.
    """
    may_count = desk.visitor.branches.get(Permission.TASKS_WRITE)
    if may_count is None or not may_count.covers_site(desk.site.id):
        return [], []
    leaf_id = stock.selling_leaves(conn, [desk.site.id]).get(desk.site.id)
    if leaf_id is None:
        return [], []
    return begun_counts(conn, leaf_id, language), asked_here(conn, leaf_id, language)


@get("/store/count/seen", dependencies=COUNTING, sync_to_thread=True)
def tell_seen(
    request: WebRequest, counting: NamedDependency[Desk], count: FromQuery[UUID]
) -> Response[bytes]:
    """Tell what was looked at in an open count of this site, to go on with it on another phone."""
    language = language_of(request)

    def work(conn: Conn, _: datetime) -> SeenOfCount:
        session = open_count(conn, counting, CountId(count))
        lines = stock.count_lines(conn, [session.count_id])
        skus = catalogue.skus_by_id(conn, {line.sku_id for line in lines})
        names = names_of(conn, {line.counted_by for line in lines}, language)
        return SeenOfCount(
            id=session.count_id,
            site_code=counting.site.code,
            begun_at=session.opened_at,
            lines=[
                Seen(
                    code=skus[line.sku_id].code,
                    name=language.called(skus[line.sku_id].name),
                    variety=variety(skus[line.sku_id]),
                    units=line.units,
                    seen_at=line.counted_at,
                    by=names.get(line.counted_by, ""),
                )
                for line in lines
                if line.sku_id in skus
            ],
        )

    return answered(read(request, work))


def open_count(conn: Conn, desk: Desk, count_id: CountId) -> CountSession:
    """Return an open count of a site. Raises Refused for any other."""
    session = count_session(conn, count_id)
    if session is None or session.ended_at is not None or session.leaf_id != shelf_of(conn, desk.site):
        raise Refused(NoCountHere())
    return session
