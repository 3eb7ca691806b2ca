"""What a person may see and change: a branch of the tree, spelt out as sites and units."""

import msgspec

from loopline.kernel.ids import OrgUnitId, SiteId
from loopline.kernel.refusals import Refusal


class Scope(msgspec.Struct, frozen=True, kw_only=True):
    """The sites and units of somebody's branches; `everything` is the whole brand."""

    everything: bool = False
    sites: frozenset[SiteId] = frozenset()
    org_units: frozenset[OrgUnitId] = frozenset()

    def covers_site(self, site_id: SiteId | None) -> bool:
        """Tell whether a site lies in scope; what belongs to no site belongs to the whole brand alone."""
        return self.everything or (site_id is not None and site_id in self.sites)


WHOLE_BRAND = Scope(everything=True)


class NotInYourBranch(Refusal, frozen=True, kw_only=True):
    """This belongs to another branch than yours."""

    subject: str
