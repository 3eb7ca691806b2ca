"""The merchants of WeChat Pay that a house has, with their keys: a file beside the keys of personal data."""

import stat
from pathlib import Path

import msgspec

from loopline.channels.wechat_pay.settings import WechatMerchant

FILE_NAME = "wechat_merchants.json"


class MerchantsUnreadable(Exception):  # noqa: N818 - its text is shown to the person who started the program
    """The file of merchants cannot be used; the text says why and what to do."""


def known_merchants(directory: Path) -> list[WechatMerchant]:
    """Return the merchants of the file in a directory; none where there is no file.

    Raises MerchantsUnreadable where others may read it, or it is no list of merchants.
    """
    path = directory / FILE_NAME
    if not path.exists():
        return []
    if stat.S_IMODE(path.stat().st_mode) & 0o077:
        raise MerchantsUnreadable(f"Others than its owner may read {path}: run chmod 600 on it.")
    try:
        return msgspec.json.decode(path.read_bytes(), type=list[WechatMerchant])
    except msgspec.MsgspecError as wrong:
        raise MerchantsUnreadable(f"{path} is no list of merchants: {wrong}") from wrong
