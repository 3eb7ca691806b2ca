"""Every address of the application, and for each a request that can be read, as plain as its handler allows."""

from collections.abc import Mapping
from typing import Any
from urllib.parse import quote

import msgspec
from litestar import Litestar
from litestar.handlers import HTTPRouteHandler
from litestar.routes import HTTPRoute
from msgspec import inspect

from tests.make.shop import NOON

_API = "/api/v1/"
NOWHERE = "00000000-0000-7000-8000-000000000000"


class Address(msgspec.Struct, frozen=True):
    """A method and a path as it is declared: `GET /o/{number}`."""

    method: str
    path: str
    handler: HTTPRouteHandler

    @property
    def name(self) -> str:
        """How the table names it."""
        parts = [
            f"{part.partition(':')[0]}}}" if part.startswith("{") else part for part in self.path.split("/")
        ]
        return f"{self.method} {'/'.join(parts)}"

    @property
    def is_api(self) -> bool:
        """Whether programs call it: with a token, in JSON."""
        return self.path.startswith(_API)

    @property
    def keys(self) -> list[str]:
        """What has to be named in the path, each by what goes before it: `orders/order`."""
        parts = self.path.split("/")
        found: list[str] = []
        noun = ""
        for part in parts:
            if part.startswith("{"):
                found.append(f"{noun}/{part.strip('{}').partition(':')[0]}")
            else:
                noun = part
        return found

    def filled(self, names: Mapping[str, str]) -> str:
        """The path with what `names` says for each of `keys`."""
        keys = iter(self.keys)
        parts = [quote(names[next(keys)]) if part.startswith("{") else part for part in self.path.split("/")]
        return "/".join(parts)


def addresses_of(app: Litestar) -> list[Address]:
    """Everything of the house that is served, but files and what the framework adds."""
    found = [
        Address(str(method), route.path, handler)
        for route in app.routes
        if isinstance(route, HTTPRoute)
        for handler in route.route_handlers
        for method in handler.http_methods
        if method != "OPTIONS" and _is_ours(handler)
    ]
    return sorted(found, key=lambda one: (one.path, one.method))


def _is_ours(handler: HTTPRouteHandler) -> bool:
    function = getattr(handler.fn, "func", handler.fn)  # one that runs in a thread is wrapped
    return str(getattr(function, "__module__", "")).startswith("loopline.")


class Sent(msgspec.Struct, frozen=True, kw_only=True):
    """What is sent to an address, and as what."""

    query: dict[str, str] = {}
    json: dict[str, Any] | None = None
    form: dict[str, str] | None = None
    content: bytes | None = None
    media_type: str | None = None


def sent_to(address: Address, names: Mapping[str, Any]) -> Sent:
    """A request that its handler can read, about what is named where anything is."""
    asked = _QUERY if address.is_api else _QUERY_OF_PAGES.get(address.name, {})
    query = {name: str(names[of]) for name, of in asked.items()}
    if address.name in _CONTENT:
        media_type, content = _CONTENT[address.name]
        filled = content.replace("COUNT", str(names["count_id"])).replace("SALE", str(names["sale"]))
        return Sent(query=query, content=filled.encode(), media_type=media_type)
    if address.method == "GET":
        return Sent(query=query)
    body = body_of(address, {**names, **_OTHERS.get(address.name, {})})
    if address.is_api:
        return Sent(query=query, json=body if body or address.name in _EMPTY_BODIES else None)
    named = {name: str(names[of]) for name, of in _NAMED_IN_FORMS.items()}
    return Sent(query=query, form=_FORM | named | {name: str(value) for name, value in body.items()})


