"""Who may move goods at a site, and how such pages read numbers and ids."""

from collections.abc import Mapping
from typing import Annotated, Any
from uuid import UUID

from litestar.di import NamedDependency, Provide
from litestar.enums import RequestEncodingType
from litestar.params import Body

from loopline.catalogue import Sku
from loopline.kernel.refusals import Refused
from loopline.kernel.scope import NotInYourBranch
from loopline.org import Permission
from loopline.web.languages import Language
from loopline.web.store.desk import DESK, Desk
from loopline.web.store.words import gtin_as_printed, variety

Form = Annotated[dict[str, Any], Body(media_type=RequestEncodingType.URL_ENCODED)]
_DIGITS_MAX = 6


def moving_desk(desk: NamedDependency[Desk]) -> Desk:
    """Return where somebody moves goods. Raises Refused where that is not theirs to do."""
    if not desk.visitor.scope_of(Permission.STOCK_WRITE).covers_site(desk.site.id):
        raise Refused(NotInYourBranch(subject=desk.site.code))
    return desk


MOVING = {**DESK, "moving": Provide(moving_desk, sync_to_thread=False)}


def number(data: dict[str, Any], name: str) -> int:
    """Return a field's number; zero for none, for what is no number and for one beyond all goods."""
    text = str(data.get(name, "")).strip()
    return int(text) if text.isascii() and text.isdigit() and len(text) <= _DIGITS_MAX else 0


def time_id(data: Mapping[str, Any], name: str) -> UUID | None:
    """Return a field's UUIDv7, which a page was made with; None for anything else."""
    try:
        found = UUID(str(data.get(name, "")))
    except ValueError:
        return None
    return found if found.version == 7 else None


def goods_row(sku: Sku | None, language: Language) -> dict[str, str]:
    """Write a SKU as these pages show and scan it."""
    gtin = gtin_as_printed(sku.gtin) if sku else ""
    return {
        "code": sku.code if sku else "?",
        "gtin": gtin,
        "name": language.called(sku.name) if sku else "?",
        "variety": variety(sku) if sku else "",
        "scans": " ".join(
            one for one in (sku.code if sku else "", gtin, (sku.gtin if sku else "") or "") if one
        ),
    }
