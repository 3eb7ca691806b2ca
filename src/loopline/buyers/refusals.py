"""Why a sealing is not kept, and why a buyer's data is not opened."""

from loopline.buyers.model import OpeningPurpose
from loopline.buyers.port import DenialReason
from loopline.kernel.ids import OrderId
from loopline.kernel.refusals import Refusal


class SealingEmpty(Refusal, frozen=True, kw_only=True):
    """A sealed buyer needs a ciphertext, or the id of one that the platform keeps."""

    field: str = "sealed_buyer"


class BuyerNotMasked(Refusal, frozen=True, kw_only=True):
    """{field} shows a person's data: what is not sealed has to be masked, such as 张** or 138****1234."""

    field: str


class BuyerNotSealed(Refusal, frozen=True, kw_only=True):
    """Nothing sealed of a buyer is kept with this order."""

    order_id: OrderId


class SealingForgotten(Refusal, frozen=True, kw_only=True):
    """The buyer's data was forgotten: the order has been over for long."""

    order_id: OrderId


class NotYoursToOpen(Refusal, frozen=True, kw_only=True):
    """You may not open this buyer's data for this purpose."""

    order_id: OrderId
    purpose: OpeningPurpose


class TooManyOpenings(Refusal, frozen=True, kw_only=True):
    """You opened the data of {most} buyers within an hour, and no more may be. Go on in {minutes} minutes."""

    most: int
    minutes: int


class PlatformNotConnected(Refusal, frozen=True, kw_only=True):
    """Nothing here can open what {platform} sealed."""

    platform: str


class PlatformDenied(Refusal, frozen=True, kw_only=True):
    """{platform} does not open this buyer's data: {reason}."""

    platform: str
    reason: DenialReason


class PlatformSilent(Refusal, frozen=True, kw_only=True):
    """{platform} does not answer at this moment: try again."""

    platform: str