# What lists and readings want to be asked by; what an address does not know of it, it leaves alone.
_QUERY = {
    name: name
    for name in (
        "party",
        "from",
        "to",
        "currency",
        "country",
        "order",
        "channel",
        "site_code",
        "sku_code",
        "site",
        "price_list_code",
        "source",
        "file_name",
        "count_id",
        "day",
        "feed_code",
        "number",
        "lot_code",
        "as_at",
        "format",
        "preview_hash",
        "covers",
    )
}
# A page leads back to where it was asked from, so that it repeats what it was asked.
_QUERY_OF_PAGES = {
    "GET /earned/statement/file/{kind}": {"from": "from", "to": "to"},
    "GET /hq/statements/{party_code}/file/{kind}": {"from": "from", "to": "to"},
    "GET /store/count/seen": {"count": "count_id"},
    "GET /store/send/row": {"code": "sku_code"},
}
_OF_CONSENT = {"channel": "any"}
_OTHERS: dict[str, dict[str, Any]] = {
    "POST /api/v1/me/consents": _OF_CONSENT,
    "POST /api/v1/members/consents": _OF_CONSENT,
    "POST /api/v1/scans": {"channel": "browser"},
    "POST /api/v1/channels": {"code": "new"},
    "POST /api/v1/tax-classes": {"code": "new"},
    "POST /api/v1/tasks/collect": {"code": "AAAA2222"},
    "POST /api/v1/returns/{return_id}/photos": {"content": "aGVsbG8="},
    "POST /api/v1/tasks/photos": {"content": "aGVsbG8="},
    "POST /earned/disputes/{dispute_id}/say": {"kind": "reply"},
    "POST /hq/disputes/{dispute_id}/say": {"kind": "answer"},
    "POST /hq/tills/again": {"number": 1},
    "POST /hq/tills/settle": {"number": 1},
}
_EMPTY_BODIES = {
    "POST /api/v1/orders/{order}/cancel",
    "POST /api/v1/orders/{order}/payments",
    "POST /api/v1/orders/{order}/ship-from",
    "POST /api/v1/returns/{return_id}/sent",
    "POST /api/v1/webhooks/subscriptions/{subscription_id}/replay",
}
_DOT = (  # a picture of one pixel
    "iVBORw0KGgoAAAANSUhEUgAAAAEAAAABCAYAAAAfFcSJAAAADUlEQVR42mNk+M9QDwADhgGAWjR9awAAAABJRU5ErkJggg=="
)
_CONTENT = {
    "POST /store/photos": (
        "application/json",
        (
            f'{{"id": "019cacb3-0000-7000-8000-000000000001", "task_id": "{NOWHERE}", "key": "{NOWHERE}",'
            f' "at": "2026-03-02T12:00:00Z", "content": "{_DOT}"}}'
        ),
    ),
    "POST /store/tasks/steps": (
        "application/json",
        (
            f'{{"id": "019cacb3-0000-7000-8000-000000000001", "task_id": "{NOWHERE}", "step": "pick",'
            ' "fields": {}}'
        ),
    ),
    "POST /api/v1/bills": ("application/octet-stream", "no bill"),
    "POST /api/v1/catalogue/imports": ("text/csv", "product_code"),
    "POST /api/v1/catalogue/imports/preview": ("text/csv", "product_code"),
    "POST /api/v1/orders/bulk": ("application/x-ndjson", "{}"),
    "POST /api/v1/stock/snapshots/csv": ("text/csv", "COAT,3"),
    "POST /store/count/looks": ("application/json", '{"count_id": "COUNT", "site_code": "D", "looks": []}'),
    "POST /store/round/begin": (
        "application/json",
        '{"round_id": "019cacb3-0000-7000-8000-000000000001", "at_most": 1}',
    ),
    **dict.fromkeys(
        (f"POST /store/round/{name}" for name in ("hand-over", "notes", "put-back", "take-over")),
        ("application/json", f'{{"round_id": "{NOWHERE}"}}'),
    ),
    "POST /store/till/price-asks": (
        "application/json",
        (
            f'{{"id": "{NOWHERE}", "till_id": "{NOWHERE}", "sku_code": "COAT", "units": 1, "unit_minor": 1,'
            ' "reason": "damaged"}'
        ),
    ),
    "POST /store/till/cases": ("application/json", '{"sale": SALE}'),
    "POST /store/till/member": ("application/json", '{"said": "+8613800000001"}'),
    "POST /store/till/quote": ("application/json", '{"lines": [{"sku_code": "COAT", "units": 1}]}'),
    "POST /store/till/wallet": (
        "application/json",
        f'{{"sale": SALE, "attempt_id": "{NOWHERE}", "act": "pay", "code": "134567890123456781"}}',
    ),
    "POST /store/till/stored-value": (
        "application/json",
        f'{{"sale": SALE, "attempt_id": "{NOWHERE}", "act": "pay", "code": "+8613900000009"}}',
    ),
    "POST /store/till/sales": ("application/json", '{"sales": [SALE]}'),
}
# What a page's form says beside what it must: each page reads of it what it knows.
_FORM = {
    "reason": "x", "text": "x", "comment": "x", "note": "x", "action": "assign", "answer": "accept",
    "goods_code": "1" * 19,
    "suspicion": NOWHERE, "purpose": "ship_parcel", "site": "D", "unit": "U-D", "to": "W", "first_day": "2026-03-02",
    "last_day": "2026-03-02",
}  # fmt: skip
_NAMED_IN_FORMS = {
    "payout": "payout_id",
    "order": "order",
    "review": "review_id",
    "message": "messages/message",
    "difference": "difference_id",
    "code": "t/code",
    "source": "source",
}


def body_of(address: Address, names: Mapping[str, Any]) -> dict[str, Any]:
    """What a request sends, as its handler's types want it: only what must be there."""
    field = address.handler.parsed_data_field
    if field is None:
        return {}
    made: dict[str, Any] = _made(inspect.type_info(field.annotation), "", names)
    return made


def _made(wanted: inspect.Type, name: str, names: Mapping[str, Any]) -> Any:  # noqa: C901, PLR0911, PLR0912 - one line a type
    if name in names:
        return names[name]
    match wanted:
        case inspect.StructType(fields=fields) | inspect.DataclassType(fields=fields):
            return {
                one.encode_name: _made(one.type, one.encode_name, names)
                for one in fields
                if one.required or one.encode_name in names
            }
        case inspect.UnionType(types=types):
            return _made(next(one for one in types if not isinstance(one, inspect.NoneType)), name, names)
        case inspect.ListType(item_type=item) | inspect.VarTupleType(item_type=item):
            return [_made(item, "", names)]
        case inspect.IntType(ge=least, gt=more):
            return least if least is not None else (more + 1 if more is not None else 1)
        case inspect.EnumType(cls=cls):
            return next(iter(cls)).value
        case inspect.LiteralType(values=values):
            return values[0]
        case inspect.UUIDType():
            return NOWHERE
        case inspect.DateTimeType():
            return NOON.isoformat()
        case inspect.DateType():
            return NOON.date().isoformat()
        case inspect.BoolType():
            return False
        case inspect.FloatType():
            return 1.0
        case inspect.StrType(min_length=least):
            return "x" * max(least or 1, 1)
        case inspect.Metadata(type=inner):
            return _made(inner, name, names)
        case inspect.DictType():
            return {}
        case _:
            return "x"
