"""The sandbox's book: what was sent to which phone on which day, and the numbers of calls that came."""

import re
from collections.abc import Mapping
from datetime import datetime
from string import Template
from zoneinfo import ZoneInfo

import msgspec

from loopline.channels.sandbox_aliyun.settings import SIGN_NAME, SandboxAliyunSettings
from loopline.channels.sandbox_book import SandboxBook, Thing

_THERE = ZoneInfo("Asia/Shanghai")
_PHONE = re.compile(r"1[3-9][0-9]{9}|[2-9][0-9]{7,14}")
_PARAM_MOST = 35


class AliyunDenied(msgspec.Struct, frozen=True, kw_only=True):
    """Why the service will not: a code, and what it says."""

    code: str
    message: str
    status: int = 200


class AliyunBook(SandboxBook):
    """Everything the service knows."""

    def __init__(self, settings: SandboxAliyunSettings) -> None:
        super().__init__(settings.file)
        self._settings = settings

    def is_new(self, nonce: str) -> bool:
        """Keep the number of a call; False where one came under it before."""
        with self._writing():
            if self._find("nonce", nonce) is not None:
                return False
            self._keep("nonce", nonce, {})
        return True

    def send(self, asked: Mapping[str, str], *, now: datetime) -> AliyunDenied | Thing:
        """Send a message, if its parts fit: as often as it is asked to."""
        settings, phone = self._settings, asked["PhoneNumbers"]
        template = settings.templates.get(asked["TemplateCode"])
        said: dict[str, str] = msgspec.json.decode(asked.get("TemplateParam") or "{}", type=dict[str, str])
        kind = _kind(phone, f"{now.astimezone(_THERE):%Y%m%d}")
        with self._writing():
            sent = self._all(kind)
            wrong = _wrong_in(asked, template, said, is_full=len(sent) >= settings.a_day_most)
            if wrong is not None:
                return wrong
            if phone in settings.blocked:
                return AliyunDenied(code="isv.BLACK_KEY_CONTROL_LIMIT", message="黑名单管控")
            assert template is not None
            number = f"{int(now.timestamp() * 1000):015d}{len(sent):05d}^{phone[-4:]}"
            self._keep(
                kind,
                number,
                {
                    "PhoneNum": phone,
                    "OutId": asked.get("OutId", ""),
                    "TemplateCode": asked["TemplateCode"],
                    "Content": f"【{SIGN_NAME}】{Template(template).substitute(said)}",
                    "SendStatus": 2 if phone in settings.dead else 3,
                    "ErrCode": "MOBILE_NOT_ON_SERVICE" if phone in settings.dead else "DELIVERED",
                    "SendDate": f"{now.astimezone(_THERE):%Y-%m-%d %H:%M:%S}",
                },
            )
        return {"Code": "OK", "Message": "OK", "BizId": number}

    def sent(self) -> list[Thing]:
        """Return every message, in the order in which they were sent."""
        with self._lock:
            rows = self._file.execute(
                "select body from thing where kind like 'message %' order by number"
            ).fetchall()
        return [msgspec.json.decode(row[0], type=Thing) for row in rows]

    def told_of(self, asked: Mapping[str, str]) -> Thing:
        """Return what was sent to a phone on a day, page by page, the latest first."""
        with self._lock:
            found = self._all(_kind(asked["PhoneNumber"], asked["SendDate"]))[::-1]
        size = int(asked["PageSize"])
        first = (int(asked["CurrentPage"]) - 1) * size
        return {
            "Code": "OK",
            "Message": "OK",
            "TotalCount": len(found),
            "SmsSendDetailDTOs": {"SmsSendDetailDTO": found[first : first + size]},
        }


def _kind(phone: str, day: str) -> str:
    return f"message {phone} {day}"


def _wrong_in(
    asked: Mapping[str, str], template: str | None, said: Mapping[str, str], *, is_full: bool
) -> AliyunDenied | None:
    """What the service would not take of a message."""
    if asked["SignName"] != SIGN_NAME:
        return AliyunDenied(code="isv.SMS_SIGNATURE_ILLEGAL", message="短信签名不合法")
    if template is None:
        return AliyunDenied(code="isv.SMS_TEMPLATE_ILLEGAL", message="短信模版不合法")
    if not _PHONE.fullmatch(asked["PhoneNumbers"]):
        return AliyunDenied(
            code="isv.MOBILE_NUMBER_ILLEGAL", message=f"{asked['PhoneNumbers']}invalid mobile number"
        )
    if set(Template(template).get_identifiers()) != set(said):
        return AliyunDenied(code="isv.TEMPLATE_MISSING_PARAMETERS", message="模版缺少变量")
    if any(len(value) > _PARAM_MOST for value in said.values()):
        return AliyunDenied(code="isv.PARAM_LENGTH_LIMIT", message="参数超出长度限制")
    return AliyunDenied(code="isv.BUSINESS_LIMIT_CONTROL", message="触发天级流控") if is_full else None
