"""The port of text messages, and the two that need no network."""

from typing import Protocol

import msgspec


class TextMessage(msgspec.Struct, frozen=True, kw_only=True):
    """One message to one phone (E.164). The same `key` twice is one message. Never logged: it may hold a code."""

    key: str
    phone: str
    text: str

    def __repr__(self) -> str:
        return f"TextMessage(key={self.key!r})"


class NotSent(Exception):  # noqa: N818 - says what is so
    """Nobody took the message over; it may be tried again."""


class TextMessages(Protocol):
    """Whoever sends text messages."""

    @property
    def are_shown_on_the_page(self) -> bool:
        """Whether the person reads on the page what would be sent: in the demo alone."""
        ...

    def send(self, message: TextMessage) -> None:
        """Send a message; waits for the network. Raises NotSent."""
        ...


class ShownOnThePage:
    """The demo's: phones are made up, so the page shows what would be sent."""

    are_shown_on_the_page = True

    def send(self, message: TextMessage) -> None:
        """Send nothing: the page has shown it."""


class NobodySends:
    """What stands there until somebody says who sends text messages."""

    are_shown_on_the_page = False

    def send(self, message: TextMessage) -> None:
        """Raise NotSent."""
        raise NotSent(f"no service for text messages is set up, and {message.key} waits for nobody")
