"""Every word of an order's page is there: for each value of each enum, for each event that tells of an order."""

import importlib
import pkgutil
from collections.abc import Iterator, Mapping
from enum import StrEnum
from typing import Any

import pytest

import loopline.processes
from loopline.kernel.events import EventBody
from loopline.orders import Delivery, OrderStage
from loopline.payments import ExceptionKind
from loopline.pricing import Level
from loopline.processes.index import ORDER_TYPES
from loopline.returns.model import BlindState, Reason
from loopline.sharing.model import Base, Per, Role, RuleRow
from loopline.sourcing.model import Method, UnfilledReason, Verdict
from loopline.touchpoints import CreditBasis, CreditRole, TouchpointKind
from loopline.web.hq.board_view import STAGE_WORDS
from loopline.web.hq.order_timeline import MOMENT_TONES, MOMENT_WORDS
from loopline.web.hq.order_words import (
    BASIS_WORDS,
    BLIND_WORDS,
    CREDIT_ROLE_WORDS,
    EXCEPTION_WORDS,
    LEVEL_WORDS,
    RETURN_WORDS,
    SOLVED_WORDS,
    TOUCH_WORDS,
    UNFILLED_WORDS,
    VERDICT_WORDS,
    method_word,
)
from loopline.web.languages import languages
from loopline.web.rule_words import DELIVERY_WORDS, ROLE_WORDS, rule_sentence

EN, ZH = languages()["en"], languages()["zh"]
TABLES: list[tuple[type[StrEnum], Mapping[Any, str]]] = [
    (ExceptionKind, EXCEPTION_WORDS),
    (Level, LEVEL_WORDS),
    (Verdict, VERDICT_WORDS),
    (Method, SOLVED_WORDS),
    (UnfilledReason, UNFILLED_WORDS),
    (Role, ROLE_WORDS),
    (CreditRole, CREDIT_ROLE_WORDS),
    (CreditBasis, BASIS_WORDS),
    (TouchpointKind, TOUCH_WORDS),
    (Reason, RETURN_WORDS),
    (BlindState, BLIND_WORDS),
]


@pytest.mark.parametrize(("values", "words"), TABLES, ids=lambda one: getattr(one, "__name__", ""))
def test_every_value_has_its_word(values: type[StrEnum], words: Mapping[Any, str]):
    assert set(words) == set(values)


def test_every_stage_delivery_and_event_has_its_word():
    assert set(STAGE_WORDS) == {stage.value for stage in OrderStage}
    assert set(DELIVERY_WORDS) == {one.value for one in Delivery}
    assert set(MOMENT_WORDS) >= ORDER_TYPES
    assert set(MOMENT_TONES) <= set(MOMENT_WORDS)


@pytest.mark.parametrize(
    ("row", "english", "chinese"),
    [
        (RuleRow(role=Role.BRAND, remainder=True), "what the others leave", "其余各方分完后的余额"),
        (RuleRow(role=Role.GUIDE, basis_points=300), "3% of the net amount", "净额的 3%"),
        (RuleRow(role=Role.GUIDE, basis_points=1_250), "12.5% of the net amount", "净额的 12.5%"),
        (RuleRow(role=Role.STORE, amount_minor=150), "CN¥1.50 for each unit", "每件 ¥1.50"),
        (
            RuleRow(role=Role.DEALER, basis_points=600, bound=True, channels=("web", "till")),
            "6% of the net amount · member is theirs · Web shop or Till",
            "净额的 6% · 会员绑定于此 · 网店 或 收银台",
        ),
        (
            RuleRow(role=Role.DEALER, basis_points=400, bound=False, deliveries=("collect",), categories=("裙",)),
            "4% of the net amount · member is not theirs · 裙 · Collected in store",
            "净额的 4% · 会员未绑定于此 · 裙 · 到店自提",
        ),
        (
            RuleRow(role=Role.GUIDE, basis_points=500, base=Base.PAID, floor_minor=100, cap_minor=5_000),
            "5% of what is paid, at least CN¥1.00 each, at most CN¥50.00 each",
            "实付金额的 5%，每件不低于 ¥1.00，每件不超过 ¥50.00",
        ),
        (
            RuleRow(role=Role.TERRITORY, amount_minor=200, per=Per.PARCEL, regions=("310100", "32"), owners=("BRAND",)),
            "CN¥2.00 for each parcel · Shanghai or region 32 · goods of BRAND",
            "每个包裹 ¥2.00 · 上海市 或 地区 32 · BRAND 的货",
        ),
        (
            RuleRow(role=Role.DEALER, level=2, basis_points=100),
            "1% of the net amount · for bringing who did it",
            "净额的 1% · 因带来服务者",
        ),
    ],
)  # fmt: skip
def test_a_rule_is_said_in_words(row: RuleRow, english: str, chinese: str):
    assert rule_sentence(row, "CNY", EN) == english
    assert rule_sentence(row, "CNY", ZH) == chinese


@pytest.mark.parametrize(
    ("method", "word"), [("cash", "Cash"), ("sandbox", "Sandbox gateway"), ("wechat", "wechat"), (None, "")]
)
def test_a_way_to_pay_has_its_word_or_its_name(method: str | None, word: str):
    assert method_word(method, EN) == word


def test_whatever_is_told_of_an_order_or_its_return_has_its_word():
    """An event that names an order is read on its page: whoever adds one says it in words."""
    for module in pkgutil.walk_packages(loopline.processes.__path__, "loopline.processes."):
        importlib.import_module(module.name)
    told = {
        body.type_name()
        for body in _bodies(EventBody)
        if {"order_id", "return_id", "return_line_id"} & set(body.__struct_fields__)
    }
    assert told - set(MOMENT_WORDS) == {
        "money_taken",
        "review_written",
    }  # told of the payment's, the review's own


def _bodies(body: type[EventBody]) -> Iterator[type[EventBody]]:
    for inner in body.__subclasses__():
        if inner.__module__.startswith("loopline."):
            yield inner
        yield from _bodies(inner)
