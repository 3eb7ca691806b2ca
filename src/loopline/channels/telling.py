"""By which gateway a house tells its customers: its account, and in the demo the sandbox beside its pages."""

from pathlib import Path

from loopline.channels.aliyun_sms import AliyunSms, known_account
from loopline.channels.sandbox_aliyun import aliyun_settings, sandbox_account


def notice_gateway(data_directory: Path, keys_directory: Path, *, sandbox_at: str = "") -> AliyunSms | None:
    """Return the gateway of a house's account, else of the sandbox where one lives; None where there is none.

    Raises AliyunUnreadable.
    """
    account = known_account(keys_directory)
    if account is None and sandbox_at:
        account = sandbox_account(aliyun_settings(data_directory, sandbox_at))
    return AliyunSms(account) if account is not None else None
