"""What a delivery that is promised costs, from what is known. Reads nothing."""

from msgspec.structs import replace

from loopline.kernel.geography import Coordinates
from loopline.kernel.refusals import Refusal
from loopline.pricing.freight import Freight, Parcel, freight_of
from loopline.processes.places import region_of
from loopline.web.promising.asking import Asking
from loopline.web.promising.desk import View
from loopline.web.promising.options import Option

_NO_FREIGHT = Freight(fee_minor=0, full_minor=0)


def freight_to(view: View, asking: Asking, to: Coordinates) -> Freight | None:
    """What a delivery costs; None where nothing is delivered. Whoever may state prices says it by themselves.

    Where nobody said what the goods come to, no amount of them makes it free: it costs that at most.
    """
    template, ask = view.freight, asking.ask
    if template is None or template.currency != view.currency or view.channels[ask.channel].may_state_price:
        return _NO_FREIGHT
    parcel = Parcel(
        region_code=region_of(to) if template.regions else "",
        goods_minor=ask.goods_minor or 0,
        lines=tuple([(units, each or None) for units, each in zip(asking.units, asking.grams, strict=True)]),
    )
    found = freight_of(template, parcel)
    return None if isinstance(found, Refusal) else found


def charged(option: Option, costs: Freight) -> Option:
    """Return a delivery with what it costs."""
    if costs is _NO_FREIGHT:
        return option
    return replace(option, fee_minor=costs.fee_minor, free_for_minor=costs.missing_minor)
