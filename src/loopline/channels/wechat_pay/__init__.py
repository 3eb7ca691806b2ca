"""WeChat Pay, API v3, as a gateway that pays out: shares of customers' payments, and transfers to people.

`WechatPayouts` speaks the real protocol through `wechatpayv3`: requests and answers are signed
(WECHATPAY2-SHA256-RSA2048), names are encrypted, notifications are sealed (AEAD_AES_256_GCM).
"""

from loopline.channels.wechat_pay.gateway import WechatPayouts
from loopline.channels.wechat_pay.merchants import FILE_NAME, MerchantsUnreadable, known_merchants
from loopline.channels.wechat_pay.settings import WechatMerchant

__all__ = ["FILE_NAME", "MerchantsUnreadable", "WechatMerchant", "WechatPayouts", "known_merchants"]
