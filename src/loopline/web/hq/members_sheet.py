"""Members that were found, as a sheet: masked as on the screen. Each of them has in the log who took them along."""

import asyncio

from litestar import Response, post
from litestar.di import NamedDependency
from litestar.status_codes import HTTP_200_OK

from loopline.kernel.refusals import Refused
from loopline.org import Permission
from loopline.web.api.members import MemberTold
from loopline.web.api.refusals import NothingToFindBy
from loopline.web.edge import Visitor, language_of
from loopline.web.hq.members import (
    MEMBERS,
    SHEET_REASONS,
    FormRequest,
    Look,
    name_of,
    opened_members,
    said_in,
)
from loopline.web.languages import Language
from loopline.web.sheets import Cell, Column, sheet_of, sheet_told

SHEET = f"{MEMBERS}/sheet"
MEMBERS_MOST = 1_000
"""Members that are opened for a sheet."""


@post(SHEET, status_code=HTTP_200_OK)
async def take_members_along(request: FormRequest, visitor: NamedDependency[Visitor]) -> Response[bytes]:
    """Find members for a reason and tell them as a sheet; that they were taken along is written down first."""
    scope = visitor.scope_of(Permission.MEMBERS_READ)
    said = await said_in(request)
    ask = said.ask
    if ask is None:
        raise Refused(NothingToFindBy())
    look = Look(ask=ask, scope=scope, purpose=SHEET_REASONS[said.reason], most=MEMBERS_MOST)
    found = await asyncio.to_thread(opened_members, request, visitor, look)
    language = language_of(request)
    rows = [_cells(one, language) for one in found.members]
    if found.is_cut:
        cut = language.say(
            "Only the first {count} members are here. Look for a phone or a whole name to find others.",
            count=language.count(MEMBERS_MOST),
        )
        rows.append([cut, "", "", "", ""])
    return sheet_told(sheet_of(language.say("Members"), _columns(language), rows), "members.xlsx")


def _columns(language: Language) -> list[Column]:
    say = language.say
    return [
        Column(head=say("Name"), width=24),
        Column(head=say("Phone"), width=24),
        Column(head=say("Guide")),
        Column(head=say("Dealer")),
        Column(head=say("Member"), width=38),
    ]


def _cells(one: MemberTold, language: Language) -> list[Cell]:
    return [
        name_of(one, language),
        ", ".join(one.phones),
        one.guide_code or "",
        one.dealer_code or "",
        str(one.member_id),
    ]


MEMBERS_SHEET_PAGES = [take_members_along]
