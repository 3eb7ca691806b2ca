"""The whole API against its own description, with every role's key: whatever is sent, the answer is one it describes.

Real HTTP, real PostgreSQL, a brand in the middle of its day. Afterwards the books must still be right.
"""

import random
import re
from collections.abc import Generator, Iterator
from contextlib import contextmanager, nullcontext, suppress
from typing import Any, TypeAlias, cast

import httpx
import msgspec
import pytest
import requests
import schemathesis
from hypothesis import HealthCheck, Phase, given
from hypothesis import settings as hypothesis_settings
from hypothesis.errors import Unsatisfiable
from schemathesis import GenerationMode
from schemathesis import checks as server_checks
from schemathesis.specs.openapi import checks as contract_checks

from loopline.customers.keys import open_key_ring
from loopline.customers.sessions import MemberSession, begin_sessions
from loopline.db import Database
from loopline.db.embedded import EmbeddedServer
from loopline.db.followers import catch_up
from loopline.jobs.followers import FOLLOWERS
from loopline.kernel.scope import WHOLE_BRAND
from loopline.org import Role
from loopline.processes.doctor import ALL_CHECKS, examine
from loopline.processes.place import Placed, place
from loopline.processes.source import source_wave
from tests.make.api import PLENTY, make_key, role_key
from tests.make.customers import member, phone, registered
from tests.make.databases import database_from
from tests.make.loop import hand_over_everything, pay_for
from tests.make.org import succeeded
from tests.make.shop import NOON, Shop, ask, open_shop, till_sale
from tests.make.web import data_directory, served, settings

# Lines are text; the tool sends text it is given a spelling for.
cast("Any", schemathesis).serializer.alias("application/x-ndjson", "text/plain")

# The tool's own types are generic in ways it does not spell out itself.
Operation: TypeAlias = Any
Sent: TypeAlias = Any

_SERVER, _CONTRACT = cast("Any", server_checks), cast("Any", contract_checks)
CHECKS: list[Any] = [
    _SERVER.not_a_server_error,
    _CONTRACT.status_code_conformance,
    _CONTRACT.content_type_conformance,
    _CONTRACT.response_schema_conformance,
    _CONTRACT.negative_data_rejection,
]
# What checks say of how a brand is set up, not of its books: a fuzzed catalogue is no complete one.
OF_SETTING_UP = {"every_sku_has_a_tax_rate"}
# A parameter that a path does not know is left alone, as everywhere on the web; whoever calls is put back in.
UNKNOWN_PARAMETER = "query: violates `additionalProperties`"
ALL_HEALTH_CHECKS = cast("list[HealthCheck]", list(HealthCheck))
PATIENCE_SECONDS = 60
BRANCHES = {
    Role.HQ_OPERATIONS: "HX",
    Role.FINANCE: "HX",
    Role.MARKETING: "EAST",
    Role.DEALER: "DEALER",
    Role.STORE_MANAGER: "U-S",
    Role.GUIDE: "U-S",
    Role.PACKER: "U-W",
    Role.STREAMER: "HX",
    Role.CUSTOMER_SERVICE: "HX",
    Role.AUDITOR: "HX",
}


class Business(msgspec.Struct, frozen=True, kw_only=True):
    """A served brand, its description, a token for each kind of caller, and names that mean something there."""

    base: str
    database: Database
    document: dict[str, Any]
    tokens: dict[str, str | None]
    known: dict[str, list[Any]]

    def operations(self) -> Iterator[Operation]:
        schema: Any = schemathesis.openapi.from_dict(self.document)
        for found in schema.get_all_operations():
            yield found.ok()

    def headers(self, caller: str) -> dict[str, str]:
        token = self.tokens[caller]
        return {"authorization": f"Bearer {token}"} if token else {}


@pytest.fixture(scope="module")
def business(server: EmbeddedServer, template: str) -> Generator[Business, None, None]:
    with contextmanager(database_from)(server, template) as database:
        known = open_for_business(database)
        tokens: dict[str, str | None] = {"everything": make_key(database, branch="HX")}
        tokens |= {role.value: role_key(database, role, branch=branch) for role, branch in BRANCHES.items()}
        tokens |= {"member": member_token(database), "nobody": None}
        with served(database, settings(rates=PLENTY), clock=lambda: NOON) as base:
            yield Business(
                base=base,
                database=database,
                document=description(base),
                tokens=tokens,
                known=known,
            )


