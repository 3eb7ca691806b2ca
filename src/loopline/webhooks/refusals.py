"""Why webhooks say no."""

from loopline.kernel.ids import SubscriptionId
from loopline.kernel.refusals import Refusal


class AddressNotAllowed(Refusal, frozen=True, kw_only=True):
    """Nothing is sent to {url}: an address of the open internet is wanted, beginning with https://."""

    url: str
    field: str = "url"


class UnknownEventType(Refusal, frozen=True, kw_only=True):
    """There are no events of the type {event_type}."""

    event_type: str
    field: str = "types"


class UnknownSubscription(Refusal, frozen=True, kw_only=True):
    """There is no subscription {subscription_id} in your branch."""

    subscription_id: SubscriptionId
