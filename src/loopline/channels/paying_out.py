"""By which gateway a house pays out: the merchants it has, and in the demo the sandbox beside its pages."""

from pathlib import Path

from loopline.channels.sandbox_wechat import sandbox_merchant, wechat_settings
from loopline.channels.wechat_pay import WechatPayouts, known_merchants


def payout_gateway(
    data_directory: Path, keys_directory: Path, *, sandbox_at: str = ""
) -> WechatPayouts | None:
    """Return the gateway of a house's merchants; with the sandbox's own where one lives at `sandbox_at`.

    None where there is no merchant at all. Raises MerchantsUnreadable.
    """
    merchants = known_merchants(keys_directory)
    if sandbox_at:
        merchants.append(sandbox_merchant(wechat_settings(data_directory, sandbox_at)))
    return WechatPayouts(merchants) if merchants else None