def open_for_business(database: Database) -> dict[str, list[Any]]:
    """Found the brand, sell and hand over, and leave work under way; the names of what there is, by field."""
    with database.transaction() as conn:
        shop = open_shop(conn, units=1_000)
        placed = succeeded(
            place(conn, [ask(shop, "W-1"), till_sale(shop, "T-1")], scope=WHOLE_BRAND, now=NOON)
        )
        for one in placed:
            assert isinstance(one, Placed)
            pay_for(conn, shop, one)
        tasks = hand_over_everything(conn, now=NOON)
        waiting = succeeded(place(conn, [ask(shop, "W-2"), ask(shop, "W-3")], scope=WHOLE_BRAND, now=NOON))
        for one in waiting:  # what is tried may hand them over, and then all of it is due
            assert isinstance(one, Placed)
            pay_for(conn, shop, one)
        tasks += source_wave(conn, now=NOON).tasks
        order_ids = [str(one.order_id) for one in (*placed, *waiting) if isinstance(one, Placed)]
        rule_sets = [str(row[0]) for row in conn.execute("select id from sharing.rule_set")]
        lines = [str(row[0]) for row in conn.execute("select line_id from orders.line order by line_id")]
    catch_up(database, FOLLOWERS, now=NOON)
    return names_of(shop) | {
        "order": order_ids,
        "order_id": order_ids,
        "line_id": lines,
        "task_id": [str(task) for task in tasks],
        "rule_set_id": rule_sets,
    }


def names_of(shop: Shop) -> dict[str, list[Any]]:
    skus, sites, parties = list(shop.skus), list(shop.sites), list(shop.parties)
    units = ["HX", "EAST", "DEALER", "U-W", "U-S", "U-D"]
    return {
        "sku_code": skus,
        "product_code": skus,
        "site_code": sites,
        "unit_code": units,
        "parent_code": units,
        "party_code": parties,
        "guide_code": ["GUIDE"],
        "dealer_code": ["DEALER"],
        "entity_code": ["BRAND-CO", "DEALER-CO"],
        "seller_code": ["BRAND-CO", "DEALER-CO"],
        "owner_code": ["BRAND-CO", "DEALER-CO"],
        "price_list_code": ["BASE"],
        "channel": ["web", "till"],
        "channels": [["web"]],
        "currency": ["CNY"],
        "country": ["CN"],
        "tax_class": ["standard"],
        "time_zone": ["Asia/Shanghai"],
        "region_code": ["310000"],
        "sign_in_name": ["lin"],
        "network_node_id": [str(shop.network)],
        "parent_id": [str(shop.network)],
        "gateway": ["sandbox"],
        "id": [None],
        "cursor": [None],
    }


def member_token(database: Database) -> str:
    with database.transaction() as conn:
        keys = open_key_ring(data_directory() / "keys")
        (member_id,) = registered(conn, [member(phone(7))], keys=keys)
        (session,) = begin_sessions(conn, [member_id], now=NOON)
        assert isinstance(session, MemberSession)
        return session.token


def description(base: str) -> dict[str, Any]:
    """The description without the header that makes a repeat of everything; that has tests of its own."""
    document: dict[str, Any] = (
        httpx.get(f"{base}/api/v1/openapi.json", timeout=PATIENCE_SECONDS).raise_for_status().json()
    )
    for path in document["paths"].values():
        for operation in path.values():
            kept = [one for one in operation.get("parameters", []) if one["in"] != "header"]
            operation["parameters"] = kept
    return document


def with_known_names(value: Any, *, known: dict[str, list[Any]], chance: random.Random) -> Any:
    """Name what there is in most places where something is named: so that more than the first look-up is tried."""
    if isinstance(value, list):
        return [with_known_names(one, known=known, chance=chance) for one in cast("list[Any]", value)]
    if not isinstance(value, dict):
        return value
    made: dict[str, Any] = {}
    for name, one in cast("dict[str, Any]", value).items():
        names = known.get(name)
        if names == [None] and chance.random() < 0.9:
            continue  # left out: it is optional, and anything made up is refused before anything is looked up
        if names and names != [None] and chance.random() < 0.9:
            made[name] = chance.choice(names)
        else:
            made[name] = with_known_names(one, known=known, chance=chance)
    return made


def is_a_list_of_one(case: Sent, said: str) -> bool:
    """Whether all that was wrong is a lone value where a query takes a list: on the wire that is a list of one."""
    found = re.findall(r"violates .* at /properties/(\w+)", said)
    lists = {
        one["name"]
        for one in case.operation.definition.raw.get("parameters", ())
        if one["in"] == "query" and '"array"' in msgspec.json.encode(one["schema"]).decode()
    }
    sent = cast("dict[str, Any]", case.query or {})
    return bool(found) and all(one in lists and not isinstance(sent.get(one), list | dict) for one in found)


