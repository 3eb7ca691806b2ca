"""The description of the API (OpenAPI 3.1), as the framework derives it from the handlers, made exact and readable.

Strict bodies say so, names lose their modules, every operation says in a sentence what it does, commands name the
header that lets them be sent twice, and refusals to come again say when.
"""

import re
from collections.abc import Iterator
from typing import Any, cast

import msgspec
from litestar import Request
from litestar._openapi.schema_generation.plugins.struct import (
    StructSchemaPlugin,
)
from litestar.enums import MediaType
from litestar.openapi.plugins import JsonRenderPlugin
from litestar.openapi.spec import Schema

from loopline.web.api.answers import IDEMPOTENCY_HEADER

_GENERIC = re.compile(r"^(?P<shape>[A-Za-z]+)_(?P<inner>[\w.]+)_$")
_REFERENCE = "#/components/schemas/"
_METHODS = frozenset({"get", "post", "put", "patch", "delete"})
_WAITING_STATUSES = ("429", "503")
# Their answers hold a secret, or nothing worth keeping.
_NEVER_KEPT = frozenset(
    {
        "begin_session",
        "end_session",
        "make_api_keys",
        "set_passwords",
        "examine_books",
        "preview_import",
        "place_orders_in_bulk",
    }
)

_TAKE_FILES = frozenset({"preview_import", "apply_import"})
_FILE = {"content": {"application/octet-stream": {"schema": {"type": "string"}}}, "required": True}
_TAKE_LINES = frozenset({"place_orders_in_bulk"})
_LINES = {
    "content": {
        "application/x-ndjson": {
            "schema": {"type": "string", "description": "One OrderAsk, as JSON, in each line."}
        }
    },
    "required": True,
}
_IDEMPOTENCY = {
    "name": IDEMPOTENCY_HEADER.title(),
    "in": "header",
    "required": False,
    "description": (
        "1 to 255 visible ASCII characters. The first answer is kept for a day and given again to a repeat; the same "
        "key with another body is a conflict."
    ),
    "schema": {"type": "string", "minLength": 1, "maxLength": 255, "pattern": "^[\\x21-\\x7e]+$"},
}
_RETRY_AFTER = {
    "Retry-After": {"description": "Seconds to wait.", "schema": {"type": "integer", "minimum": 1}}
}


class StrictStructs(StructSchemaPlugin):
    """Says of a body that knows no other fields that it knows none."""

    def to_openapi_schema(self, field_definition: Any, schema_creator: Any) -> Schema:
        """Describe a record."""
        schema = super().to_openapi_schema(field_definition, schema_creator)
        struct: type[msgspec.Struct] = field_definition.type_
        if getattr(struct, "__struct_config__", None) and struct.__struct_config__.forbid_unknown_fields:
            schema.additional_properties = False
        return schema


class ApiDocument(JsonRenderPlugin):
    """Serves the description."""

    def __init__(self) -> None:
        super().__init__(path="/", media_type=MediaType.JSON)
        self._rendered: bytes | None = None

    def render(self, request: Request[Any, Any, Any], openapi_schema: dict[str, Any]) -> bytes:
        """Return the description as JSON, made once."""
        if self._rendered is None:
            derived = msgspec.json.decode(self.render_json(request, openapi_schema))  # pyright: ignore[reportUnknownMemberType]
            self._rendered = msgspec.json.encode(described(derived))
        return self._rendered


def described(document: dict[str, Any]) -> dict[str, Any]:
    """Return a description made exact and readable, from what the framework derived, as plain values."""
    names = _readable_names(document["components"]["schemas"])
    made: dict[str, Any] = _rewritten(document, names=names)
    components = made["components"]
    components["schemas"] = {names[name]: schema for name, schema in components["schemas"].items()}
    for method, operation in _operations(made):
        _describe(method, operation)
    tags = sorted({tag for _, operation in _operations(made) for tag in operation.get("tags", [])})
    return made | {"tags": [{"name": tag} for tag in tags]}


def _readable_names(schemas: dict[str, Any]) -> dict[str, str]:
    """Return the new name of each component: `Batch_a.module.SkuAsk_` becomes `BatchOfSkuAsk` where that is free."""
    names = dict.fromkeys(schemas, "")
    for name in schemas:
        found = _GENERIC.match(name)
        wanted = f"{found['shape']}Of{found['inner'].rsplit('.', 1)[-1]}" if found else name
        taken = wanted in schemas or wanted in names.values()
        names[name] = name if taken or not found else wanted
    return names


def _rewritten(value: Any, *, names: dict[str, str]) -> Any:
    if isinstance(value, dict):
        fields = cast("dict[str, Any]", value)
        made = {key: _rewritten(one, names=names) for key, one in fields.items()}
        reference = made.get("$ref")
        if isinstance(reference, str) and reference.startswith(_REFERENCE):
            made["$ref"] = _REFERENCE + names[reference.removeprefix(_REFERENCE)]
        return made
    if isinstance(value, list):
        return [_rewritten(one, names=names) for one in cast("list[Any]", value)]
    # Bounds of whole numbers come as floats; as such they read badly, and large ones lose their last digits.
    return int(value) if isinstance(value, float) and value.is_integer() else value


def _operations(document: dict[str, Any]) -> Iterator[tuple[str, dict[str, Any]]]:
    for path in document["paths"].values():
        for method, operation in path.items():
            if method in _METHODS:
                yield method, operation


def _describe(method: str, operation: dict[str, Any]) -> None:
    said = " ".join((operation.get("description") or "").split())
    if said:
        operation["summary"] = said.split(". ", 1)[0].rstrip(".")
    if method == "post" and operation["operationId"] not in _NEVER_KEPT:
        operation.setdefault("parameters", []).append(_IDEMPOTENCY)
    if operation["operationId"] in _TAKE_FILES:
        operation["requestBody"] = _FILE
    if operation["operationId"] in _TAKE_LINES:
        operation["requestBody"] = _LINES
    for status in _WAITING_STATUSES:
        if status in operation["responses"]:
            operation["responses"][status]["headers"] = _RETRY_AFTER
