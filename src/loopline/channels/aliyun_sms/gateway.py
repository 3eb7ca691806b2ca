"""The gateway: sends one message by the code of its sentence, and asks after it under the number that we gave it."""

import secrets
import time
from collections.abc import Mapping
from datetime import UTC, datetime, timedelta
from urllib.parse import urlsplit
from zoneinfo import ZoneInfo

import httpx
import msgspec

from loopline.channels.aliyun_sms.settings import AliyunAccount, template_key
from loopline.channels.aliyun_sms.signing import EMPTY_HASH, Call, authorization, canonical_query
from loopline.notices import Heard, NoticeReport, ToTell

SEND, ASK, VERSION = "SendSms", "QuerySendDetails", "2017-05-25"
OK = "OK"
NO_TEMPLATE = "no template is registered for this sentence"
COUNTS_MORE = "it counts more messages than it shows"
_CONNECT_SECONDS = 3.0
_AT_ONCE = 50
_HOME = "+86"
_FAILED = 2
_THERE = ZoneInfo("Asia/Shanghai")
# Whatever comes of it later: this message will not be taken as it is.
_NEVER = frozenset(
    {
        "isv.MOBILE_NUMBER_ILLEGAL",
        "isv.BLACK_KEY_CONTROL_LIMIT",
        "isv.INVALID_PARAMETERS",
        "isv.PARAM_LENGTH_LIMIT",
        "isv.PARAM_NOT_SUPPORT_URL",
        "isv.TEMPLATE_MISSING_PARAMETERS",
        "isv.SMS_TEMPLATE_ILLEGAL",
        "isv.SMS_SIGNATURE_ILLEGAL",
    }
)
# It may have been done all the same.
_NOBODY_KNOWS = frozenset({"isp.SYSTEM_ERROR", "ServiceUnavailable", "InternalError"})


class _Detail(msgspec.Struct, frozen=True, kw_only=True):
    """One message as the service remembers it."""

    out_id: str = msgspec.field(name="OutId", default="")
    status: int = msgspec.field(name="SendStatus")
    fault: str = msgspec.field(name="ErrCode", default="")


class _Details(msgspec.Struct, frozen=True, kw_only=True):
    found: tuple[_Detail, ...] = msgspec.field(name="SmsSendDetailDTO", default=())


class Answer(msgspec.Struct, frozen=True, kw_only=True):
    """What the service says; `code` is `OK` where it did what it was asked."""

    code: str = msgspec.field(name="Code")
    message: str = msgspec.field(name="Message", default="")
    reference: str | None = msgspec.field(name="BizId", default=None)
    total: int | str = msgspec.field(name="TotalCount", default=0)
    details: _Details = msgspec.field(name="SmsSendDetailDTOs", default=_Details())

    @property
    def said(self) -> str:
        """What it says, for people."""
        return self.code if self.code == self.message else f"{self.code} {self.message}".strip()

    @property
    def counted(self) -> int:
        """How many messages it counts, of which `details` are one page."""
        return int(self.total) if str(self.total).isdecimal() else 0


