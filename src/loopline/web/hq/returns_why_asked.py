"""What the address of the page on why goods come back says."""

from urllib.parse import urlencode

import msgspec

from loopline.insight.returned import Dimension
from loopline.web.edge import WebRequest
from loopline.web.measuring import day_in

RETURNS_WHY = "/hq/returns-why"
LINES = f"{RETURNS_WHY}/lines"
SHEET = f"{RETURNS_WHY}.xlsx"
LINES_SHEET = f"{LINES}.xlsx"
PHOTO_RULES = f"{RETURNS_WHY}/photos"
WAYS = f"{RETURNS_WHY}/ways"
RETURNED_PHOTOS = "/hq/returned-photos"
LOSSES = f"{RETURNS_WHY}/losses"
NONE = "-"
"""How an address names what a dimension does not know."""
SORTS = ("units", "share", "refund", "unsold", "cost", "unearned")
_TEXT_LENGTH_MAX = 100
_SPELT = {"first": "from", "last": "to"}


class Asked(msgspec.Struct, frozen=True, kw_only=True):
    """What the address says; empty means all, or what is usual."""

    first: str = ""
    last: str = ""
    by: str = ""
    branch: str = ""
    currency: str = ""
    sort: str = ""
    key: str = ""

    def link(self, path: str, **changes: str) -> str:
        """Return an address with something else asked for."""
        fields = msgspec.structs.asdict(msgspec.structs.replace(self, **changes))
        said = {_SPELT.get(name, name): value for name, value in fields.items() if value}
        return f"{path}?{urlencode(said)}" if said else path

    @property
    def dimension(self) -> Dimension:
        """By what returns are told apart: by reason, where nothing is said."""
        return Dimension(self.by) if self.by in set(Dimension) else Dimension.REASON

    @property
    def order(self) -> str:
        """By which column rows are sorted: by units, where nothing is said."""
        return self.sort if self.sort in SORTS else SORTS[0]


def asked_of(request: WebRequest) -> Asked:
    """Return what the address asks for; days that are none are left out."""
    said = {
        name: request.query_params.get(_SPELT.get(name, name), "")
        .replace("\x00", "")
        .strip()[:_TEXT_LENGTH_MAX]
        for name in Asked.__struct_fields__
    }
    return Asked(
        **{
            **said,
            "first": said["first"] if day_in(said["first"]) else "",
            "last": said["last"] if day_in(said["last"]) else "",
        }
    )
