"""What the shop itself says no to, in its customers' words."""

from litestar.status_codes import HTTP_422_UNPROCESSABLE_ENTITY, HTTP_503_SERVICE_UNAVAILABLE

from loopline.kernel.refusals import Refusal
from loopline.returns.ways import ParcelNumberUnclear
from loopline.reviews import TooManyPictures
from loopline.web.api.refusals import OfMembersAlone


class CodeNotSent(Refusal, frozen=True, kw_only=True):
    """The code could not be sent just now. Try again in a minute."""


class SoldOut(Refusal, frozen=True, kw_only=True):
    """Somebody else was faster: there are not as many left. Choose fewer, another size, or another way to get it."""


class NotSentCold(Refusal, frozen=True, kw_only=True):
    """This is kept cold on its way, and none of our stores can send it so just now. Collect it in a store."""


class NoStoreChosen(Refusal, frozen=True, kw_only=True):
    """Choose the store where you will collect it."""


class NoHourChosen(Refusal, frozen=True, kw_only=True):
    """Choose an hour, beside the address or the store."""


class NothingSentBack(Refusal, frozen=True, kw_only=True):
    """Choose what you send back, and how many of it."""


class StarsMissing(Refusal, frozen=True, kw_only=True):
    """Choose one to five stars, and say a word about it."""


class SayItTwice(Refusal, frozen=True, kw_only=True):
    """Tick the box if you are sure: what is forgotten cannot be brought back."""


SHOP_STATUSES: dict[type[Refusal], int] = {
    CodeNotSent: HTTP_503_SERVICE_UNAVAILABLE,
    **dict.fromkeys(
        (
            NoHourChosen,
            NoStoreChosen,
            NothingSentBack,
            OfMembersAlone,
            ParcelNumberUnclear,
            SayItTwice,
            StarsMissing,
            TooManyPictures,
        ),
        HTTP_422_UNPROCESSABLE_ENTITY,
    ),
}
"""Which status answers what the shop refuses; all else is a conflict with how things stand."""
