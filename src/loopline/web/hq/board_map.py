"""The live board's map: each site where it lies, as large as what it took today, leading to the orders it sold."""

from collections.abc import Iterable

import msgspec

from loopline.insight import SiteRank
from loopline.org import Site
from loopline.web.hq.map_points import MapPoint
from loopline.web.hq.orders_asked import Asked
from loopline.web.languages import Language


def encoded_places(
    sites: Iterable[Site], sold: Iterable[SiteRank], *, asked: Asked | None, currency: str, language: Language
) -> bytes:
    """Write the map's points for the browser; amounts are the net of the board's day.

    `asked`: its orders, to which points lead; None: to nothing.
    """
    took = {one.site_id: one for one in sold}
    points: list[MapPoint] = []
    for site in sites:
        one = took.get(site.id)
        said = language.called(site.name)
        if one is not None:
            orders = language.say("Orders: {count}", count=language.count(one.orders))
            said = f"{said}\n{language.money(one.net_minor, currency)} · {orders}"
        points.append(
            MapPoint(
                at=(site.coordinates.longitude, site.coordinates.latitude),
                tone="none" if one is None else "good",
                size=max(0, one.net_minor) if one is not None else 0,
                said=said,
                path=asked.link(site=site.code) if asked is not None else "",
            )
        )
    return msgspec.json.encode(points)
