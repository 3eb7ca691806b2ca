"""What went wrong, over HTTP: the one table from refusals to statuses, and the one shape of answers (RFC 9457).

A browser that wants a page gets a page that says what to do next; everybody else gets application/problem+json.
"""

from typing import Any, cast

import msgspec
import psycopg
import structlog
from litestar import Request, Response
from litestar.datastructures import State
from litestar.exceptions import HTTPException, ValidationException
from litestar.response import Redirect, Template
from litestar.status_codes import (
    HTTP_400_BAD_REQUEST,
    HTTP_401_UNAUTHORIZED,
    HTTP_403_FORBIDDEN,
    HTTP_404_NOT_FOUND,
    HTTP_409_CONFLICT,
    HTTP_410_GONE,
    HTTP_415_UNSUPPORTED_MEDIA_TYPE,
    HTTP_422_UNPROCESSABLE_ENTITY,
    HTTP_429_TOO_MANY_REQUESTS,
    HTTP_500_INTERNAL_SERVER_ERROR,
    HTTP_503_SERVICE_UNAVAILABLE,
)
from psycopg_pool import PoolTimeout

from loopline.bills import (
    BillCellWrong,
    BillColumnsMissing,
    BillHasNoLines,
    BillRowWrong,
    BillSummaryDiffers,
    DifferenceNeedsANote,
    DifferenceUnknown,
    PeriodMisfit,
    SourceMisfit,
    SourceUnknown,
)
from loopline.buyers import (
    BuyerNotMasked,
    BuyerNotSealed,
    NotYoursToOpen,
    PlatformSilent,
    SealingEmpty,
    SealingForgotten,
    TooManyOpenings,
)
from loopline.channels.sandbox_pay import NotificationUnreadable
from loopline.channels.standard_webhooks import SignatureMissing, SignatureStale, SignatureWrong
from loopline.channels.till import PaidDiffers, SaleTooLarge
from loopline.customers.refusals import (
    AddressNotValid,
    AddressUnknown,
    CodeTriedTooOften,
    CodeWrong,
    DeliveryUnknown,
    IdentityNotValid,
    NameNotValid,
    NoIdentity,
    TooManyCodes,
    TooManyTries,
)
from loopline.feeds import FeedUnknown, SnapshotOfTheFuture, SnapshotTooOld, SuspicionUnknown
from loopline.fulfilment.calls import UnknownCall
from loopline.fulfilment.rounds import RoundUnknown
from loopline.fulfilment.rules import UnknownTask
from loopline.inbox import DismissalNeedsANote, UnknownMessage
from loopline.invoices.refusals import (
    BuyerNotUsable,
    GoodsCodeNotUsable,
    InvoicedInYuanOnly,
    InvoiceNoticeUnreadable,
    WishUnknown,
)
from loopline.kernel.refusals import Refusal, Refused
from loopline.kernel.scope import NotInYourBranch
from loopline.ledger.model import LedgerBusy
from loopline.notices import NoticeNotFailed
from loopline.orders import NumberMistyped
from loopline.orders.tills import NoSuchCase
from loopline.org.credentials import (
    PasswordTooEasy,
    PasswordTooLong,
    PasswordTooShort,
    SignInLocked,
    SignInNameNotUsable,
    WrongSignIn,
)
from loopline.org.keys import ApiKeyBeyondYourRights
from loopline.org.limits import LimitNeedsAComment, LimitOutOfRange, LimitUnitUnknown
from loopline.org.permissions import MayNotGrant
from loopline.org.rights import NotAllowed
from loopline.payments import ClosingNeedsANote, NotificationNotExpected
from loopline.payouts.refusals import (
    AccountNotUsable,
    NoticeNotBelieved,
    PayerNotUsable,
    PayerUnknown,
    PayoutUnknown,
    ReclaimUnknown,
    RequestUnknown,
)
from loopline.payouts.refusals import TermsNotUsable as PayoutTermsNotUsable
from loopline.processes.cancel import UnknownOrder
from loopline.processes.checkout import OrderNotThere
from loopline.processes.exchange import ExchangeIsEmpty, ExchangeOrderUnknown
from loopline.processes.invoice import GoodsCodesAreTheBrands, NothingToInvoice, NotInvoicedAbroad
from loopline.processes.pay import NoticeDiffers, NumberNotKnown
from loopline.processes.pay_out.plan import NoSuchDue
from loopline.processes.promised import NoSuchParcel
from loopline.processes.quotas import EventUnknown, QuotaNeedsPlace, SkuUnknown
from loopline.processes.receive import MoneyNotYours
from loopline.processes.review import ReceiptUnknown
from loopline.processes.ring_up import CashierUnknown
from loopline.processes.take_in import DeclaredAsTest
from loopline.processes.touch import GtinUnknown, PartyUnknown, ProductUnknown, SiteUnknown
from loopline.promises import TermsNotUsable
from loopline.returns.announcements import ReturnNotAnnounced
from loopline.reviews import NoPurchaseOfYours, ReviewUnknown
from loopline.statements.model import (
    CorrectionMakesNoSense,
    DisputeUnknown,
    LineNotThere,
    PagesCannotBeMade,
    PartyNotSealed,
    PeriodMakesNoSense,
    WordsMissing,
)
from loopline.stock.places import PlaceNotUsable
from loopline.stock.refusals import QuotaUnknown, QuotaWithoutTime, ReserveUnknown
from loopline.touchpoints import (
    DigitalLinkNotValid,
    LiveRoomUnknown,
    ScanOutsideWindow,
    TouchpointGone,
    TouchpointKindIsMade,
    TouchpointNeeds,
    TouchpointUnknown,
)
from loopline.web.api.caller import MembersOnly, SignInFirst, TokenNotValid
from loopline.web.api.cursors import CursorNotOurs
from loopline.web.api.limits import TooManyRequests
from loopline.web.api.reading import BadInput, FieldProblem, WrongMediaType, bad_input
from loopline.web.api.refusals import (
    AskIsOfNow,
    CartTooLarge,
    CurrencyNotOfOrder,
    DoctorIsBusy,
    ForKeysAlone,
    HoursCrossed,
    IdNotOfItsTime,
    NoSuchThing,
    NotByKey,
    NothingToFindBy,
    NumberIsOurs,
    PaysOutTooMuch,
    PlaceNotSaid,
    SecretOncePerKey,
    TooFarFromNow,
)
from loopline.web.coalescer import TooMuchWaits
from loopline.web.edge import NotSignedIn, WebRequest, language_of
from loopline.web.hq.close_refusals import CLOSE_STATUSES
from loopline.web.hq.refusals import HQ_STATUSES
from loopline.web.hq.rule_refusals import RULE_STATUSES
from loopline.web.labels.fonts import NoFontForLabels
from loopline.web.languages import Language, marked
from loopline.web.pages import page, wants_page
from loopline.web.paths import sign_in_path
from loopline.web.payments import GatewayAway, GatewayUnknown
from loopline.web.placing import BrokeOnOurSide, CannotBeKept, NotDoneNow
from loopline.web.promising.desk import PromisesNotKnown
from loopline.web.promising.tokens import PromiseNotOurs, PromiseTooOld
from loopline.web.shop.refusals import SHOP_STATUSES
from loopline.web.store.refusals import STORE_STATUSES
from loopline.webhooks import AddressNotAllowed, UnknownEventType, UnknownSubscription

