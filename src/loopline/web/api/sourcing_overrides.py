"""What HQ leaves open of the profile, what regions and dealers set for their own sites, and what holds at each."""

from collections.abc import Sequence
from datetime import datetime
from typing import Annotated

import msgspec
from litestar import Response
from litestar.di import NamedDependency
from litestar.params import JSONBody
from msgspec import Meta

from loopline.db import Conn
from loopline.kernel.refusals import Refusal
from loopline.org import Permission
from loopline.processes.open_settings import Standing, Wish, set_open, standing
from loopline.sourcing.settings import COMMENT_MOST, SiteSetting
from loopline.web.api.answers import AnyRequest, read
from loopline.web.api.caller import Caller
from loopline.web.api.shapes import Batch, Outcomes, decided, posted, told
from loopline.web.api.types import Code

_TAG = "sourcing"


class OverrideAsk(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True, omit_defaults=True):
    """What a region or a dealer wants for its own sites, and why; null: what holds above it is to hold again."""

    unit_code: Code
    setting: SiteSetting
    value: int | None
    comment: Annotated[str, Meta(max_length=COMMENT_MOST)] | None = None


class OverrideTold(msgspec.Struct, frozen=True, kw_only=True):
    """What a unit set; `is_open` is false where the profile in force leaves it open no more, and it has no effect."""

    unit_code: str
    setting: SiteSetting
    value: int
    is_open: bool
    comment: str | None
    set_at: datetime
    set_by: str


class SettingOfSite(msgspec.Struct, frozen=True, kw_only=True):
    """What holds at a site; `decided_by` is the code of the unit that set it, null: HQ's profile."""

    setting: SiteSetting
    value: int
    decided_by: str | None


class SiteStanding(msgspec.Struct, frozen=True, kw_only=True):
    """What holds at a site."""

    site_code: str
    settings: list[SettingOfSite]


class OverridesTold(msgspec.Struct, frozen=True, kw_only=True):
    """What is left open, what the units of your branch set, and what holds at each of its sites."""

    profile_version: int | None
    open_to_units: list[SiteSetting]
    overrides: list[OverrideTold]
    sites: list[SiteStanding]


@told("/sourcing-overrides", tag=_TAG, name="list_sourcing_overrides")
def list_sourcing_overrides(request: AnyRequest, caller: NamedDependency[Caller]) -> OverridesTold:
    """Tell what is left open to regions and dealers, what those of your branch set, and what holds at its sites."""
    scope = caller.scope(Permission.SOURCING_READ)
    return read(request, lambda conn, _: _overrides_told(standing(conn, scope=scope)))


@posted("/sourcing-overrides", tag=_TAG, name="set_sourcing_overrides", gives=Outcomes[OverrideAsk])
def set_sourcing_overrides(
    request: AnyRequest, caller: NamedDependency[Caller], data: JSONBody[Batch[OverrideAsk]]
) -> Response[bytes]:
    """Set what regions and dealers of your branch want for their sites, where the profile in force leaves it open."""
    scope = caller.scope(Permission.SOURCING_WRITE)

    def decide(conn: Conn, now: datetime) -> Sequence[OverrideAsk | Refusal]:
        wishes = [
            Wish(unit_code=one.unit_code, setting=one.setting, value=one.value, comment=one.comment)
            for one in data.items
        ]
        by = str(caller.actor)
        outcomes = set_open(conn, wishes, scope=scope, by=by, now=now)
        return [
            outcome if isinstance(outcome, Refusal) else one
            for one, outcome in zip(data.items, outcomes, strict=True)
        ]

    return decided(request, caller, data, decide)


def _overrides_told(found: Standing) -> OverridesTold:
    opened = found.profile.settings.open_to_units
    codes = {unit.id: unit.code for unit in found.units.values()}
    return OverridesTold(
        profile_version=found.profile.version or None,
        open_to_units=list(opened),
        overrides=[
            OverrideTold(
                unit_code=codes[one.unit_id],
                setting=one.setting,
                value=one.value,
                is_open=one.setting in opened,
                comment=one.comment,
                set_at=one.set_at,
                set_by=one.set_by,
            )
            for one in found.overrides.values()
        ],
        sites=[
            SiteStanding(
                site_code=site.code,
                settings=[
                    SettingOfSite(
                        setting=setting,
                        value=getattr(terms, setting.value),
                        decided_by=codes.get(terms.decided_by[setting])
                        if setting in terms.decided_by
                        else None,
                    )
                    for setting in SiteSetting
                ],
            )
            for site, terms in zip(found.sites, found.terms, strict=True)
        ],
    )


SOURCING_OVERRIDE_HANDLERS = [list_sourcing_overrides, set_sourcing_overrides]
