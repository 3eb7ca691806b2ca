"""Packing: which goods need a photo, the boxes there are, what was packed and labelled lately."""

import re
from collections.abc import Callable, Collection, Sequence
from datetime import datetime, timedelta
from typing import Any

from litestar import Response, get, post
from litestar.di import NamedDependency
from litestar.response import Redirect, Template
from litestar.status_codes import HTTP_303_SEE_OTHER

from loopline import org
from loopline.db import Conn
from loopline.fulfilment import photos
from loopline.fulfilment.labels import labels_lately
from loopline.fulfilment.packing import boxes_lately, stated_box_kinds
from loopline.fulfilment.photos import Demand, PhotoCause, SetPhotoRule
from loopline.insight import board_setting
from loopline.kernel.ids import SiteId
from loopline.kernel.refusals import Refusal, Refused
from loopline.kernel.scope import NotInYourBranch, Scope
from loopline.org import Permission
from loopline.processes.packing import WantedBox, name_boxes
from loopline.web.api.answers import read, run
from loopline.web.edge import Visitor, WebRequest, language_of
from loopline.web.hq.packing_view import PackingFacts, written
from loopline.web.hq.payouts import names_of
from loopline.web.hq.refusals import BoxUnclear, PhotoRuleUnclear
from loopline.web.hq.typed import read_minor
from loopline.web.pages import page
from loopline.web.problems import status_of
from loopline.web.store.moving.place import Form

PACKING = "/hq/packing"
LATELY_DAYS = 7
_CODE = re.compile(r"[A-Za-z0-9][A-Za-z0-9._-]{0,63}")
_NAME_MOST, _CATEGORY_MOST, _MILLIMETRES_MOST, _GRAMS_MOST = 100, 100, 5_000, 1_000_000
_NOBODYS = Scope()


@get(PACKING, sync_to_thread=True)
def show_packing(request: WebRequest, visitor: NamedDependency[Visitor]) -> Template:
    """Show what asks for photos, the boxes of somebody's sites, and what was packed and labelled in a week."""
    return _shown(request, visitor)


def _shown(
    request: WebRequest, visitor: Visitor, *, refusal: Refusal | None = None, at: str = ""
) -> Template:
    if refusal is not None and not visitor.may(Permission.SOURCING_READ):
        raise Refused(refusal)  # who names boxes need not see the page
    scope = visitor.scope_of(Permission.SOURCING_READ)
    language = language_of(request)
    facts = read(request, lambda conn, now: _find(conn, scope, now))
    sets_boxes = visitor.branches.get(Permission.STOCK_WRITE, _NOBODYS)
    sets_rules = visitor.branches.get(Permission.SOURCING_WRITE, _NOBODYS)
    return page(
        request,
        "hq/packing.html",
        status=200 if refusal is None else status_of(refusal),
        visitor=visitor,
        path=PACKING,
        problem=language.refusal(refusal) if refusal else "",
        problem_at=at,
        may_set_rules=sets_rules.everything,
        view=written(facts, language, sets_boxes=sets_boxes),
    )


def _find(conn: Conn, scope: Scope, now: datetime) -> PackingFacts:
    sites = {site.id: site for site in org.branch_sites(conn) if scope.covers_site(site.id)}
    asked: Collection[SiteId] | None = None if scope.everything else sites.keys()
    rules = photos.photo_rules(conn)
    setting = board_setting(conn)
    since = now - timedelta(days=LATELY_DAYS)
    return PackingFacts(
        rules=rules,
        kinds=stated_box_kinds(conn, sites),
        boxes=boxes_lately(conn, asked, since=since),
        labels=labels_lately(conn, asked, since=since),
        photos=photos.photos_lately(conn, asked, since=since),
        sites=sites,
        names=names_of(conn, {one.set_by for one in rules}),
        zone=setting.zone,
        currency=setting.currency,
    )


