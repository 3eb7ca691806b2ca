"""What the list of stock by site is asked for, the address that asks for it, and what of it was chosen."""

from collections.abc import Sequence
from urllib.parse import urlencode
from uuid import UUID

import msgspec

from loopline.kernel.ids import NodeId, SkuId
from loopline.stock.history import Which
from loopline.web.edge import WebRequest

ROWS = "/hq/stock-rows"
CHOSEN_MOST = 100
_TEXT_MOST = 80
Goods = tuple[NodeId, SkuId]


class Asked(msgspec.Struct, frozen=True, kw_only=True):
    """What the address of the list says; empty means all."""

    q: str = ""
    site: str = ""
    which: str = ""

    def link(self, **changes: str) -> str:
        """Return the address with something else asked for, from the first page."""
        fields = msgspec.structs.asdict(msgspec.structs.replace(self, **changes))
        query = urlencode({name: value for name, value in fields.items() if value})
        return f"{ROWS}?{query}" if query else ROWS

    @property
    def is_narrowed(self) -> bool:
        """Whether anything is asked for."""
        return self != Asked()

    @property
    def of_which(self) -> Which | None:
        """Which rows are meant; None: all."""
        return Which(self.which) if self.which in set(Which) else None


def asked_of(request: WebRequest) -> Asked:
    """Return what the address asks for."""
    said = {name: request.query_params.get(name, "") for name in Asked.__struct_fields__}
    return Asked(**{name: value.strip()[:_TEXT_MOST].replace("\x00", "") for name, value in said.items()})


def key_of(leaf_id: NodeId, sku_id: SkuId) -> str:
    """Return how a form names goods at a leaf."""
    return f"{leaf_id} {sku_id}"


def chosen_in(said: Sequence[str]) -> list[Goods]:
    """Read the rows that a form names, each once; what is none is left out."""
    found: dict[Goods, None] = {}
    for one in said[:CHOSEN_MOST]:
        leaf, _, sku = one.partition(" ")
        try:
            found[NodeId(UUID(leaf)), SkuId(UUID(sku))] = None
        except ValueError:
            continue
    return list(found)


def set_in(said: Sequence[str]) -> dict[Goods, tuple[int, int]]:
    """Read rows with how many units they kept back before and keep back now; what is none is left out."""
    found: dict[Goods, tuple[int, int]] = {}
    for one in said[:CHOSEN_MOST]:
        key, _, units = one.rpartition(" ")
        before, _, after = units.partition(":")
        goods = chosen_in([key])
        if goods and before.isascii() and before.isdigit() and after.isascii() and after.isdigit():
            found[goods[0]] = (int(before[:9]), int(after[:9]))
    return found
