"""The description of the API is valid OpenAPI 3.1, and says of every operation what it does, needs and answers."""

from collections.abc import Generator
from typing import Any

import pytest
from litestar import Litestar
from litestar.testing import TestClient
from openapi_spec_validator import OpenAPIV31SpecValidator

from loopline.web.api.document import StrictStructs
from loopline.web.app import api_description, api_router

METHODS = {"get", "post", "put", "patch", "delete"}
NEVER_KEPT = {
    "begin_session",
    "end_session",
    "make_api_keys",
    "set_passwords",
    "examine_books",
    "preview_import",
}


@pytest.fixture(scope="module")
def document() -> Generator[dict[str, Any], None, None]:
    """As it is served: it needs no database."""
    app = Litestar(
        [api_router()],
        openapi_config=api_description(),
        plugins=[StrictStructs()],
        logging_config=None,
    )
    with TestClient(app) as client:
        answer = client.get("/api/v1/openapi.json")
        assert answer.headers["content-type"] == "application/json"
        yield answer.json()


def operations(document: dict[str, Any]) -> list[tuple[str, str, dict[str, Any]]]:
    return [
        (path, method, operation)
        for path, methods in document["paths"].items()
        for method, operation in methods.items()
        if method in METHODS
    ]


def test_it_is_valid(document: dict[str, Any]):
    assert document["openapi"].startswith("3.1")
    OpenAPIV31SpecValidator(document).validate()
    assert len(operations(document)) > 100


def test_every_operation_has_a_name_a_sentence_and_a_tag(document: dict[str, Any]):
    names = [operation["operationId"] for _, _, operation in operations(document)]
    assert sorted(names) == sorted(set(names))
    said = {operation["operationId"]: operation for _, _, operation in operations(document)}
    assert [name for name, one in said.items() if not one.get("description")] == []
    assert [name for name, one in said.items() if " " not in one["summary"]] == []
    assert [name for name, one in said.items() if len(one.get("tags", [])) != 1] == []
    assert {tag["name"] for tag in document["tags"]} == {one["tags"][0] for one in said.values()}


def test_every_operation_says_who_may_call_and_what_can_go_wrong(document: dict[str, Any]):
    assert document["components"]["securitySchemes"]["bearer"]["scheme"] == "bearer"
    for _, _, operation in operations(document):
        name = operation["operationId"]
        assert {"bearer": []} in operation["security"] or operation["security"] == [{}], name
        for status in ("400", "429", "503"):
            (kind,) = operation["responses"][status]["content"]
            assert kind == "application/problem+json", name
        assert "Retry-After" in operation["responses"]["429"]["headers"], name


def test_bodies_say_that_they_know_no_other_fields(document: dict[str, Any]):
    schemas = document["components"]["schemas"]
    lax = [
        operation["operationId"]
        for _, _, operation in operations(document)
        for content in operation.get("requestBody", {}).get("content", {}).values()
        if (name := content["schema"].get("$ref", "").removeprefix("#/components/schemas/"))
        if schemas[name].get("additionalProperties") is not False
    ]
    assert lax == []


def test_names_are_readable_and_bounds_are_whole(document: dict[str, Any]):
    schemas = document["components"]["schemas"]
    assert [name for name in schemas if "." in name or name.endswith("_")] == []
    assert "BatchOfSkuAsk" in schemas
    amount = schemas["PriceAsk"]["properties"]["unit_minor"]
    assert amount["maximum"] == 10**13
    assert isinstance(amount["maximum"], int)


def test_commands_name_the_header_that_lets_them_be_sent_twice(document: dict[str, Any]):
    for _, method, operation in operations(document):
        names = [one["name"] for one in operation.get("parameters", []) if one["in"] == "header"]
        if method == "post" and operation["operationId"] in NEVER_KEPT:
            assert "Idempotency-Key" not in names, operation["operationId"]
    orders = document["paths"]["/api/v1/stock/facts"]["post"]
    assert [one["name"] for one in orders["parameters"]] == ["Idempotency-Key"]