_logger = structlog.get_logger(__name__)
_PROBLEM_JSON = "application/problem+json"


class NoBoardForYou(Refusal, frozen=True, kw_only=True):
    """None of your roles comes with a board."""


# A refusal that is not in the table is a conflict with how things stand.
STATUSES: dict[type[Refusal], int] = {
    CodeWrong: HTTP_401_UNAUTHORIZED,
    CodeTriedTooOften: HTTP_401_UNAUTHORIZED,
    TooManyCodes: HTTP_429_TOO_MANY_REQUESTS,
    TooManyTries: HTTP_429_TOO_MANY_REQUESTS,
    IdentityNotValid: HTTP_422_UNPROCESSABLE_ENTITY,
    NoIdentity: HTTP_422_UNPROCESSABLE_ENTITY,
    NameNotValid: HTTP_422_UNPROCESSABLE_ENTITY,
    AddressNotValid: HTTP_422_UNPROCESSABLE_ENTITY,
    AddressUnknown: HTTP_404_NOT_FOUND,
    DeliveryUnknown: HTTP_404_NOT_FOUND,
    **SHOP_STATUSES,
    NothingToFindBy: HTTP_422_UNPROCESSABLE_ENTITY,
    TooMuchWaits: HTTP_503_SERVICE_UNAVAILABLE,
    NotDoneNow: HTTP_503_SERVICE_UNAVAILABLE,
    CannotBeKept: HTTP_400_BAD_REQUEST,
    BrokeOnOurSide: HTTP_500_INTERNAL_SERVER_ERROR,
    DeclaredAsTest: HTTP_422_UNPROCESSABLE_ENTITY,
    NumberMistyped: HTTP_404_NOT_FOUND,
    UnknownOrder: HTTP_404_NOT_FOUND,
    WrongSignIn: HTTP_401_UNAUTHORIZED,
    SignInLocked: HTTP_429_TOO_MANY_REQUESTS,
    NotInYourBranch: HTTP_403_FORBIDDEN,
    NotAllowed: HTTP_403_FORBIDDEN,
    MembersOnly: HTTP_403_FORBIDDEN,
    SignInFirst: HTTP_401_UNAUTHORIZED,
    TokenNotValid: HTTP_401_UNAUTHORIZED,
    CursorNotOurs: HTTP_400_BAD_REQUEST,
    TooManyRequests: HTTP_429_TOO_MANY_REQUESTS,
    BuyerNotMasked: HTTP_422_UNPROCESSABLE_ENTITY,
    SealingEmpty: HTTP_422_UNPROCESSABLE_ENTITY,
    BuyerNotSealed: HTTP_404_NOT_FOUND,
    SealingForgotten: HTTP_410_GONE,
    NotYoursToOpen: HTTP_403_FORBIDDEN,
    TooManyOpenings: HTTP_429_TOO_MANY_REQUESTS,
    PlatformSilent: HTTP_503_SERVICE_UNAVAILABLE,
    AddressNotAllowed: HTTP_422_UNPROCESSABLE_ENTITY,
    UnknownEventType: HTTP_422_UNPROCESSABLE_ENTITY,
    UnknownMessage: HTTP_404_NOT_FOUND,
    DismissalNeedsANote: HTTP_422_UNPROCESSABLE_ENTITY,
    MoneyNotYours: HTTP_403_FORBIDDEN,
    UnknownSubscription: HTTP_404_NOT_FOUND,
    NoSuchThing: HTTP_404_NOT_FOUND,
    PartyNotSealed: HTTP_404_NOT_FOUND,
    DisputeUnknown: HTTP_404_NOT_FOUND,
    LineNotThere: HTTP_404_NOT_FOUND,
    WordsMissing: HTTP_422_UNPROCESSABLE_ENTITY,
    CorrectionMakesNoSense: HTTP_422_UNPROCESSABLE_ENTITY,
    PagesCannotBeMade: HTTP_503_SERVICE_UNAVAILABLE,
    PeriodMakesNoSense: HTTP_422_UNPROCESSABLE_ENTITY,
    IdNotOfItsTime: HTTP_422_UNPROCESSABLE_ENTITY,
    HoursCrossed: HTTP_422_UNPROCESSABLE_ENTITY,
    PlaceNotSaid: HTTP_422_UNPROCESSABLE_ENTITY,
    CartTooLarge: HTTP_422_UNPROCESSABLE_ENTITY,
    DoctorIsBusy: HTTP_429_TOO_MANY_REQUESTS,
    SecretOncePerKey: HTTP_422_UNPROCESSABLE_ENTITY,
    NotByKey: HTTP_403_FORBIDDEN,
    ForKeysAlone: HTTP_403_FORBIDDEN,
    AskIsOfNow: HTTP_422_UNPROCESSABLE_ENTITY,
    TooFarFromNow: HTTP_422_UNPROCESSABLE_ENTITY,
    PaysOutTooMuch: HTTP_422_UNPROCESSABLE_ENTITY,
    CurrencyNotOfOrder: HTTP_422_UNPROCESSABLE_ENTITY,
    NumberIsOurs: HTTP_422_UNPROCESSABLE_ENTITY,
    MayNotGrant: HTTP_403_FORBIDDEN,
    ApiKeyBeyondYourRights: HTTP_403_FORBIDDEN,
    NoBoardForYou: HTTP_403_FORBIDDEN,
    OrderNotThere: HTTP_404_NOT_FOUND,
    GatewayUnknown: HTTP_404_NOT_FOUND,
    NotificationNotExpected: HTTP_404_NOT_FOUND,
    NumberNotKnown: HTTP_404_NOT_FOUND,
    NotificationUnreadable: HTTP_422_UNPROCESSABLE_ENTITY,
    NoticeDiffers: HTTP_422_UNPROCESSABLE_ENTITY,
    ClosingNeedsANote: HTTP_422_UNPROCESSABLE_ENTITY,
    **dict.fromkeys((SignatureMissing, SignatureStale, SignatureWrong), HTTP_401_UNAUTHORIZED),
    GatewayAway: HTTP_503_SERVICE_UNAVAILABLE,
    ExchangeOrderUnknown: HTTP_404_NOT_FOUND,
    ExchangeIsEmpty: HTTP_422_UNPROCESSABLE_ENTITY,
    LimitUnitUnknown: HTTP_404_NOT_FOUND,
    **dict.fromkeys((LimitOutOfRange, LimitNeedsAComment), HTTP_422_UNPROCESSABLE_ENTITY),
    NoticeNotBelieved: HTTP_401_UNAUTHORIZED,
    **HQ_STATUSES,
    **RULE_STATUSES,
    **CLOSE_STATUSES,
    **STORE_STATUSES,
    LedgerBusy: HTTP_503_SERVICE_UNAVAILABLE,
    **dict.fromkeys(
        (NoSuchDue, PayerUnknown, PayoutUnknown, ReclaimUnknown, RequestUnknown), HTTP_404_NOT_FOUND
    ),
    **dict.fromkeys((AccountNotUsable, PayerNotUsable, PayoutTermsNotUsable), HTTP_422_UNPROCESSABLE_ENTITY),
    GoodsCodesAreTheBrands: HTTP_403_FORBIDDEN,
    **dict.fromkeys((WishUnknown, NothingToInvoice, NoticeNotFailed), HTTP_404_NOT_FOUND),
    **dict.fromkeys(
        (BuyerNotUsable, GoodsCodeNotUsable, InvoicedInYuanOnly, NotInvoicedAbroad, InvoiceNoticeUnreadable),
        HTTP_422_UNPROCESSABLE_ENTITY,
    ),
    **dict.fromkeys((UnknownCall, UnknownTask, RoundUnknown, ReturnNotAnnounced), HTTP_404_NOT_FOUND),
    PlaceNotUsable: HTTP_422_UNPROCESSABLE_ENTITY,
    NoFontForLabels: HTTP_503_SERVICE_UNAVAILABLE,
    **dict.fromkeys((FeedUnknown, SourceUnknown, DifferenceUnknown), HTTP_404_NOT_FOUND),
    SourceMisfit: HTTP_422_UNPROCESSABLE_ENTITY,
    PeriodMisfit: HTTP_422_UNPROCESSABLE_ENTITY,
    DifferenceNeedsANote: HTTP_422_UNPROCESSABLE_ENTITY,
    BillCellWrong: HTTP_422_UNPROCESSABLE_ENTITY,
    BillRowWrong: HTTP_422_UNPROCESSABLE_ENTITY,
    BillColumnsMissing: HTTP_422_UNPROCESSABLE_ENTITY,
    BillHasNoLines: HTTP_422_UNPROCESSABLE_ENTITY,
    BillSummaryDiffers: HTTP_422_UNPROCESSABLE_ENTITY,
    SuspicionUnknown: HTTP_404_NOT_FOUND,
    SnapshotOfTheFuture: HTTP_422_UNPROCESSABLE_ENTITY,
    SnapshotTooOld: HTTP_422_UNPROCESSABLE_ENTITY,
    TouchpointUnknown: HTTP_404_NOT_FOUND,
    TouchpointGone: HTTP_410_GONE,
    GtinUnknown: HTTP_404_NOT_FOUND,
    LiveRoomUnknown: HTTP_404_NOT_FOUND,
    ReviewUnknown: HTTP_404_NOT_FOUND,
    ReceiptUnknown: HTTP_404_NOT_FOUND,
    NoPurchaseOfYours: HTTP_404_NOT_FOUND,
    DigitalLinkNotValid: HTTP_400_BAD_REQUEST,
    ScanOutsideWindow: HTTP_422_UNPROCESSABLE_ENTITY,
    TouchpointNeeds: HTTP_422_UNPROCESSABLE_ENTITY,
    TouchpointKindIsMade: HTTP_422_UNPROCESSABLE_ENTITY,
    SiteUnknown: HTTP_422_UNPROCESSABLE_ENTITY,
    ProductUnknown: HTTP_422_UNPROCESSABLE_ENTITY,
    PartyUnknown: HTTP_422_UNPROCESSABLE_ENTITY,
    EventUnknown: HTTP_422_UNPROCESSABLE_ENTITY,
    SkuUnknown: HTTP_422_UNPROCESSABLE_ENTITY,
    QuotaNeedsPlace: HTTP_422_UNPROCESSABLE_ENTITY,
    QuotaWithoutTime: HTTP_422_UNPROCESSABLE_ENTITY,
    ReserveUnknown: HTTP_422_UNPROCESSABLE_ENTITY,
    QuotaUnknown: HTTP_404_NOT_FOUND,
    NoSuchParcel: HTTP_404_NOT_FOUND,
    PromisesNotKnown: HTTP_503_SERVICE_UNAVAILABLE,
    PromiseNotOurs: HTTP_422_UNPROCESSABLE_ENTITY,
    PromiseTooOld: HTTP_422_UNPROCESSABLE_ENTITY,
    TermsNotUsable: HTTP_422_UNPROCESSABLE_ENTITY,
    CashierUnknown: HTTP_422_UNPROCESSABLE_ENTITY,
    PaidDiffers: HTTP_422_UNPROCESSABLE_ENTITY,
    SaleTooLarge: HTTP_422_UNPROCESSABLE_ENTITY,
    NoSuchCase: HTTP_404_NOT_FOUND,
    SignInNameNotUsable: HTTP_422_UNPROCESSABLE_ENTITY,
    PasswordTooShort: HTTP_422_UNPROCESSABLE_ENTITY,
    PasswordTooLong: HTTP_422_UNPROCESSABLE_ENTITY,
    PasswordTooEasy: HTTP_422_UNPROCESSABLE_ENTITY,
}

