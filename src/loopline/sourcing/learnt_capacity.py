"""How far what was learnt of a site's days may lower what it says it does: as HQ lets it. Pure."""

import msgspec


class LearntCapacity(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """Whether a site is given less than it says it does in a day, where it hands over less in truth.

    Never less than `least_percent` of what it says.
    """

    is_used: bool = False
    least_percent: int = 50

    def lowered(self, learnt_per_day: int, *, stated: int) -> int | None:
        """Return what holds instead of what a site says, its least part rounded up; None: what it says."""
        limit = max(learnt_per_day, -(-stated * self.least_percent // 100))
        return limit if self.is_used and limit < stated else None
