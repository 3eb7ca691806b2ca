"""A sandbox of Aliyun's short messages that speaks its real protocol: signed calls, templates, what was sent by day.

It checks the signature of every call, that it is fresh and comes once, and what the service does: signature, template
and its parameters, the phone, how many messages a phone gets. By a seed answers are lost after the work was done. Its
book is a file, so that a restart finds all as it was. The service takes the same number of ours twice: who sends twice
is heard twice.
"""

from loopline.channels.sandbox_aliyun.app import SandboxAliyun
from loopline.channels.sandbox_aliyun.book import AliyunBook
from loopline.channels.sandbox_aliyun.settings import (
    MOUNT_PATH,
    SandboxAliyunSettings,
    aliyun_settings,
    new_secrets,
    sandbox_account,
)

__all__ = [
    "MOUNT_PATH",
    "AliyunBook",
    "SandboxAliyun",
    "SandboxAliyunSettings",
    "aliyun_settings",
    "new_secrets",
    "sandbox_account",
]
