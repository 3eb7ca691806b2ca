"""The port to gateways that carry messages: what they are handed, and what they say. Never in a transaction."""

from collections.abc import Mapping
from datetime import datetime
from enum import StrEnum
from typing import Protocol

import msgspec

from loopline.notices.model import About, Claim


class ToTell(msgspec.Struct, frozen=True, kw_only=True):
    """A message as a gateway is handed it: to a phone (E.164), a sentence in a language with its fields filled.

    `key` is its number at the gateway. `asks_first`: an earlier try may have arrived. `may_send`: it is not stale yet.
    Never logged: it holds a phone.
    """

    claim: Claim
    key: str
    phone: str
    about: About
    language: str
    fields: Mapping[str, str]
    text: str
    tried_since: datetime
    asks_first: bool
    may_send: bool

    def __repr__(self) -> str:
        return f"ToTell(key={self.key!r}, about={self.about!r})"


class Heard(StrEnum):
    """What a gateway said of a message.

    `taken`: it has it. `refused`: it will never take it. `later`: not now. `absent`: when asked, it has nothing under
    that number. `nothing`: no answer that can be believed.
    """

    TAKEN = "taken"
    REFUSED = "refused"
    LATER = "later"
    ABSENT = "absent"
    NOTHING = "nothing"


class NoticeReport(msgspec.Struct, frozen=True, kw_only=True):
    """What a gateway said of a try. `reference` is its own number; `note` is for people and holds no phone."""

    claim: Claim
    heard: Heard
    reference: str | None = None
    note: str | None = None


class NoticeGateway(Protocol):
    """A gateway. It never raises for what a network does: no answer is `Heard.NOTHING`."""

    @property
    def name(self) -> str:
        """What people call it."""
        ...

    def send(self, asked: ToTell, *, now: datetime) -> NoticeReport:
        """Hand a message over."""
        ...

    def ask(self, asked: ToTell, *, now: datetime) -> NoticeReport:
        """Ask what became of a message under its number; sends nothing."""
        ...
