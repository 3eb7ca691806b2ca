"""What the address of the pages of the six rights says."""

from urllib.parse import urlencode

import msgspec

from loopline.insight.rights import KEPT, RIGHT_OF, Cause, Right, Side
from loopline.web.edge import WebRequest
from loopline.web.measuring import day_in

RIGHTS = "/hq/rights"
LINES = f"{RIGHTS}/lines"
BROKEN, KNOWN, UNKNOWN = "broken", "known", "unknown"
BY_DEALER = "dealer"
MARKS = frozenset({KEPT, BROKEN, KNOWN, UNKNOWN, *(cause.value for cause in Cause)})
_TEXT_LENGTH_MAX = 64
_SPELT = {"first": "from", "last": "to"}


class Asked(msgspec.Struct, frozen=True, kw_only=True):
    """What the address says; empty means all, or what is usual."""

    first: str = ""
    last: str = ""
    side: str = ""
    by: str = ""
    branch: str = ""
    site: str = ""
    right: str = ""
    mark: str = ""

    def link(self, path: str, **changes: str) -> str:
        """Return an address with something else asked for."""
        fields = msgspec.structs.asdict(msgspec.structs.replace(self, **changes))
        said = {_SPELT.get(name, name): value for name, value in fields.items() if value}
        return f"{path}?{urlencode(said)}" if said else path

    @property
    def chosen_side(self) -> Side:
        """Whose lines are asked for: those sent, where nothing is said."""
        return Side(self.side) if self.side in set(Side) else Side.SENT


def asked_of(request: WebRequest) -> Asked:
    """Return what the address asks for; what makes no sense is left out."""
    said = {
        name: request.query_params.get(_SPELT.get(name, name), "").strip()[:_TEXT_LENGTH_MAX]
        for name in Asked.__struct_fields__
    }
    cleaned = {
        **said,
        "first": said["first"] if day_in(said["first"]) else "",
        "last": said["last"] if day_in(said["last"]) else "",
        "right": said["right"] if said["right"] in set(Right) else "",
        "mark": said["mark"] if said["mark"] in MARKS else "",
    }
    if cleaned["mark"] in set(Cause):
        cleaned["right"] = RIGHT_OF[Cause(cleaned["mark"])].value
    return Asked(**cleaned)
