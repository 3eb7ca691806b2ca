"""The goods that requests name by codes: a SKU of an owner at a site, found within a scope."""

from collections.abc import Mapping, Sequence
from typing import Protocol, TypeVar

import msgspec

from loopline import catalogue, org, stock
from loopline.db import Conn
from loopline.kernel.ids import EntityId, NodeId, SiteId, SkuId
from loopline.kernel.refusals import Refusal
from loopline.kernel.scope import NotInYourBranch, Scope
from loopline.org import Site
from loopline.web.api.refusals import NoSuchThing

Named = TypeVar("Named", bound="NamesGoods")


class Shelf(msgspec.Struct, frozen=True, kw_only=True):
    """The goods an item is about."""

    leaf_id: NodeId
    sku_id: SkuId


class Shelves(msgspec.Struct, frozen=True, kw_only=True):
    """Finds the goods that items name by codes, within a scope."""

    scope: Scope
    sites: Mapping[str, Site]
    owners: Mapping[str, EntityId]
    leaves: Mapping[tuple[SiteId, EntityId], NodeId]
    skus: Mapping[str, SkuId]

    def find(self, site_code: str, sku_code: str, owner_code: str | None) -> Shelf | Refusal:
        """Return where the goods are, or why they are nowhere for this caller."""
        site = self.sites.get(site_code)
        if site is None or not self.scope.covers_site(site.id):
            if not self.scope.everything:
                return NotInYourBranch(subject=site_code)
            return NoSuchThing(noun="site", value=site_code)
        sku_id = self.skus.get(sku_code)
        if sku_id is None:
            return NoSuchThing(noun="SKU", value=sku_code)
        owner_id = site.entity_id if owner_code is None else self.owners.get(owner_code)
        leaf_id = self.leaves.get((site.id, owner_id)) if owner_id is not None else None
        if leaf_id is None:
            return NoSuchThing(noun="leaf", value=f"{site_code} {owner_code or ''}".strip())
        return Shelf(leaf_id=leaf_id, sku_id=sku_id)


class NamesGoods(Protocol):
    """An item that names goods of an owner at a site by codes."""

    @property
    def site_code(self) -> str: ...
    @property
    def sku_code(self) -> str: ...
    @property
    def owner_code(self) -> str | None: ...


def shelves_of(conn: Conn, items: Sequence[NamesGoods], *, scope: Scope) -> Shelves:
    """Read the sites, owners, leaves and SKUs that items name."""
    sites = org.sites_by_code(conn, {one.site_code for one in items})
    leaves = stock.leaves_of_sites(conn, [site.id for site in sites.values()])
    owners = org.entities_by_code(conn, {one.owner_code for one in items if one.owner_code is not None})
    skus = catalogue.skus_by_code(conn, {one.sku_code for one in items})
    return Shelves(
        scope=scope,
        sites=sites,
        owners={code: one.id for code, one in owners.items()},
        leaves={(leaf.site_id, leaf.owner_id): leaf.id for leaf in leaves if leaf.site_id and leaf.owner_id},
        skus={code: sku.id for code, sku in skus.items()},
    )


def shelved(items: Sequence[Named], *, shelves: Shelves) -> list[tuple[Named, Shelf] | Refusal]:
    """Return each item with the goods it is about, or why there are none for this caller."""
    found = [(one, shelves.find(one.site_code, one.sku_code, one.owner_code)) for one in items]
    return [shelf if isinstance(shelf, Refusal) else (one, shelf) for one, shelf in found]
