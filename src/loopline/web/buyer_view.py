"""A buyer whom a marketplace sealed, as a page shows them: masked, with a button per purpose; opened, for a moment.

What was opened is on one answer that no browser keeps, and hides itself again.
"""

from collections.abc import Sequence
from typing import Annotated

import msgspec
from litestar.enums import RequestEncodingType
from litestar.params import Body
from litestar.response import Template

from loopline.buyers import DenialReason, OpenedBuyer, OpeningPurpose, PlatformDenied, Sealing
from loopline.channels.opening import BuyerOpener, Opened
from loopline.kernel.ids import OrderId
from loopline.kernel.refusals import Refusal
from loopline.processes.open_buyers import WantedOpenings, WhoOpens
from loopline.web.edge import Visitor, WebRequest, edge_of
from loopline.web.hq.board_view import channel_word
from loopline.web.languages import Language, marked
from loopline.web.marketplaces import platforms_of
from loopline.web.pages import page

SHOWN_SECONDS = 120
PURPOSE_WORDS: dict[OpeningPurpose, str] = {
    OpeningPurpose.SHIP_PARCEL: marked("To ship the parcel"),
    OpeningPurpose.PRINT_LABEL: marked("To print the label"),
    OpeningPurpose.CUSTOMER_SERVICE_CALL: marked("To call the customer"),
    OpeningPurpose.FRAUD_CHECK: marked("To check for fraud"),
    OpeningPurpose.LEGAL_REQUEST: marked("For a legal request"),
}
_BUTTON_WORDS: dict[OpeningPurpose, str] = {
    OpeningPurpose.SHIP_PARCEL: marked("Show to ship the parcel"),
    OpeningPurpose.PRINT_LABEL: marked("Show to print the label"),
    OpeningPurpose.CUSTOMER_SERVICE_CALL: marked("Show to call the customer"),
    OpeningPurpose.FRAUD_CHECK: marked("Show to check for fraud"),
    OpeningPurpose.LEGAL_REQUEST: marked("Show for a legal request"),
}
_DENIED_WORDS: dict[DenialReason, str] = {
    DenialReason.EXPIRED: marked("What the platform sealed has run out. Have it send the order again."),
    DenialReason.NOT_YOURS: marked("The platform does not know this as one of our orders."),
    DenialReason.TOO_MANY: marked("The platform opens no more at this moment. Try again later."),
    DenialReason.OTHER: marked("The platform refused."),
}


class PurposeForm(msgspec.Struct, frozen=True, kw_only=True):
    """What somebody wants to see a buyer for."""

    purpose: str = ""


PurposeData = Annotated[PurposeForm, Body(media_type=RequestEncodingType.URL_ENCODED)]


class Button(msgspec.Struct, frozen=True, kw_only=True):
    """A purpose that somebody may open for."""

    purpose: str
    word: str


class BuyerCard(msgspec.Struct, frozen=True, kw_only=True):
    """A buyer, written down. `opened` is None while masked; `problem` says why it stays so, `log` who looked."""

    path: str
    back: str
    number: str
    platform: str
    name: str
    phone: str
    address: str
    is_forgotten: bool
    buttons: tuple[Button, ...]
    opened: OpenedBuyer | None = None
    opened_for: str = ""
    is_label: bool = False
    problem: str = ""
    seconds: int = SHOWN_SECONDS
    log: str = ""

    def __repr__(self) -> str:
        return f"BuyerCard(path={self.path!r})"


class BuyerPlace(msgspec.Struct, frozen=True, kw_only=True):
    """The page a card is on, and the order it is of."""

    page_path: str
    number: str


def buyer_card(
    sealing: Sealing, place: BuyerPlace, purposes: Sequence[OpeningPurpose], language: Language
) -> BuyerCard:
    """Write a buyer, masked."""
    is_forgotten = sealing.forgotten_at is not None
    return BuyerCard(
        path=f"{place.page_path}/buyer",
        back=place.page_path,
        number=place.number,
        platform=channel_word(sealing.platform, language),
        name=sealing.masked_name,
        phone=sealing.masked_phone,
        address=sealing.masked_address,
        is_forgotten=is_forgotten,
        buttons=()
        if is_forgotten
        else tuple(Button(purpose=one.value, word=language.say(_BUTTON_WORDS[one])) for one in purposes),
    )


def opened_card(
    card: BuyerCard, outcome: Opened | Refusal, purpose: OpeningPurpose, language: Language
) -> BuyerCard:
    """Write a buyer in the open, or masked with why not."""
    if isinstance(outcome, Refusal):
        return msgspec.structs.replace(card, problem=_problem(outcome, language))
    return msgspec.structs.replace(
        card,
        opened=outcome.buyer,
        opened_for=language.say(PURPOSE_WORDS[purpose]),
        is_label=purpose is OpeningPurpose.PRINT_LABEL,
    )


def _problem(refusal: Refusal, language: Language) -> str:
    if isinstance(refusal, PlatformDenied):
        return language.say(_DENIED_WORDS[refusal.reason])
    return language.refusal(refusal)


def open_for(
    request: WebRequest, visitor: Visitor, order_id: OrderId, purpose: OpeningPurpose
) -> Opened | Refusal:
    """Open an order's buyer for somebody who is signed in. Waits for the platform: call it in a thread."""
    edge = edge_of(request)
    opener = BuyerOpener(edge.database, platforms_of(request), clock=edge.clock)
    wanted = WantedOpenings(order_ids=(order_id,), purpose=purpose)
    (outcome,) = opener.open_buyers(wanted, who_opens(visitor))
    return outcome


def who_opens(visitor: Visitor) -> WhoOpens:
    """Return somebody signed in as one who opens."""
    return WhoOpens(person_id=visitor.person.person_id, branches=visitor.branches)


def purpose_in(text: str) -> OpeningPurpose | None:
    """Return the purpose a form names, if it is one."""
    return OpeningPurpose(text) if text in set(OpeningPurpose) else None


def is_fragment(request: WebRequest) -> bool:
    """Whether the page's script asks, which puts the answer in the place of what is there."""
    return request.headers.get("hx-request") == "true"


def fragment(request: WebRequest, card: BuyerCard) -> Template:
    """Answer with the card alone."""
    return page(request, "buyers/card.html", card=card, is_fragment=True)
