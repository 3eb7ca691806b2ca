"""What the list of orders is asked for, and the address that asks for it."""

from urllib.parse import urlencode

import msgspec

ORDERS = "/hq/orders"


class Asked(msgspec.Struct, frozen=True, kw_only=True):
    """What the address of the list says; empty means all."""

    text: str = ""
    stage: str = ""
    channel: str = ""
    site: str = ""
    period: str = ""

    def link(self, path: str = ORDERS, **changes: str) -> str:
        """Return the address with something else asked for, from the first page."""
        fields = msgspec.structs.asdict(msgspec.structs.replace(self, **changes))
        query = urlencode({name: value for name, value in fields.items() if value})
        return f"{path}?{query}" if query else path

    @property
    def is_narrowed(self) -> bool:
        """Whether anything is asked for."""
        return self != Asked()
