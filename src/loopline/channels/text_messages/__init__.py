"""Text messages: one port, and who stands behind it.

`TextMessages.send` sends one message and returns when somebody took it over, or raises `NotSent`. It is never called
inside a transaction: it waits for a network. `HttpTextMessages` hands messages to a service by signed POST,
`ShownOnThePage` is the demo's (what would be sent is shown to the person instead), `NobodySends` refuses.
"""

from loopline.channels.text_messages.over_http import HttpTextMessages, text_messages_at
from loopline.channels.text_messages.port import (
    NobodySends,
    NotSent,
    ShownOnThePage,
    TextMessage,
    TextMessages,
)

__all__ = [
    "HttpTextMessages",
    "NobodySends",
    "NotSent",
    "ShownOnThePage",
    "TextMessage",
    "TextMessages",
    "text_messages_at",
]
