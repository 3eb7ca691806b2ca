"""A sandbox of WeChat Pay that speaks its real protocol: profit sharing, transfers in batches, notifications.

It checks the merchant's signature of every call (WECHATPAY2-SHA256-RSA2048 over method, path, time, nonce, body),
signs its answers of 2xx with the platform's key, reads names that were encrypted for it, and seals notifications with
AEAD_AES_256_GCM. By a seed answers are lost after the work was done; notifications come twice, late, in another order.
Its book is a file, so that a restart finds all as it was; the same number is the same request, once.
"""

from loopline.channels.sandbox_wechat.app import SandboxWechat
from loopline.channels.sandbox_wechat.book import WechatBook
from loopline.channels.sandbox_wechat.settings import (
    MOUNT_PATH,
    PUNCTUAL,
    Manners,
    SandboxWechatSettings,
    sandbox_merchant,
    wechat_settings,
)

__all__ = [
    "MOUNT_PATH",
    "PUNCTUAL",
    "Manners",
    "SandboxWechat",
    "SandboxWechatSettings",
    "WechatBook",
    "sandbox_merchant",
    "wechat_settings",
]