# What a page says of a status, and what to do next.
_TITLES: dict[int, tuple[str, str]] = {
    HTTP_403_FORBIDDEN: (
        marked("This is not for you"),
        marked("Go back and try again. If you should see this, ask whoever gives out roles in your branch."),
    ),
    HTTP_404_NOT_FOUND: (
        marked("There is no such page"),
        marked("It may have moved. The start page leads everywhere."),
    ),
    HTTP_503_SERVICE_UNAVAILABLE: (
        marked("The database is away"),
        marked("Nothing is lost. It comes back by itself: try again in a moment."),
    ),
    HTTP_500_INTERNAL_SERVER_ERROR: (
        marked("Something broke on our side"),
        marked("It was written down. Try again, and tell us if it stays."),
    ),
}
_OTHER_TITLE = (marked("That did not work"), marked("Go back and try again."))


class Problem(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True):
    """A problem detail of RFC 9457; `code` and `fields` are a refusal's, `errors` those of a request not readable."""

    status: int
    title: str
    type: str = "about:blank"
    detail: str = ""
    code: str = ""
    fields: dict[str, Any] = {}
    errors: list[FieldProblem] = []


def status_of(refusal: Refusal) -> int:
    """Return the HTTP status of a refusal."""
    return STATUSES.get(type(refusal), HTTP_409_CONFLICT)


