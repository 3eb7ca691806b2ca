"""Signing in with a phone: a code is sent, typed, and opens a session. For pages and the API alike."""

from uuid import UUID, uuid4

import msgspec

from loopline import customers
from loopline.channels.text_messages import NotSent, TextMessage
from loopline.customers import CodeAsk, CodeMade, CodeTry
from loopline.kernel.refusals import Refusal
from loopline.processes.welcome import Arrival, Welcomed, welcome
from loopline.web.edge import Edge
from loopline.web.languages import Language, marked
from loopline.web.shop.refusals import CodeNotSent

_TEXT = marked("{code} is your code to sign in. It is good for five minutes. Never tell it to anybody.")


class CodeSent(msgspec.Struct, frozen=True, kw_only=True):
    """A code is on its way to a phone (E.164). `shown_code` is told where phones are made up: in the demo alone."""

    phone: str
    expires_in_seconds: int
    shown_code: str | None = None


class Attempt(msgspec.Struct, frozen=True, kw_only=True):
    """Somebody says which code came to their phone."""

    phone: str
    code: str
    address: str
    country: str = "CN"
    visitor: UUID | None = None
    channel: str = "web"


def send_code(edge: Edge, ask: CodeAsk, *, language: Language) -> CodeSent | Refusal:
    """Make a code and send it. Waits for the network, after the transaction that made the code has ended."""
    now = edge.clock()
    with edge.database.transaction() as conn:
        made = customers.ask_for_codes(conn, [ask], ring=edge.ring, now=now)[0]
    if not isinstance(made, CodeMade):
        return made
    text = language.say(_TEXT, code=made.code)
    try:
        edge.texts.send(TextMessage(key=uuid4().hex, phone=made.phone, text=text))
    except NotSent:
        return CodeNotSent()
    return CodeSent(
        phone=made.phone,
        expires_in_seconds=int((made.expires_at - now).total_seconds()),
        shown_code=made.code if edge.texts.are_shown_on_the_page else None,
    )


def begin_session(edge: Edge, attempt: Attempt) -> Welcomed | Refusal:
    """Sign somebody in who has the code. What is refused is committed too: a wrong code counts."""
    tried = CodeTry(phone=attempt.phone, code=attempt.code, address=attempt.address, country=attempt.country)
    arrival = Arrival(tried=tried, channel=attempt.channel, visitor=attempt.visitor)
    with edge.database.transaction() as conn:
        return welcome(conn, [arrival], ring=edge.ring, now=edge.clock())[0]
