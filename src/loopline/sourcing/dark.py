"""When a site counts as dark: as HQ says it in the profile."""

import msgspec


class DarkSites(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """When a site is dark, within its opening hours: its work goes elsewhere, and it gets none until it shows life.

    When it has let `lapsed_most` offers lapse since it last did anything (0: not looked at), or when nobody there has
    done anything for `silent_minutes` while work waits there, offered or accepted (0: not looked at). Silence counts
    only where somebody opened a page of late: who works through the API alone is seen by what lapses.
    """

    lapsed_most: int = 3
    silent_minutes: int = 30

    @property
    def is_watched(self) -> bool:
        """Whether any site can be dark at all."""
        return bool(self.lapsed_most or self.silent_minutes)


DARK_RANGES: dict[str, tuple[int, int]] = {
    "dark_sites.lapsed_most": (0, 1_000),
    "dark_sites.silent_minutes": (0, 7 * 24 * 60),
}