def problem_of(refusal: Refusal, language: Language) -> Problem:
    """Spell a refusal as a problem detail in somebody's language."""
    return Problem(
        status=status_of(refusal),
        type=f"urn:loopline:refusal:{refusal.code}",
        title=language.refusal(refusal),
        code=refusal.code,
        fields=refusal.fields,
    )


def retry_after(refusal: Refusal) -> dict[str, str]:
    """Return the header that says when to come again, where that helps."""
    wait = getattr(refusal, "retry_after_seconds", None)
    is_for_now = wait is not None or status_of(refusal) == HTTP_503_SERVICE_UNAVAILABLE
    return {"Retry-After": str(wait or 1)} if is_for_now else {}


def on_not_signed_in(request: WebRequest, _: NotSignedIn) -> Response[Any]:
    """Send people to the sign-in page and back; tell programs."""
    if wants_page(request):
        return Redirect(sign_in_path(request))
    said = language_of(request).say("Sign in first.")
    return _answer(request, Problem(status=HTTP_401_UNAUTHORIZED, title=said))


def on_refused(request: WebRequest, refused: Refused) -> Response[Any]:
    """Say what the business refused."""
    answer = _answer(request, problem_of(refused.refusal, language_of(request)))
    answer.headers.update(retry_after(refused.refusal))
    if answer.status_code == HTTP_401_UNAUTHORIZED:
        answer.headers["WWW-Authenticate"] = "Bearer"
    return answer


