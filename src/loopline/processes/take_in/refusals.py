"""Why a message can be no draft; each names the field."""

from loopline.kernel.refusals import Refusal


class UnknownSite(Refusal, frozen=True, kw_only=True):
    """There is no site {site_code}."""

    site_code: str
    field: str = "site_code"


class UnknownSeller(Refusal, frozen=True, kw_only=True):
    """There is no company {seller_code}."""

    seller_code: str
    field: str = "seller_code"


class NobodySells(Refusal, frozen=True, kw_only=True):
    """The brand has no company yet that could sell this."""

    field: str = "seller_code"


class UnknownParty(Refusal, frozen=True, kw_only=True):
    """There is no {role} with the code {party_code}."""

    role: str
    party_code: str
    field: str


class UnknownRegion(Refusal, frozen=True, kw_only=True):
    """Nobody knows where region {region_code} lies: give the destination's coordinates, or the code of a city."""

    region_code: str
    field: str = "region_code"


class NeedsDestination(Refusal, frozen=True, kw_only=True):
    """To be delivered, an order needs a destination or the code of its region."""

    field: str = "destination"


class NeedsSite(Refusal, frozen=True, kw_only=True):
    """What is carried out of a site, or collected there, needs its code."""

    field: str = "site_code"


class NeedsSlot(Refusal, frozen=True, kw_only=True):
    """A courier or a fitter comes at an hour: order with a promise of one."""

    field: str = "promise"


class NeedsFitting(Refusal, frozen=True, kw_only=True):
    """Line {line}: {sku_code} is fitted at the customer's home: order it with an hour of a fitter."""

    line: int
    sku_code: str
    field: str = "delivery"


class SlotTaken(Refusal, frozen=True, kw_only=True):
    """The last place at that hour was just taken: choose another one."""

    field: str = "promise"


class SkuNotSold(Refusal, frozen=True, kw_only=True):
    """Line {line}: {sku_code} is not sold any more."""

    line: int
    sku_code: str


class NotForMembers(Refusal, frozen=True, kw_only=True):
    """A member's own order cannot say {field}: the shop decides that."""

    field: str


class TooManyUnits(Refusal, frozen=True, kw_only=True):
    """Line {line}: at most {most} units of one kind go into an order of yours. Ask the shop for more."""

    line: int
    most: int
    field: str


class TooManyLines(Refusal, frozen=True, kw_only=True):
    """At most {most} lines go into an order of yours: order the rest on its own."""

    most: int
    field: str = "lines"


class NotCollectedThere(Refusal, frozen=True, kw_only=True):
    """Nothing is collected at {site_code}: choose a store."""

    site_code: str
    field: str = "site_code"


class NotOnAir(Refusal, frozen=True, kw_only=True):
    """To order out of a livestream, come in by the code of a show that is on air."""

    field: str = "touch.touchpoint_code"


class NotInTheShow(Refusal, frozen=True, kw_only=True):
    """Line {line}: {sku_code} is not shown in this livestream. Order it in the shop."""

    line: int
    sku_code: str
    field: str


class NumberTaken(Refusal, frozen=True, kw_only=True):
    """The number {external_number} is taken: give every order a number of its own."""

    external_number: str
    field: str = "external_number"


class DeclaredAsTest(Refusal, frozen=True, kw_only=True):
    """{external_number} is a test order by the terms of {channel}: nothing is placed. As a message it is kept apart."""

    channel: str
    external_number: str
    field: str = "external_number"