class AliyunSms:
    """One account's messages, from any number of threads."""

    name = "Aliyun SMS"

    def __init__(self, account: AliyunAccount) -> None:
        self._account = account
        url = urlsplit(account.endpoint)
        self._host, self._path = url.netloc, url.path or "/"
        # Straight to a sandbox: no proxy of the environment stands between two parts of one machine.
        self._trusts_environment = (url.hostname or "") not in {"127.0.0.1", "localhost"}

    def send(self, asked: ToTell, *, now: datetime) -> NoticeReport:
        """Hand a message over, under its number."""
        del now
        template = self._account.templates.get(template_key(asked.about, asked.language))
        if template is None:
            return NoticeReport(claim=asked.claim, heard=Heard.REFUSED, note=NO_TEMPLATE)
        answer = self._called(
            SEND,
            {
                "PhoneNumbers": spelt(asked.phone),
                "SignName": self._account.sign_name,
                "TemplateCode": template,
                "TemplateParam": msgspec.json.encode(dict(asked.fields)).decode(),
                "OutId": asked.key,
            },
        )
        if isinstance(answer, str):
            return NoticeReport(claim=asked.claim, heard=Heard.NOTHING, note=answer)
        if answer.code == OK:
            return NoticeReport(claim=asked.claim, heard=Heard.TAKEN, reference=answer.reference)
        heard = Heard.REFUSED if answer.code in _NEVER else Heard.LATER
        return NoticeReport(claim=asked.claim, heard=heard, note=answer.said)

    def ask(self, asked: ToTell, *, now: datetime) -> NoticeReport:
        """Ask after a message on each day on which it may have been sent, page by page."""
        day = asked.tried_since.astimezone(_THERE).date()
        last = now.astimezone(_THERE).date()
        while day <= last:
            found = self._on_day(asked, f"{day:%Y%m%d}")
            if found.heard is not Heard.ABSENT:
                return found
            day += timedelta(days=1)
        return NoticeReport(claim=asked.claim, heard=Heard.ABSENT)

    def _on_day(self, asked: ToTell, day: str) -> NoticeReport:
        page = 1
        while True:  # a phone gets a few dozen messages of one house a day: one page, seldom two
            answer = self._called(
                ASK,
                {
                    "PhoneNumber": spelt(asked.phone),
                    "SendDate": day,
                    "PageSize": str(_AT_ONCE),
                    "CurrentPage": str(page),
                },
            )
            if isinstance(answer, str) or answer.code != OK:
                note = answer if isinstance(answer, str) else answer.said
                return NoticeReport(claim=asked.claim, heard=Heard.NOTHING, note=note)
            mine = next((one for one in answer.details.found if one.out_id == asked.key), None)
            if mine is not None:
                heard = Heard.REFUSED if mine.status == _FAILED else Heard.TAKEN
                return NoticeReport(claim=asked.claim, heard=heard, note=mine.fault or None)
            if len(answer.details.found) < _AT_ONCE:
                seen = (page - 1) * _AT_ONCE + len(answer.details.found)
                heard = Heard.ABSENT if seen >= answer.counted else Heard.NOTHING
                note = None if heard is Heard.ABSENT else COUNTS_MORE
                return NoticeReport(claim=asked.claim, heard=heard, note=note)
            page += 1

    def _called(self, action: str, query: Mapping[str, str]) -> Answer | str:
        """Call the service. Returns what was answered, or in words why nothing that can be believed was."""
        try:
            response = self._posted(action, query)
            answer = msgspec.json.decode(response.content, type=Answer)
        except httpx.HTTPError as fault:
            return f"no answer: {type(fault).__name__}"
        except (msgspec.MsgspecError, UnicodeDecodeError):
            return "no answer that can be read"
        # What it says of a number names that number, and is kept.
        phone = query.get("PhoneNumbers") or query["PhoneNumber"]
        answer = msgspec.structs.replace(answer, message=answer.message.replace(phone, "…"))
        if response.is_server_error or answer.code in _NOBODY_KNOWS:
            return answer.said
        return answer

    def _posted(self, action: str, query: Mapping[str, str]) -> httpx.Response:
        headers = {
            "host": self._host,
            "x-acs-action": action,
            "x-acs-content-sha256": EMPTY_HASH,
            "x-acs-date": f"{datetime.fromtimestamp(time.time(), UTC):%Y-%m-%dT%H:%M:%SZ}",
            "x-acs-signature-nonce": secrets.token_hex(16),
            "x-acs-version": VERSION,
        }
        call = Call(method="POST", path=self._path, query=query, headers=headers)
        signed = authorization(
            call, key_id=self._account.access_key_id, secret=self._account.access_key_secret
        )
        address = f"{self._account.endpoint}?{canonical_query(query)}"
        timeout = httpx.Timeout(self._account.timeout_seconds, connect=_CONNECT_SECONDS)
        return httpx.post(
            address,
            headers=headers | {"Authorization": signed, "Accept": "application/json"},
            timeout=timeout,
            trust_env=self._trusts_environment,
        )


def spelt(phone: str) -> str:
    """Return a phone (E.164) as the service wants it: at home without the country, abroad without the plus."""
    return phone.removeprefix(_HOME).removeprefix("+")
