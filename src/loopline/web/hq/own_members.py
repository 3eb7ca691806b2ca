"""Own purchases at headquarters: which members guides, dealers and streamers are, and a form to note one."""

import asyncio
from datetime import datetime
from typing import Any

from litestar import Request, get, post
from litestar.datastructures import State
from litestar.di import NamedDependency
from litestar.response import Redirect, Template

from loopline import org
from loopline.db import Conn
from loopline.insight import board_setting
from loopline.kernel.refusals import Refusal, Refused
from loopline.org import Permission
from loopline.org import lists as org_lists
from loopline.processes.own_members import SERVES_OR_BRINGS, WantedOwn, note_own
from loopline.sharing import own
from loopline.sharing.own import OwnMember
from loopline.web.api.answers import read, run
from loopline.web.api.own_members import OWN_PURPOSE
from loopline.web.edge import Visitor, WebRequest, edge_of, language_of
from loopline.web.hq.rule_refusals import RulesAreTheBrands
from loopline.web.notices import telling, told
from loopline.web.pages import page

OWN = "/hq/rules/own"
_TEXT_MOST = 64
_FormRequest = Request[Any, Any, State]


@get(OWN, sync_to_thread=True)
def show_own_members(request: WebRequest, visitor: NamedDependency[Visitor]) -> Template:
    """Show who of those who earn is a member, by party, and the form that notes one more."""
    _may_write(visitor)
    language, notice = language_of(request), told(request)

    def find(conn: Conn, _: datetime) -> list[tuple[str, str, str, str]]:
        parties = {one.id: one for one in org.branch_parties(conn) if one.kind in SERVES_OR_BRINGS}
        noted = own.members_of_parties(conn, parties)
        names = org_lists.sign_in_names(conn, {one.noted_by for one in noted})
        zone = board_setting(conn).zone
        return [
            (
                f"{language.called(parties[one.party_id].name)} · {parties[one.party_id].code}",
                f"/hq/members/{one.member_id}",
                names.get(one.noted_by, ""),
                language.clock_of_day(one.noted_at, zone),
            )
            for one in noted
        ]

    return page(
        request,
        "hq/own_members.html",
        visitor=visitor,
        path=OWN,
        rows=read(request, find),
        may_see_members=visitor.may(Permission.MEMBERS_READ),
        done=notice.done,
        problem=notice.problem,
        said=notice.also,
    )


@post(f"{OWN}/note")
async def note_own_member(request: _FormRequest, visitor: NamedDependency[Visitor]) -> Redirect:
    """Note that a party is a member; who cannot be found is said, and the form kept as it was."""
    _may_write(visitor)
    form = await request.form()
    said = {name: str(form.get(name, "")).strip()[:_TEXT_MOST] for name in ("party_code", "member")}
    ring, by, language = edge_of(request).ring, visitor.person.person_id, language_of(request)

    def work(conn: Conn, now: datetime) -> OwnMember | Refusal:
        wanted = WantedOwn(party_code=said["party_code"], member=said["member"])
        return note_own(conn, [wanted], ring=ring, by=by, purpose=OWN_PURPOSE, now=now)[0]

    outcome = await asyncio.to_thread(run, request, work)
    if isinstance(outcome, Refusal):
        return telling(request, OWN, **(said | {"problem": language.refusal(outcome)}))
    return telling(request, OWN, done=language.say("Noted. It counts from now on."))


def _may_write(visitor: Visitor) -> None:
    if not visitor.scope_of(Permission.SHARING_WRITE).everything:
        raise Refused(RulesAreTheBrands())


OWN_MEMBER_PAGES = [show_own_members, note_own_member]
