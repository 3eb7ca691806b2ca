"""The sandbox's book: payments it holds, receivers, sharings, returns of shares, batches, and what is to be told.

The same number with the same content is the same thing; with other content it is refused.
"""

import hashlib
from collections.abc import Callable
from datetime import datetime, timedelta

import msgspec

from loopline.channels.sandbox_book import SandboxBook, Thing
from loopline.channels.sandbox_wechat.settings import SandboxWechatSettings

_WHOLE = 10_000


class WechatDenied(msgspec.Struct, frozen=True, kw_only=True):
    """Why the platform will not: an answer of 4xx, which it does not sign."""

    status: int
    code: str
    message: str


ABSENT = WechatDenied(status=404, code="RESOURCE_NOT_EXISTS", message="记录不存在")
CHANGED = WechatDenied(status=400, code="INVALID_REQUEST", message="同一单号的请求参数不一致")


class WechatBook(SandboxBook):
    """Everything the platform knows."""

    def __init__(self, settings: SandboxWechatSettings) -> None:
        super().__init__(settings.file)
        self._settings = settings

    def take(self, transaction_id: str, amount_minor: int) -> None:
        """Take a customer's payment whose money is frozen until it is shared."""
        with self._writing():
            payment = {"amount": amount_minor, "left": amount_minor, "requests": 0, "shared": 0}
            self._keep("payment", transaction_id, payment)

    def paid_to(self, account: str) -> int:
        """Return what an account was paid in all."""
        with self._lock:
            return self._balance(account)

    def _balance(self, account: str) -> int:
        return sum(one["amount"] for one in self._all("paid") if one["account"] == account)

    def add_receiver(self, kind: str, account: str, name: str | None) -> WechatDenied | Thing:
        """Make a receiver known."""
        if kind == "MERCHANT_ID" and not name:
            return WechatDenied(status=400, code="PARAM_ERROR", message="商户全称必填")
        with self._writing():
            self._keep("receiver", f"{kind}:{account}", {"name": name})
        return {"type": kind, "account": account}

    def left_of(self, transaction_id: str) -> WechatDenied | Thing:
        """Return what of a payment is not shared yet."""
        with self._lock:
            payment = self._find("payment", transaction_id)
        if payment is None:
            return ABSENT
        return {"transaction_id": transaction_id, "unsplit_amount": payment["left"]}

    def share(self, asked: Thing, *, now: datetime) -> WechatDenied | Thing:
        """Share a payment; finished a while later. Its money is gone from what is left at once."""
        number, content = asked["out_order_no"], _hash(asked)
        with self._writing():
            known = self._find("sharing", number)
            if known is not None:
                return _sharing(known) if known["hash"] == content else CHANGED
            payment = self._find("payment", asked["transaction_id"])
            denied = self._denies_sharing(asked, payment)
            if denied is not None or payment is None:
                return denied or ABSENT
            total = sum(one["amount"] for one in asked["receivers"])
            payment["left"] -= total
            payment["shared"] += total
            payment["requests"] += 1
            if asked["unfreeze_unsplit"]:
                payment["left"] = 0
            self._keep("payment", asked["transaction_id"], payment)
            made = {
                "hash": content,
                "transaction_id": asked["transaction_id"],
                "out_order_no": number,
                "order_id": f"30{content[:26]}",
                "state": "PROCESSING",
                "finish_at": (now + timedelta(seconds=self._settings.manners.finish_seconds)).timestamp(),
                "receivers": [
                    {
                        "type": one["type"],
                        "account": one["account"],
                        "amount": one["amount"],
                        "description": one["description"],
                        "result": "PENDING",
                        "detail_id": f"36{_hash([number, place])[:26]}",
                    }
                    for place, one in enumerate(asked["receivers"])
                ],
            }
            self._keep("sharing", number, made)
        return _sharing(made)

    def _denies_sharing(self, asked: Thing, payment: Thing | None) -> WechatDenied | None:
        receivers, settings = asked["receivers"], self._settings
        if payment is None:
            return WechatDenied(status=400, code="INVALID_REQUEST", message="订单不存在或不支持分账")
        if len(receivers) > settings.receivers_most or payment["requests"] >= settings.requests_most:
            return WechatDenied(status=400, code="INVALID_REQUEST", message="分账接收方或次数超过上限")
        if any(self._find("receiver", f"{one['type']}:{one['account']}") is None for one in receivers):
            return WechatDenied(status=400, code="INVALID_REQUEST", message="分账接收方未添加")
        total = sum(one["amount"] for one in receivers)
        allowed = payment["amount"] * settings.max_ratio // _WHOLE - payment["shared"]
        if total > payment["left"] or total > allowed:
            return WechatDenied(status=400, code="NOT_ENOUGH", message="分账金额超过剩余或最大比例")
        return None

    def sharing(self, number: str, transaction_id: str, *, now: datetime) -> WechatDenied | Thing:
        """Return how a sharing stands."""
        self.settle(now=now)
        with self._lock:
            known = self._find("sharing", number) or self._find("unfreezing", number)
        if known is None or known["transaction_id"] != transaction_id:
            return ABSENT
        return _sharing(known)

    def unfreeze(self, asked: Thing) -> WechatDenied | Thing:
        """Let the merchant have what of a payment is not shared: once for a number."""
        number, content = asked["out_order_no"], _hash(asked)
        with self._writing():
            known = self._find("unfreezing", number)
            if known is not None:
                return _sharing(known) if known["hash"] == content else CHANGED
            payment = self._find("payment", asked["transaction_id"])
            if payment is None:
                return WechatDenied(status=400, code="INVALID_REQUEST", message="订单不存在或不支持分账")
            made: Thing = {
                "hash": content,
                "transaction_id": asked["transaction_id"],
                "out_order_no": number,
                "order_id": f"30{content[:26]}",
                "state": "FINISHED",
                "receivers": [],
            }
            self._keep("unfreezing", number, {**made, "amount": payment["left"]})
            payment["left"] = 0
            self._keep("payment", asked["transaction_id"], payment)
        return _sharing(made)

    def unfrozen(self) -> int:
        """Return how much of payments was let go in all."""
        with self._lock:
            return sum(one["amount"] for one in self._all("unfreezing"))

    def give_back(self, asked: Thing, *, now: datetime) -> WechatDenied | Thing:
        """Take a share back from a merchant who was paid it and agreed: once for a number; finished a while later."""
        number, content = asked["out_return_no"], _hash(asked)
        with self._writing():
            known = self._find("return", number)
            if known is not None:
                return _told_return(known) if known["hash"] == content else CHANGED
            sharing = self._find("sharing", asked["out_order_no"])
            paid = next(
                (
                    one
                    for one in (sharing or {}).get("receivers", ())
                    if (one["type"], one["account"]) == ("MERCHANT_ID", asked["return_mchid"])
                    and one["result"] == "SUCCESS"
                ),
                None,
            )
            if sharing is None or paid is None:
                return ABSENT
            denied = self._denies_return(asked, sharing, paid, now=now)
            if denied is not None:
                return denied
            paid["returned"] = paid.get("returned", 0) + asked["amount"]
            paid["returns"] = paid.get("returns", 0) + 1
            self._keep("sharing", asked["out_order_no"], sharing)
            # What is on its way back is the receiver's no more.
            self._keep(
                "paid", f"return:{number}", {"account": asked["return_mchid"], "amount": -asked["amount"]}
            )
            made = {
                "hash": content,
                "order_id": sharing["order_id"],
                "out_order_no": asked["out_order_no"],
                "out_return_no": number,
                "return_id": f"31{content[:26]}",
                "return_mchid": asked["return_mchid"],
                "amount": asked["amount"],
                "description": asked["description"],
                "result": "PROCESSING",
                "create_time": now.isoformat(timespec="seconds"),
                "finish_at": (now + timedelta(seconds=self._settings.manners.finish_seconds)).timestamp(),
            }
            self._keep("return", number, made)
        return _told_return(made)

    def _denies_return(
        self, asked: Thing, sharing: Thing, paid: Thing, *, now: datetime
    ) -> WechatDenied | None:
        settings = self._settings
        shared_at = datetime.fromisoformat(paid["finish_time"])
        is_late = now >= shared_at + timedelta(days=settings.reclaim_within_days)
        wrong = {
            ("NO_AUTH", "分账接收方未开启同意分账回退"): asked["return_mchid"] in settings.manners.keeps,
            ("INVALID_REQUEST", "分账单超过可回退期限"): is_late or sharing["state"] != "FINISHED",
            ("INVALID_REQUEST", "回退次数超过上限"): paid.get("returns", 0) >= settings.reclaims_most,
            ("INVALID_REQUEST", "回退金额超过分账金额"): asked["amount"] < 1
            or paid.get("returned", 0) + asked["amount"] > paid["amount"],
            ("NOT_ENOUGH", "分账接收方余额不足"): asked["return_mchid"] in settings.manners.spent
            or self._balance(asked["return_mchid"]) < asked["amount"],
        }
        why = next((why for why, is_so in wrong.items() if is_so), None)
        if why is None:
            return None
        return WechatDenied(status=400 if why[0] == "INVALID_REQUEST" else 403, code=why[0], message=why[1])

    def returned(self, number: str, sharing_number: str, *, now: datetime) -> WechatDenied | Thing:
        """Return how a return stands."""
        self.settle(now=now)
        with self._lock:
            known = self._find("return", number)
        if known is None or known["out_order_no"] != sharing_number:
            return ABSENT
        return _told_return(known)

    def _finish_return(self, back: Thing, now: datetime) -> None:
        """It comes, or its receiver's account cannot give it: then it may be asked for again, under another number."""
        back["finish_time"] = now.isoformat(timespec="seconds")
        if back["return_mchid"] not in self._settings.manners.fails_back:
            back["result"] = "SUCCESS"
            return
        back |= {"result": "FAILED", "fail_reason": "ACCOUNT_ABNORMAL"}
        self._keep("paid", f"return:{back['out_return_no']}", {"account": back["return_mchid"], "amount": 0})
        sharing = self._find("sharing", back["out_order_no"])
        assert sharing is not None
        for one in sharing["receivers"]:
            if one["account"] == back["return_mchid"]:
                one["returned"] -= back["amount"]
        self._keep("sharing", back["out_order_no"], sharing)

    def transfer(self, asked: Thing, *, now: datetime) -> WechatDenied | Thing:
        """Accept a batch of transfers; finished a while later."""
        number, content = asked["out_batch_no"], _hash(asked)
        details = asked["transfer_detail_list"]
        totals = (sum(one["transfer_amount"] for one in details), len(details))
        if totals != (asked["total_amount"], asked["total_num"]):
            return WechatDenied(status=400, code="PARAM_ERROR", message="总金额或总笔数不一致")
        with self._writing():
            known = self._find("batch", number)
            if known is not None and known["hash"] != content:
                return CHANGED
            made = known or {
                "hash": content,
                "out_batch_no": number,
                "batch_id": f"13{content[:26]}",
                "create_time": now.isoformat(timespec="seconds"),
                "batch_status": "ACCEPTED",
                "finish_at": (now + timedelta(seconds=self._settings.manners.finish_seconds)).timestamp(),
                "details": [
                    {
                        "out_detail_no": one["out_detail_no"],
                        "openid": one["openid"],
                        "amount": one["transfer_amount"],
                        "detail_status": "PROCESSING",
                    }
                    for one in details
                ],
            }
            if known is None:
                self._keep("batch", number, made)
        return {name: made[name] for name in ("out_batch_no", "batch_id", "create_time", "batch_status")}

    def batch(self, number: str, *, offset: int, limit: int, now: datetime) -> WechatDenied | Thing:
        """Return how a batch stands, with some of its details."""
        self.settle(now=now)
        with self._lock:
            known = self._find("batch", number)
        if known is None:
            return ABSENT
        names = ("out_batch_no", "batch_id", "batch_status", "create_time")
        return {
            "transfer_batch": {name: known[name] for name in names},
            "transfer_detail_list": [
                {
                    "detail_id": one["out_detail_no"],
                    "out_detail_no": one["out_detail_no"],
                    "detail_status": one["detail_status"],
                }
                for one in known["details"][offset : offset + limit]
            ],
            "offset": offset,
            "limit": limit,
        }

    def detail(self, batch_number: str, number: str) -> WechatDenied | Thing:
        """Return how one transfer stands, and why it failed."""
        with self._lock:
            known = self._find("batch", batch_number)
        one = next((one for one in (known or {}).get("details", ()) if one["out_detail_no"] == number), None)
        return ABSENT if one is None else {**one, "out_batch_no": batch_number}

    def settle(self, *, now: datetime) -> None:
        """Finish what is due, pay receivers that take money, and write down what is to be told."""
        finish = {
            "sharing": self._finish_sharing,
            "batch": self._finish_batch,
            "return": self._finish_return,
        }
        with self._writing():
            rows = self._file.execute(
                "select kind, number, body from thing where kind in ('sharing', 'batch', 'return')"
            )
            for kind, number, body in rows.fetchall():
                thing = msgspec.json.decode(body, type=Thing)
                if thing.get("finish_at") is None or thing["finish_at"] > now.timestamp():
                    continue
                thing["finish_at"] = None
                finish[kind](thing, now)
                self._keep(kind, number, thing)

    def _finish_sharing(self, sharing: Thing, now: datetime) -> None:
        sharing["state"] = "FINISHED"
        for one in sharing["receivers"]:
            is_paid = one["account"] not in self._settings.manners.refuses
            one["result"] = "SUCCESS" if is_paid else "CLOSED"
            one["finish_time"] = now.isoformat(timespec="seconds")
            if is_paid:
                self._keep("paid", one["detail_id"], {"account": one["account"], "amount": one["amount"]})
            else:
                one["fail_reason"] = "ACCOUNT_ABNORMAL"
                payment = self._find("payment", sharing["transaction_id"]) or {}
                payment["left"] += one["amount"]
                payment["shared"] -= one["amount"]
                self._keep("payment", sharing["transaction_id"], payment)
            told = {
                "mchid": self._settings.keys.mchid,
                "transaction_id": sharing["transaction_id"],
                "order_id": sharing["order_id"],
                "out_order_no": sharing["out_order_no"],
                "receiver": {name: one[name] for name in ("type", "account", "amount", "description")},
                "success_time": now.isoformat(timespec="seconds"),
            }
            self._tell("TRANSACTION.SUCCESS", one["detail_id"], told, now)

    def _finish_batch(self, batch: Thing, now: datetime) -> None:
        batch["batch_status"] = "FINISHED"
        for one in batch["details"]:
            is_paid = one["openid"] not in self._settings.manners.refuses
            one["detail_status"] = "SUCCESS" if is_paid else "FAIL"
            if is_paid:
                paid = {"account": one["openid"], "amount": one["amount"]}
                self._keep("paid", f"{batch['out_batch_no']}:{one['out_detail_no']}", paid)
            else:
                one["fail_reason"] = "ACCOUNT_FROZEN"
        names = ("out_batch_no", "batch_id", "batch_status")
        told = {name: batch[name] for name in names} | {"mchid": self._settings.keys.mchid}
        self._tell("MCHTRANSFER.BATCH.FINISHED", batch["batch_id"], told, now)

    def _tell(self, event_type: str, about: str, told: Thing, now: datetime) -> None:
        self._write_down(
            msgspec.json.encode(told),
            [now.timestamp() + delay for delay in self._settings.manners.delays(about)],
            notice_id=f"EV-{about}",
            event_type=event_type,
        )


def _told_return(known: Thing) -> Thing:
    return {name: value for name, value in known.items() if name not in {"hash", "finish_at"}}


def _sharing(known: Thing) -> Thing:
    return {name: value for name, value in known.items() if name not in {"hash", "finish_at"}}


def _hash(content: object) -> str:
    """The hash of what is asked. Names are encrypted anew each time and count as they are when opened."""
    return hashlib.sha256(msgspec.json.encode(content, order="deterministic")).hexdigest()


Work = Callable[[WechatBook, datetime], WechatDenied | Thing]
