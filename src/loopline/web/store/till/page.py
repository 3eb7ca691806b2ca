"""The page of the till, the shell of it that opens without a network, and the scripts of both.

The shell names nobody and holds no data; what a till must know offline it keeps by itself.
"""

from typing import Any

from litestar import Response, get
from litestar.di import NamedDependency
from litestar.params import FromPath
from litestar.response import Template

from loopline.web.edge import WebRequest, language_of
from loopline.web.languages import marked
from loopline.web.pages import page
from loopline.web.price_words import CHOOSABLE, REASON_WORDS
from loopline.web.store.desk import Desk
from loopline.web.store.scripts import Scripts
from loopline.web.store.till.counter import COUNTER

_PATH = "/store/till"
_SCRIPTS = Scripts(_PATH, "till")

# What the scripts say; fields are filled in there.
WORDS = {
    "unlisted": marked("{code} is not in the prices that this till knows."),
    "no_price": marked("That is no price."),
    "ring": marked("Ring up"),
    "ring_amount": marked("Ring up {amount}"),
    "member": marked("Member {name}"),
    "member_points": marked("Member {name}, {points} points"),
    "member_found": marked("Member {name} is on this purchase."),
    "member_kept": marked("The server cannot be asked now: {name} is looked up when the sale is sent."),
    "member_unknown": marked("Nobody is a member by {name}: the sale stands without."),
    "no_member": marked("That is neither a phone number nor a member's code."),
    "state_paying": marked("Being paid"),
    "state_unpaid": marked("Not paid"),
    "wallet_asked": marked("The wallet is asked."),
    "wallet_waits": marked("The customer has to confirm on their phone."),
    "wallet_away": marked(
        "There is no answer. It is asked for again by itself: take nothing else until it is known."
    ),
    "wallet_cancel": marked("Call it off"),
    "wallet_not_paid": marked("The wallet has not paid, and will not by that code."),
    "wallet_code": marked("Another payment code"),
    "wallet_again": marked("Pay by this code"),
    "no_wallet_code": marked("Scan the payment code on the customer's phone: WeChat Pay's or Alipay's."),
    "wallet_offline": marked("Without a network no wallet can pay: take cash."),
    "stored_value_not_paid": marked("The stored value has not paid, and nothing was taken of it."),
    "stored_value_code": marked("The member's code, or the whole phone number"),
    "no_stored_value_code": marked("Scan the code on the member's page, or type the whole phone number."),
    "stored_value_offline": marked("Without a network stored value cannot pay: take cash."),
    "by_cash": marked("Paid in cash"),
    "by_card": marked("Paid by card terminal"),
    "into_cart": marked("Back into the cart"),
    "coupon_on": marked("Coupon {name}: −{amount}"),
    "coupon_asked": marked("The server is asked what the coupon takes off."),
    "coupon_offline": marked("A coupon needs the network: wait for it, or sell without the coupon."),
    "coupon_use": marked("Use it: −{amount}"),
    "more": marked("One more of {name}"),
    "fewer": marked("One less of {name}"),
    "not_kept": marked("This device could not keep the sale, and it was not rung up. Try again."),
    "done": marked("Done: {amount}"),
    "done_number": marked("Sale {number} of this till is kept on this device until it is with the server."),
    "earned": marked("You earn {amount} of it, once it can no longer be brought back."),
    "unsent": marked("{count} not yet sent"),
    "all_sent": marked("All sent"),
    "number": marked("Sale {number}"),
    "state_waiting": marked("Not yet sent"),
    "state_attention": marked("Was refused"),
    "state_sent": marked("With the server"),
    "state_handed": marked("Handed to headquarters"),
    "stands_offline": marked(
        "There is no network. What was rung up is sent by itself as soon as there is one."
    ),
    "stands_signed-out": marked("Sign in to send what was rung up."),
    "stands_later": marked("The server takes nothing just now. What was rung up is sent again by itself."),
    "stands_stuck": marked("What was rung up waits for somebody of its store to sign in here."),
    "send_again": marked("Send it again"),
    "as_of_now": marked("Book it as of now"),
    "hand_over": marked("Hand to headquarters"),
    "receipt": marked("Receipt"),
    "reprice": marked("Change price"),
    "reprice_of": marked("Change the price of {name}"),
    "alone": marked(
        "Up to {percent} % less you may give alone. For more somebody else is asked, who may approve it."
    ),
    "was": marked("instead of {amount} · {reason}"),
    "lower_only": marked("Type a price that is lower."),
    "needs_network": marked("More than {percent} % has to be approved, and there is no network just now."),
    "waits": marked("{amount} was asked for: waits for an answer"),
    "wait_no_more": marked("Do not wait"),
    "approved_by": marked("{goods}: {name} approved the price."),
    "declined_by": marked("{name} did not approve the price: {note}"),
    "unanswered": marked("{goods}: nobody answered in time. Ask again."),
    "too_late": marked("{goods}: the price was approved too long ago. Ask again."),
    "approved_for": marked(
        "The price was asked for {count} of them. Scan further ones as a line of their own."
    ),
    **{f"why_{reason.value}": word for reason, word in REASON_WORDS.items()},
    "parked": marked("Set aside. It waits below."),
    "not_parked": marked("This device could not set it aside. It is still here."),
    "resume": marked("Take it up"),
    "shift_open": marked("{name} is on shift since {moment}"),
    "shift_none": marked("No shift is open: count the drawer before you take cash."),
    "shift_way": marked("Shift"),
    "shift_begin": marked("Open the shift"),
    "where": marked("{name} rings up for {site}"),
    "read": marked("prices as of {moment}"),
}


@get("/store/till", dependencies=COUNTER, sync_to_thread=True)
def show_till(request: WebRequest, counter: NamedDependency[Desk]) -> Template:
    """Show the till of a site to whoever may sell there and take money."""
    return _page(request, visitor=counter.visitor, desk=counter)


@get("/store/till/shell", sync_to_thread=False)
def show_shell(request: WebRequest) -> Template:
    """Show the till as a browser keeps it for when there is no network: the same page, of nobody."""
    return _page(request, desk=None, form_token="")


def _page(request: WebRequest, **context: Any) -> Template:
    words = {name: language_of(request).say(sentence) for name, sentence in WORDS.items()}
    return page(
        request,
        "store/till.html",
        here=_PATH,
        mark=_SCRIPTS.mark,
        scripts=_SCRIPTS.addresses(),
        words=words,
        price_reasons=[(one.value, language_of(request).say(REASON_WORDS[one])) for one in CHOOSABLE],
        **context,
    )


@get("/store/till/code/{mark:str}/{name:str}", sync_to_thread=False)
def show_script(mark: FromPath[str], name: FromPath[str]) -> Response[bytes]:
    """Give a script of the till."""
    return _SCRIPTS.give(mark, name)


@get("/store/till/worker.js", sync_to_thread=False)
def show_worker() -> Response[bytes]:
    """Give the service worker of the till."""
    return _SCRIPTS.worker()


TILL_PAGES = [show_till, show_shell, show_script, show_worker]