class Trial:
    """Sends cases, and collects what the answers broke of the contract."""

    def __init__(self, business: Business) -> None:
        self.business = business
        self.session = requests.Session()
        self.chance = random.Random(20_260_302)
        self.broken: list[str] = []
        self.statuses: dict[int, int] = {}

    def realistic(self, case: Sent) -> Sent:
        known = self.business.known
        case.body = with_known_names(case.body, known=known, chance=self.chance)
        for name, value in list(case.path_parameters.items()):
            if name in known and self.chance.random() < 0.9:
                case.path_parameters[name] = self.chance.choice(known[name])
            else:
                case.path_parameters[name] = value
        case.query = with_known_names(case.query, known=known, chance=self.chance)
        return case

    def send(self, case: Sent, *, caller: str) -> int:
        if caller == "member" and case.method == "DELETE":
            return 0  # who signs out here is nobody in all that follows
        headers = self.business.headers(caller)
        answer = case.call(
            base_url=self.business.base, session=self.session, headers=headers, timeout=PATIENCE_SECONDS
        )
        self.statuses[answer.status_code] = self.statuses.get(answer.status_code, 0) + 1
        try:
            case.validate_response(answer, checks=CHECKS, headers=headers)
        except BaseExceptionGroup as failures:
            wrong = [
                one
                for one in map(str, failures.exceptions)
                if UNKNOWN_PARAMETER not in one and not is_a_list_of_one(case, one)
            ]
            if not wrong:
                return answer.status_code
            said = "; ".join(one[:600] for one in wrong)
            sent = f"{case.method} {case.formatted_path} {case.query!r} {case.body!r}"[:600]
            self.broken.append(f"{caller}: {sent}\n  {answer.status_code} {answer.text[:300]}\n  {said}")
        return answer.status_code

    def end(self) -> None:
        self.session.close()
        assert self.broken == [], "\n\n".join(self.broken[:10])


def try_operation(operation: Operation, trial: Trial, *, mode: GenerationMode, examples: int) -> None:
    """Send generated cases of one operation, each as who may do everything and as somebody else."""
    others = [caller for caller in trial.business.tokens if caller != "everything"]

    @hypothesis_settings(
        max_examples=examples,
        database=None,
        deadline=None,
        derandomize=True,
        suppress_health_check=ALL_HEALTH_CHECKS,
        phases=[Phase.generate],
    )
    @given(case=operation.as_strategy(generation_mode=mode))
    def attempt(case: Sent) -> None:
        wanted = trial.realistic(case) if mode is GenerationMode.POSITIVE else case
        trial.send(wanted, caller="everything")
        trial.send(wanted, caller=trial.chance.choice(others))

    # Where no client can send anything wrong (any text is a name of a path), there is nothing to try.
    with suppress(Unsatisfiable) if mode is GenerationMode.NEGATIVE else nullcontext():
        attempt()


def books_are_right(business: Business) -> None:
    catch_up(business.database, FOLLOWERS, now=NOON)
    with business.database.reading() as conn:
        report = examine(conn, checks=ALL_CHECKS)
    wrong = [
        (one.name, one.findings) for one in report.checks if not one.ok and one.name not in OF_SETTING_UP
    ]
    assert wrong == []


def try_everything(business: Business, *, examples: int) -> Trial:
    trial = Trial(business)
    for operation in business.operations():
        try_operation(operation, trial, mode=GenerationMode.POSITIVE, examples=examples)
        try_operation(operation, trial, mode=GenerationMode.NEGATIVE, examples=max(1, examples // 2))
    return trial


def test_whatever_is_sent_the_answer_is_one_it_describes(business: Business) -> None:
    trial = try_everything(business, examples=2)
    trial.end()
    assert sum(trial.statuses.values()) > 400
    assert trial.statuses[200] > 50
    books_are_right(business)


def test_every_role_is_answered_as_described_and_nobody_is_let_in(business: Business) -> None:
    trial = Trial(business)
    let_in: list[str] = []
    open_to_all = {
        operation["operationId"]
        for path in business.document["paths"].values()
        for operation in path.values()
        if {} in operation["security"]
    }
    for operation in business.operations():
        case = trial.realistic(plainest(operation))
        for caller in business.tokens:
            status = trial.send(case, caller=caller)
            name = operation.definition.raw["operationId"]
            if caller == "nobody" and name not in open_to_all and status not in {401, 400}:
                let_in.append(f"{name}: {status}")
    trial.end()
    assert let_in == []


def plainest(operation: Operation) -> Sent:
    """The first valid case there is."""
    found: list[Sent] = []

    @hypothesis_settings(
        max_examples=1,
        database=None,
        deadline=None,
        derandomize=True,
        suppress_health_check=ALL_HEALTH_CHECKS,
        phases=[Phase.generate],
    )
    @given(case=operation.as_strategy())
    def take(case: Sent) -> None:
        found.append(case)

    take()
    return found[0]


@pytest.mark.slow
def test_whatever_is_sent_much_longer(business: Business) -> None:
    try_everything(business, examples=40).end()
    books_are_right(business)
