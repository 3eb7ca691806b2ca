"""What a merchant of WeChat Pay has agreed with it, and the keys by which each knows the other."""

import msgspec

GATEWAY_URL = "https://api.mch.weixin.qq.com"


class WechatMerchant(msgspec.Struct, frozen=True, kw_only=True):
    """A merchant's contract and secrets; keys are PEM.

    `serial` names the merchant's certificate, `platform_key_id` the key by which WeChat Pay signs. The API says how
    much of a payment may be shared; to how many at once, and how often, stands in the contract alone, and so here; so
    do the days within which, and how often, a share may be asked back (0: not at all).
    """

    mchid: str
    appid: str
    serial: str
    private_key: str
    apiv3_key: str
    platform_key_id: str
    platform_public_key: str
    receivers_per_request: int
    requests_per_transaction: int
    transfers_per_batch: int
    notify_url: str
    reclaim_within_days: int = 0
    reclaims_per_receiver: int = 0
    gateway_url: str = GATEWAY_URL
    timeout_seconds: tuple[float, float] = (3.0, 8.0)

    def __repr__(self) -> str:
        return f"WechatMerchant(mchid={self.mchid}, gateway_url={self.gateway_url})"