def on_bad_input(request: WebRequest, error: BadInput) -> Response[Any]:
    """Say which field cannot be read, and why."""
    return _unreadable(request, [error.problem(language_of(request))])


def on_invalid_parameters(request: WebRequest, error: ValidationException) -> Response[Any]:
    """Say which parameters of the path, the query or the header cannot be read."""
    language = language_of(request)
    found = cast("list[dict[str, str]]", error.extra if isinstance(error.extra, list) else [])
    problems = [
        bad_input(one.get("message", ""), field=one.get("key", "")).problem(language) for one in found
    ]
    return _unreadable(request, problems)


def on_wrong_media_type(request: WebRequest, _: WrongMediaType) -> Response[Any]:
    """Say that only JSON is read."""
    said = language_of(request).say("Send the body as application/json.")
    return _answer(request, Problem(status=HTTP_415_UNSUPPORTED_MEDIA_TYPE, title=said))


def on_unkeepable(request: WebRequest, error: psycopg.DataError) -> Response[Any]:
    """Say that a value cannot be kept: it passed the fields' own bounds, and the database knew better."""
    _logger.warning("value_not_kept", error=str(error), path=request.url.path)
    reason = language_of(request).say("a value cannot be kept as it is")
    return _unreadable(request, [FieldProblem(field="", reason=reason)])


