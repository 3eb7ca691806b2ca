"""The names of an order's things: sites, parties, goods; empty for what is not known."""

from loopline.kernel.ids import LineId, PartyId, SiteId
from loopline.orders import Line
from loopline.processes.look_up import OrderStory
from loopline.web.languages import Language


def site_name(story: OrderStory, site_id: SiteId | None, language: Language) -> str:
    """Return what a site is called."""
    site = story.sites.get(site_id) if site_id is not None else None
    return language.called(site.name) if site else ""


def party_name(story: OrderStory, party_id: PartyId, language: Language) -> str:
    """Return what a party is called."""
    party = story.parties.get(party_id)
    return language.called(party.name) if party else ""


def name_of(story: OrderStory, line: Line, language: Language) -> str:
    """Return what a line's goods are called; what is no SKU has its code."""
    sku = story.skus.get(line.sku_id) if line.sku_id is not None else None
    return language.called(sku.name) if sku else line.code


def goods_of(story: OrderStory, line_id: LineId, language: Language) -> str:
    """Return what the goods of a line are called."""
    line = story.line_by_id.get(line_id)
    return name_of(story, line, language) if line else ""
