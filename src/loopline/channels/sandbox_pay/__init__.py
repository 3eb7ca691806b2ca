"""A sandbox that behaves like a payment platform: charges, a cashier, refunds, signed notifications.

`SandboxGateway` is the gateway that payments know; it speaks to the sandbox over HTTP and believes what is signed. The
sandbox itself (`Sandbox`, or `sandbox_app` for a server of its own) keeps its book in a file, so that a restart finds
everything as it was. It makes charges and refunds once per number of the merchant's, lets people pay on a page and
machines by a call, closes what is not paid in time, does refunds a while after it accepted them, and tells the merchant
of all that by Standard Webhooks: by a seed some come twice, late, and in another order, each until it is answered 2xx.
"""

from loopline.channels.sandbox_pay.app import Sandbox, sandbox_app
from loopline.channels.sandbox_pay.gateway import NotificationUnreadable, SandboxGateway
from loopline.channels.sandbox_pay.settings import (
    MOUNT_PATH,
    PUNCTUAL,
    Manners,
    SandboxSettings,
    sandbox_settings,
)

__all__ = [
    "MOUNT_PATH",
    "PUNCTUAL",
    "Manners",
    "NotificationUnreadable",
    "Sandbox",
    "SandboxGateway",
    "SandboxSettings",
    "sandbox_app",
    "sandbox_settings",
]
