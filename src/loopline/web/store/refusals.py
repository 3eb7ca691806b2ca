"""What the pages of stores refuse by themselves, before a room is asked."""

from litestar.status_codes import (
    HTTP_403_FORBIDDEN,
    HTTP_404_NOT_FOUND,
    HTTP_413_REQUEST_ENTITY_TOO_LARGE,
    HTTP_422_UNPROCESSABLE_ENTITY,
    HTTP_429_TOO_MANY_REQUESTS,
)

from loopline.customers import TooManyLookUps
from loopline.kernel.refusals import Refusal
from loopline.orders.price_changes import DeclinedWithoutWhy, PriceAskUnknown
from loopline.processes.collecting import PaperNeeded, ProofNeeded, ProofNotTheirs, ProofsUsedUp
from loopline.processes.own_customers import CustomerUnknown
from loopline.processes.photos_back import PhotoOfNothing
from loopline.processes.price_change import NoLowerPrice, PriceNotAllowed
from loopline.processes.reserve import ReservationUnknown, ReservationUnusable
from loopline.processes.slots import NoSuchBooking
from loopline.processes.visits import PartNotThere, PhotoAfterSigning
from loopline.returns.ways import NothingOnItsWay
from loopline.slots.visits import NotSigned, NoVisitToMake, VisitCodeLocked, VisitCodeWrong
from loopline.web.photographs import PhotoTooLarge, PhotoUnreadable
from loopline.web.riders import RiderCodeWrong


class NoSiteForYou(Refusal, frozen=True, kw_only=True):
    """No store or warehouse belongs to your branch."""


class NotLookedAt(Refusal, frozen=True, kw_only=True):
    """Look at every point of the list, and tick it."""


class NothingChosen(Refusal, frozen=True, kw_only=True):
    """Choose a reason, and at least one unit that cannot be sent."""


class TrackingNumberNotUsable(Refusal, frozen=True, kw_only=True):
    """The carrier's number has letters, digits and hyphens alone, 64 at most."""


class NothingToLabel(Refusal, frozen=True, kw_only=True):
    """No box of this round is checked and still here: check one first."""


class SayWhyNoPhoto(Refusal, frozen=True, kw_only=True):
    """Choose why there is no photo."""


class NothingEarnedByYou(Refusal, frozen=True, kw_only=True):
    """You earn no shares, and your roles do not come with seeing what others earn."""


class NoShowPlanned(Refusal, frozen=True, kw_only=True):
    """No livestream of yours is planned: plan one first, with a name and the SKUs to show."""


class NoStockHere(Refusal, frozen=True, kw_only=True):
    """No goods are kept in the books at {site}."""

    site: str


class NoCountHere(Refusal, frozen=True, kw_only=True):
    """No such count is open at your sites."""


class CountTimeWrong(Refusal, frozen=True, kw_only=True):
    """When it was counted cannot be read: "{counted_at}"."""

    counted_at: str


class CountMovedOn(Refusal, frozen=True, kw_only=True):
    """Something was counted again since you looked: look through it once more."""


class NoSuchTransfer(Refusal, frozen=True, kw_only=True):
    """No such transfer is on its way to your sites."""


class NothingCame(Refusal, frozen=True, kw_only=True):
    """Say of at least one line how many units came, or why they will not."""


class MoreDamagedThanCame(Refusal, frozen=True, kw_only=True):
    """More units of {sku} are damaged than came."""

    sku: str


class NothingToSend(Refusal, frozen=True, kw_only=True):
    """Scan what you send, and choose where it goes."""


class NotSoManyFreeHere(Refusal, frozen=True, kw_only=True):
    """Of {sku} {free} units are free to send: the others are promised to customers."""

    sku: str
    free: int


class ChangeUnclear(Refusal, frozen=True, kw_only=True):
    """Choose what happened, and to how many units."""


class SayWhyNotFitted(Refusal, frozen=True, kw_only=True):
    """Choose why it was not fitted, and at least one unit."""


class SayWhy(Refusal, frozen=True, kw_only=True):
    """Say in a few words how it came about."""


class LotWanted(Refusal, frozen=True, kw_only=True):
    """These goods are kept in batches: say which one came in."""


class NothingBack(Refusal, frozen=True, kw_only=True):
    """Say of at least one thing how many of it came back."""


class MoreThanMayComeBack(Refusal, frozen=True, kw_only=True):
    """Of {sku} only {units_left} may still come back."""

    sku: str
    units_left: int


class UnitsUnclear(Refusal, frozen=True, kw_only=True):
    """Say in digits how many of {sku} came back."""

    sku: str


class StateUnclear(Refusal, frozen=True, kw_only=True):
    """Say in what state the goods are."""


class PriceUnclear(Refusal, frozen=True, kw_only=True):
    """Say what is paid back for one of them, such as 59.90."""


class MeantAsExchange(Refusal, frozen=True, kw_only=True):
    """You chose goods that go out instead: press Exchange, or clear them to pay the money back."""


class NothingOut(Refusal, frozen=True, kw_only=True):
    """Say what goes out instead, and how many of it."""


class PhotoBackWanted(Refusal, frozen=True, kw_only=True):
    """A photo of {sku} is needed before it is taken back: take it, or say why there is none."""

    sku: str


class SayWhyDecided(Refusal, frozen=True, kw_only=True):
    """Say in a few words why it is paid for, or why not."""


class NobodyByThat(Refusal, frozen=True, kw_only=True):
    """Nobody is a member by that phone or code. A code counts for a minute or two: ask for the one shown now."""


STORE_STATUSES: dict[type[Refusal], int] = {
    **dict.fromkeys((NoSiteForYou, NothingEarnedByYou), HTTP_403_FORBIDDEN),
    PhotoTooLarge: HTTP_413_REQUEST_ENTITY_TOO_LARGE,
    **dict.fromkeys(
        (
            NoCountHere,
            NoSuchBooking,
            NoSuchTransfer,
            CustomerUnknown,
            NothingOnItsWay,
            PhotoOfNothing,
            PriceAskUnknown,
            NoVisitToMake,
            NobodyByThat,
            ReservationUnknown,
        ),
        HTTP_404_NOT_FOUND,
    ),
    **dict.fromkeys((ProofsUsedUp, TooManyLookUps, VisitCodeLocked), HTTP_429_TOO_MANY_REQUESTS),
    **dict.fromkeys(
        (
            ChangeUnclear,
            DeclinedWithoutWhy,
            LotWanted,
            MoreDamagedThanCame,
            MoreThanMayComeBack,
            NoLowerPrice,
            NotLookedAt,
            NothingBack,
            NothingCame,
            NothingChosen,
            NothingToLabel,
            NothingToSend,
            PriceNotAllowed,
            PaperNeeded,
            PhotoBackWanted,
            PriceUnclear,
            ProofNeeded,
            ProofNotTheirs,
            ReservationUnusable,
            RiderCodeWrong,
            SayWhy,
            SayWhyDecided,
            SayWhyNoPhoto,
            SayWhyNotFitted,
            VisitCodeWrong,
            NotSigned,
            PhotoAfterSigning,
            PartNotThere,
            PhotoUnreadable,
            NothingOut,
            MeantAsExchange,
            StateUnclear,
            TrackingNumberNotUsable,
            UnitsUnclear,
        ),
        HTTP_422_UNPROCESSABLE_ENTITY,
    ),
}
"""Which status answers what stores are refused; all else is a conflict with how things stand."""
