"""Aliyun's short message service (阿里云短信服务) by its open API: signed calls, sentences by their templates."""

from loopline.channels.aliyun_sms.gateway import AliyunSms
from loopline.channels.aliyun_sms.settings import (
    FILE_NAME,
    AliyunAccount,
    AliyunUnreadable,
    known_account,
    template_key,
)

__all__ = [
    "FILE_NAME",
    "AliyunAccount",
    "AliyunSms",
    "AliyunUnreadable",
    "known_account",
    "template_key",
]
