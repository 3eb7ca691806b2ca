"""A sandbox of Nuonuo that speaks its real protocol: tokens, signed calls, blue invoices, red forms, notifications.

It checks the signature of every call (HMAC-SHA1 over path, application, time and body), and what the tax authority
checks. By a seed answers are lost after the work was done; notifications come twice, late, in another order, signed by
nobody. Its book is a file, so that a restart finds all as it was; the same number is the same document, once.
"""

from loopline.channels.sandbox_nuonuo.app import SandboxNuonuo
from loopline.channels.sandbox_nuonuo.book import NuonuoBook
from loopline.channels.sandbox_nuonuo.settings import (
    MOUNT_PATH,
    SandboxNuonuoSettings,
    new_secrets,
    nuonuo_settings,
    sandbox_application,
)

__all__ = [
    "MOUNT_PATH",
    "NuonuoBook",
    "SandboxNuonuo",
    "SandboxNuonuoSettings",
    "new_secrets",
    "nuonuo_settings",
    "sandbox_application",
]
