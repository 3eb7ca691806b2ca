"""Pictures that came in and were made anew: nothing is in them but what they show."""

import msgspec


class Picture(msgspec.Struct, frozen=True, kw_only=True):
    """A picture made anew from what was sent; `sent_hash` is of what was sent. `small`: the same for lists."""

    content: bytes
    media_type: str
    width: int
    height: int
    sent_hash: bytes
    small: bytes | None = None

    def __repr__(self) -> str:
        return f"Picture({self.media_type}, {self.width} × {self.height}, {len(self.content)} bytes)"