def _unreadable(request: WebRequest, errors: list[FieldProblem]) -> Response[Any]:
    return _answer(request, problem_of_bad_input(errors, language_of(request)))


def problem_of_bad_input(errors: list[FieldProblem], language: Language) -> Problem:
    """Spell what cannot be read as a problem detail, field by field."""
    return Problem(
        status=HTTP_400_BAD_REQUEST,
        type="urn:loopline:bad-input",
        title=language.say("The request cannot be read."),
        code="bad_input",
        detail="; ".join(f"{one.field}: {one.reason}" if one.field else one.reason for one in errors),
        errors=errors,
    )


def on_http_exception(request: WebRequest, error: HTTPException) -> Response[Any]:
    """Say what the framework refused: an unknown path, a wrong method, a form that is too old."""
    title, _ = _TITLES.get(error.status_code, _OTHER_TITLE)
    return _answer(request, Problem(status=error.status_code, title=language_of(request).say(title)))


def on_database_away(request: WebRequest, error: Exception) -> Response[Any]:
    """Say that the database cannot be reached just now."""
    _logger.warning("database_away", error=str(error), path=request.url.path)
    title, _ = _TITLES[HTTP_503_SERVICE_UNAVAILABLE]
    answer = _answer(
        request, Problem(status=HTTP_503_SERVICE_UNAVAILABLE, title=language_of(request).say(title))
    )
    answer.headers["Retry-After"] = "2"
    return answer


def on_bug(request: WebRequest, error: Exception) -> Response[Any]:
    """Say that we broke something, and write down what."""
    _logger.error("request_failed", path=request.url.path, exc_info=error)
    title, _ = _TITLES[HTTP_500_INTERNAL_SERVER_ERROR]
    return _answer(
        request, Problem(status=HTTP_500_INTERNAL_SERVER_ERROR, title=language_of(request).say(title))
    )


def _answer(request: Request[Any, Any, State], problem: Problem) -> Response[Any]:
    if wants_page(request):
        _, advice = _TITLES.get(problem.status, _OTHER_TITLE)
        shown: Template = page(request, "problem.html", status=problem.status, problem=problem, advice=advice)
        return shown
    return Response(
        content=msgspec.json.encode(problem), media_type=_PROBLEM_JSON, status_code=problem.status
    )


EXCEPTION_HANDLERS: dict[int | type[Exception], Any] = {
    NotSignedIn: on_not_signed_in,
    Refused: on_refused,
    BadInput: on_bad_input,
    WrongMediaType: on_wrong_media_type,
    ValidationException: on_invalid_parameters,
    HTTPException: on_http_exception,
    psycopg.DataError: on_unkeepable,
    psycopg.OperationalError: on_database_away,
    PoolTimeout: on_database_away,
    Exception: on_bug,
}
