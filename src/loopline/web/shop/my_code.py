"""The code by which a member is known at a till: to scan or to read out, another one every minute."""

from datetime import datetime

from litestar import get
from litestar.di import NamedDependency
from litestar.response import Template

from loopline import customers
from loopline.customers import ShownCode
from loopline.db import Conn
from loopline.web.api.answers import granted, run
from loopline.web.edge import WebRequest, edge_of
from loopline.web.qr import qr_svg
from loopline.web.shop.frame import shop_page
from loopline.web.shop.shopper import Shopper

_GROUP = 4


@get("/me/code", sync_to_thread=True)
def show_code(request: WebRequest, member: NamedDependency[Shopper]) -> Template:
    """Show a member their code; the page asks for the next one by itself."""
    return _page(request, member, "my_code.html")


@get("/me/code/now", sync_to_thread=True)
def show_code_now(request: WebRequest, member: NamedDependency[Shopper]) -> Template:
    """Show the code alone, for the page that asks now and then."""
    return _page(request, member, "my_code_now.html")


def _page(request: WebRequest, member: Shopper, template: str) -> Template:
    ring = edge_of(request).ring

    def work(conn: Conn, now: datetime) -> ShownCode:
        return granted(customers.code_of_member(conn, member.member_id, ring=ring, now=now))

    shown = run(request, work)
    answer = shop_page(
        request,
        template,
        shopper=member,
        back="/me",
        tab="me",
        here="/me/code",
        code=shown.code,
        groups=" ".join(shown.code[at : at + _GROUP] for at in range(0, len(shown.code), _GROUP)),
        drawing=qr_svg(shown.code).decode(),
    )
    answer.headers = {**answer.headers, "X-Mark": shown.code, "X-Over": "no", "Cache-Control": "no-store"}
    return answer
