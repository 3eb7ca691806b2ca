"""Attribute: which parties a line knows, by what they did for it. The rules of sharing then say what each earns.

The brand, the dealer and the platform are those of the seller's tree; the store is the party of the selling site; the
shipping site is the party of the site that sent the goods; guide, dealer and streamer are those the order was credited
with when it was placed (stated by the till, or the member's bindings).
"""

from collections.abc import Sequence

import msgspec

from loopline import org
from loopline.db import Conn
from loopline.kernel.ids import OrgUnitId, PartyId, SiteId
from loopline.orders import Credits, Order
from loopline.org import Party, PartyKind, Site
from loopline.sharing.model import LineToSplit, Parties, Role


class Attribution(msgspec.Struct, frozen=True, kw_only=True):
    """The parties of a line, and in which roles the member is bound to them."""

    parties: Parties
    bound: frozenset[Role]


class UnitsOfLine(msgspec.Struct, frozen=True, kw_only=True):
    """Units of a line of goods that go from a site (None: carried out), with the net amount they bring."""

    order: Order
    category: str
    shipping: SiteId | None
    units: int
    net_minor: int


class Directory:
    """Every party by the unit it belongs to, read once per batch; answers are kept, so that equal lines share one."""

    def __init__(self, sites: Sequence[Site], parties: Sequence[Party]) -> None:
        self._sites = {site.id: site for site in sites}
        self._by_unit: dict[tuple[OrgUnitId, PartyKind], PartyId] = {}
        for party in parties:
            if party.kind not in {PartyKind.GUIDE, PartyKind.STREAMER}:
                self._by_unit.setdefault((party.unit_id, party.kind), party.id)
        self._brand = next((party.id for party in parties if party.kind is PartyKind.BRAND), None)
        self._platform = next((party.id for party in parties if party.kind is PartyKind.PLATFORM), None)
        self._answers: dict[tuple[SiteId | None, SiteId | None, Credits], Attribution] = {}

    def attribute(self, *, selling: SiteId | None, shipping: SiteId | None, credited: Credits) -> Attribution:
        """Return who a line knows. `selling` is None for an order no site sold; `shipping` for goods carried out."""
        key = (selling, shipping, credited)
        known = self._answers.get(key)
        if known is None:
            known = self._answers[key] = self._attribute(selling, shipping, credited)
        return known

    def line_to_split(self, what: UnitsOfLine) -> LineToSplit:
        """Return what the rules of sharing look at: the same before a sale, to tell what it pays, as after it."""
        order = what.order
        who = self.attribute(
            selling=order.site_id,
            shipping=what.shipping,
            credited=Credits(
                guide_id=order.guide_id, dealer_id=order.dealer_id, streamer_id=order.streamer_id
            ),
        )
        return LineToSplit(
            channel=order.channel,
            category=what.category,
            delivery=order.delivery.value,
            parties=who.parties,
            units=what.units,
            base_minor=what.net_minor,
            currency=order.currency,
            bound=who.bound,
        )

    def store_of(self, site_id: SiteId) -> PartyId | None:
        """Return the party that earns by what a site sells and sends."""
        return self._nearest(site_id, PartyKind.STORE)

    def _attribute(self, selling: SiteId | None, shipping: SiteId | None, credited: Credits) -> Attribution:
        dealer = credited.dealer_id or self._nearest(selling, PartyKind.DEALER)
        parties = Parties(
            brand=self._brand,
            dealer=dealer,
            store=self._nearest(selling, PartyKind.STORE),
            guide=credited.guide_id,
            shipping_site=self._nearest(shipping, PartyKind.STORE),
            streamer=credited.streamer_id,
            platform=self._platform,
        )
        bound = {Role.GUIDE} if credited.guide_id else set[Role]()
        if credited.dealer_id:
            bound.add(Role.DEALER)
        return Attribution(parties=parties, bound=frozenset(bound))

    def _nearest(self, site_id: SiteId | None, kind: PartyKind) -> PartyId | None:
        """The party of a kind at a site's unit, or at the nearest unit above it."""
        if site_id is None:
            return None
        for unit_id in reversed(self._sites[site_id].unit_path):
            found = self._by_unit.get((unit_id, kind))
            if found is not None:
                return found
        return None


def read_directory(conn: Conn) -> Directory:
    """Read every site and party of the brand."""
    return Directory(org.branch_sites(conn), org.branch_parties(conn))