def _set(
    request: WebRequest,
    visitor: Visitor,
    at: str,
    work: Callable[[Conn, datetime], Sequence[object | Refusal]],
) -> Response[Any]:
    """Do what a form asks and lead back to where it stands, or show the page with why not."""
    (outcome,) = run(request, work)
    if isinstance(outcome, Refusal):
        return _shown(request, visitor, refusal=outcome, at=at)
    return Redirect(f"{PACKING}#{at}", status_code=HTTP_303_SEE_OTHER)


@post(PACKING + "/photos", sync_to_thread=True)
def set_photo_rule(request: WebRequest, visitor: NamedDependency[Visitor], data: Form) -> Response[Any]:
    """Say whether a cause asks for a photo, everywhere or of a category; the rules are the whole brand's."""
    if not visitor.scope_of(Permission.SOURCING_WRITE).everything:
        raise Refused(NotInYourBranch(subject="brand"))
    wanted = _rule_in(data)
    if isinstance(wanted, Refusal):
        return _shown(request, visitor, refusal=wanted, at="photos")
    by = f"person:{visitor.person.person_id}"
    return _set(
        request, visitor, "photos", lambda conn, now: photos.set_photo_rules(conn, [wanted], by=by, now=now)
    )


def _rule_in(data: dict[str, Any]) -> SetPhotoRule | Refusal:
    try:
        cause = PhotoCause(str(data.get("cause", "")))
        demand = None if data.get("demand") == "drop" else Demand(str(data.get("demand", "")))
    except ValueError:
        return PhotoRuleUnclear()
    category = str(data.get("category", "")).strip().replace("\x00", "")[:_CATEGORY_MOST] or None
    from_minor = None
    if cause is PhotoCause.HIGH_VALUE and demand is not None:
        from_minor = read_minor(str(data.get("from", "")), str(data.get("currency", ""))[:3])
        if from_minor is None:
            return PhotoRuleUnclear()
    return SetPhotoRule(cause=cause, category=category, demand=demand, from_minor=from_minor)


@post(PACKING + "/boxes", sync_to_thread=True)
def set_box(request: WebRequest, visitor: NamedDependency[Visitor], data: Form) -> Response[Any]:
    """Name a box of a site, or of the whole brand, by its inner sizes; or drop it."""
    scope = visitor.scope_of(Permission.STOCK_WRITE)
    wanted = _box_in(data)
    if isinstance(wanted, Refusal):
        return _shown(request, visitor, refusal=wanted, at="boxes")
    by = f"person:{visitor.person.person_id}"
    return _set(
        request, visitor, "boxes", lambda conn, now: name_boxes(conn, [wanted], scope=scope, by=by, now=now)
    )


def _box_in(data: dict[str, Any]) -> WantedBox | Refusal:
    code = str(data.get("code", "")).strip()
    is_dropped = data.get("act") == "drop"
    sizes = [_whole(data, name, _MILLIMETRES_MOST) for name in ("length", "width", "height")]
    grams_text = str(data.get("grams", "")).strip()
    grams = _whole(data, "grams", _GRAMS_MOST) if grams_text else None
    if not _CODE.fullmatch(code) or (grams_text and grams is None):
        return BoxUnclear()
    if None in sizes and not is_dropped:
        return BoxUnclear()
    length, width, height = (one or 1 for one in sizes)
    return WantedBox(
        site_code=str(data.get("site", "")).strip().replace("\x00", "")[:64] or None,
        code=code,
        name=str(data.get("name", "")).strip().replace("\x00", "")[:_NAME_MOST],
        length_mm=length,
        width_mm=width,
        height_mm=height,
        grams_most=grams,
        is_insulated=data.get("insulated") == "yes",
        is_dropped=is_dropped,
    )


def _whole(data: dict[str, Any], name: str, most: int) -> int | None:
    """Return the whole number above zero that a field holds; None for anything else."""
    text = str(data.get(name, "")).strip()
    number = int(text) if text.isascii() and text.isdigit() and len(text) <= 7 else 0
    return number if 0 < number <= most else None


PACKING_PAGES = [show_packing, set_photo_rule, set_box]
