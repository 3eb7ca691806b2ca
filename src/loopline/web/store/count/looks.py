"""What a phone that counts sends: looks, each with its moment, as soon as there is a network; all may come again."""

from datetime import datetime
from typing import Annotated
from uuid import UUID

import msgspec
from litestar import Response, post
from litestar.di import NamedDependency
from litestar.params import RawBody
from msgspec import Meta

from loopline import catalogue, org
from loopline.db import Conn
from loopline.kernel.ids import CountId, SkuId
from loopline.kernel.refusals import Refusal, Refused
from loopline.kernel.scope import NotInYourBranch
from loopline.processes import count
from loopline.stock import Look, NewCount
from loopline.stock.counts import LookBack
from loopline.web.api.answers import answered, run
from loopline.web.api.reading import decode
from loopline.web.api.refusals import IdNotOfItsTime, NoSuchThing
from loopline.web.api.shapes import Outcome, Outcomes
from loopline.web.api.stock import CountedUnits
from loopline.web.api.types import Code
from loopline.web.edge import Visitor, WebRequest, language_of
from loopline.web.problems import problem_of
from loopline.web.store.count.place import actor_of, counting_scope, shelf_of

LOOKS_MAX = 500


class LookSent(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """How many units somebody counted of a SKU, and when; null takes back what was said of it before."""

    sku_code: Code
    units: CountedUnits | None
    seen_at: Annotated[datetime, Meta(tz=True)]


class LooksSent(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """Looks of one count, which begins with the first of them; `id` is a UUIDv7 that the phone made."""

    count_id: UUID
    site_code: Code
    looks: Annotated[list[LookSent], Meta(max_length=LOOKS_MAX)]


class LookTaken(msgspec.Struct, frozen=True, kw_only=True):
    """A look that the server has. What the books say of it is not told here."""

    sku_code: str


@post("/store/count/looks", status_code=200, sync_to_thread=True)
def take_looks(request: WebRequest, visitor: NamedDependency[Visitor], body: RawBody) -> Response[bytes]:
    """Take looks in: one outcome each, in their order. Nothing moves before somebody posts the count."""
    asked: LooksSent = decode(body, LooksSent)
    scope = counting_scope(visitor)
    language = language_of(request)

    def work(conn: Conn, now: datetime) -> list[Refusal | None]:
        site = org.sites_by_code(conn, [asked.site_code]).get(asked.site_code)
        if site is None or not scope.covers_site(site.id):
            raise Refused(NotInYourBranch(subject=asked.site_code))
        if asked.count_id.version != 7:
            raise Refused(IdNotOfItsTime(id=asked.count_id))
        new = NewCount(id=CountId(asked.count_id), leaf_id=shelf_of(conn, site))
        (opened,) = count.open_counts(conn, [new], scope=scope, now=now, actor=actor_of(visitor))
        if isinstance(opened, Refusal):
            raise Refused(opened)
        skus = catalogue.skus_by_code(conn, {one.sku_code for one in asked.looks})
        sku_ids = {code: sku.id for code, sku in skus.items()}
        entering = [
            Look(count_id=new.id, sku_id=sku_ids[one.sku_code], units=one.units, seen_at=one.seen_at)
            for one in asked.looks
            if one.units is not None and one.sku_code in sku_ids
        ]
        backs = [
            LookBack(count_id=new.id, sku_id=sku_ids[one.sku_code], seen_at=one.seen_at)
            for one in asked.looks
            if one.units is None and one.sku_code in sku_ids
        ]
        outcomes = [
            *zip(
                [one.sku_id for one in entering],
                count.enter(conn, entering, scope=scope, now=now, actor=actor_of(visitor)),
                strict=True,
            ),
            *zip([one.sku_id for one in backs], count.take_back(conn, backs, scope=scope), strict=True),
        ]
        refused = {sku_id: one for sku_id, one in outcomes if isinstance(one, Refusal)}
        return [_refusal(one, sku_ids.get(one.sku_code), refused) for one in asked.looks]

    outcomes = run(request, work)
    return answered(
        Outcomes[LookTaken](
            outcomes=[
                Outcome(value=LookTaken(sku_code=one.sku_code))
                if refusal is None
                else Outcome(problem=problem_of(refusal, language))
                for one, refusal in zip(asked.looks, outcomes, strict=True)
            ]
        )
    )


def _refusal(one: LookSent, sku_id: SkuId | None, refused: dict[SkuId, Refusal]) -> Refusal | None:
    return NoSuchThing(noun="SKU", value=one.sku_code) if sku_id is None else refused.get(sku_id)
