"""How reviews are read: which model tells their mood and how well it was measured, and the words of the themes."""

import asyncio
import re
from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Any

import msgspec
from litestar import Request, get, post
from litestar.datastructures import State
from litestar.di import NamedDependency
from litestar.params import FromPath
from litestar.response import Redirect, Template

from loopline import org, reviews
from loopline.db import Conn
from loopline.insight import board_setting
from loopline.kernel.ids import PersonId
from loopline.kernel.refusals import Refusal, Refused
from loopline.org import NotAllowed, Permission, Person
from loopline.reviews import MoodVersion, Theme, ThemeList
from loopline.web.api.answers import read, run
from loopline.web.edge import Visitor, WebRequest, language_of
from loopline.web.hq.reviews.asked import READING, Asked
from loopline.web.hq.reviews.page import may_moderate, tabs_of
from loopline.web.hq.reviews.rows import moment, person_of, who
from loopline.web.languages import Language
from loopline.web.notices import telling, told
from loopline.web.pages import page

_FormRequest = Request[Any, Any, State]
_BETWEEN = re.compile(r"[\n,，、;；]+")
_OF_SENDING = "1"


class ModelRow(msgspec.Struct, frozen=True, kw_only=True):
    """A model, written down."""

    version: int
    learnt: str
    texts: str
    languages: str
    accuracy: str
    baseline: str
    held_back: str
    size: str
    published: str
    comment: str
    is_in_force: bool


class ThemeField(msgspec.Struct, frozen=True, kw_only=True):
    """A theme as it is typed."""

    code: str
    name_zh: str
    name_en: str
    words: str
    is_of_sending: bool


@get(READING, sync_to_thread=True)
def show_reading(request: WebRequest, visitor: NamedDependency[Visitor]) -> Template:
    """Show what reads reviews: the models and the words of the themes, and who put them in force."""
    visitor.scope_of(Permission.REVIEWS_READ)
    language, notice = language_of(request), told(request)

    def find(conn: Conn, _: datetime) -> dict[str, Any]:
        models, lists = reviews.mood_models(conn), reviews.theme_lists(conn)
        in_force = reviews.mood_in_force(conn)
        actors = [one.published_by for one in models] + [one.written_by for one in lists]
        people = org.people_by_id(conn, {person_of(one) for one in actors})
        zone = board_setting(conn).zone
        version = in_force.version if in_force else 0
        return {
            "models": [_model_row(one, version, people, language, zone) for one in models],
            "in_force": version,
            "themes": [_field(one) for one in reviews.themes_in_force(conn).themes],
            "lists": [_list_row(one, people, language, zone) for one in lists],
        }

    return page(
        request,
        "hq/reviews_reading.html",
        visitor=visitor,
        tabs=tabs_of(Asked(), READING, language),
        may_write=may_moderate(visitor),
        problem=notice.problem,
        done=notice.done,
        blank=ThemeField(code="", name_zh="", name_en="", words="", is_of_sending=False),
        **read(request, find),
    )


def _model_row(
    one: MoodVersion, in_force: int, people: Mapping[PersonId, Person], language: Language, zone: str
) -> ModelRow:
    measures = one.measures
    published = moment(one.published_at, zone, language)
    return ModelRow(
        version=one.version,
        learnt=moment(one.learnt_at, zone, language),
        texts=language.count(one.texts),
        languages=", ".join(one.value for one in one.languages),
        accuracy=f"{100 * measures.accuracy:.1f} %",
        baseline=f"{100 * measures.baseline:.1f} %",
        held_back=language.count(measures.held_back),
        size=f"{one.size / 1e6:.1f} MB",
        published=f"{published} {who(one.published_by, people, language)}".strip() if published else "",
        comment=one.comment or "",
        is_in_force=one.version == in_force,
    )


def _field(one: Theme) -> ThemeField:
    return ThemeField(
        code=one.code,
        name_zh=one.name_zh,
        name_en=one.name_en,
        words="，".join(one.words),
        is_of_sending=one.is_of_sending,
    )


def _list_row(
    one: ThemeList, people: Mapping[PersonId, Person], language: Language, zone: str
) -> tuple[int, str, str, str]:
    return (
        one.version,
        moment(one.written_at, zone, language),
        who(one.written_by, people, language),
        one.comment or "",
    )


@post(READING + "/models/{version:int}/publish")
async def publish_model(
    request: _FormRequest, visitor: NamedDependency[Visitor], version: FromPath[int]
) -> Redirect:
    """Let a model read from now on."""
    actor = _actor(visitor)
    form = await request.form()
    comment = str(form.get("comment", ""))

    def work(conn: Conn, now: datetime) -> int | Refusal:
        return reviews.publish_model(conn, version, comment=comment, by=actor, now=now)

    return _to(request, await asyncio.to_thread(run, request, work), "model")


@post(f"{READING}/withdraw")
async def withdraw_model(request: _FormRequest, visitor: NamedDependency[Visitor]) -> Redirect:
    """Let no model read any more: stars alone speak."""
    _actor(visitor)

    def work(conn: Conn, now: datetime) -> int:
        return reviews.withdraw_model(conn, now=now) or 0

    return _to(request, await asyncio.to_thread(run, request, work), "withdrawn")


@post(f"{READING}/themes")
async def write_themes(request: _FormRequest, visitor: NamedDependency[Visitor]) -> Redirect:
    """Put the list of themes in force as it was typed; a theme without words is left out."""
    actor = _actor(visitor)
    form = await request.form()
    columns = {
        name: [str(one) for one in form.getall(name, [])]
        for name in ("code", "name_zh", "name_en", "words", "sending")
    }
    themes = _typed(columns)
    comment = str(form.get("comment", ""))

    def work(conn: Conn, now: datetime) -> int | Refusal:
        return reviews.write_themes(conn, themes, comment=comment, by=actor, now=now)

    return _to(request, await asyncio.to_thread(run, request, work), "themes")


def _typed(columns: Mapping[str, Sequence[str]]) -> list[Theme]:
    """Return the themes of the columns of a form; a theme without words is left out."""
    rows = zip(*columns.values(), strict=False)
    return [
        Theme(
            code=code.strip(),
            name_zh=name_zh,
            name_en=name_en,
            words=tuple(word.strip() for word in _BETWEEN.split(words) if word.strip()),
            is_of_sending=sending == _OF_SENDING,
        )
        for code, name_zh, name_en, words, sending in rows
        if words.strip()
    ]


def _actor(visitor: Visitor) -> str:
    """Return who it is. Raises Refused for whoever may not write reviews of the whole brand."""
    if not may_moderate(visitor):
        raise Refused(NotAllowed(permission=Permission.REVIEWS_WRITE))
    return f"person:{visitor.person.person_id}"


def _to(request: _FormRequest, outcome: int | Refusal, done: str) -> Redirect:
    if isinstance(outcome, Refusal):
        return telling(request, READING, problem=language_of(request).refusal(outcome))
    return telling(request, READING, done=done)


READING_PAGES = [show_reading, publish_model, withdraw_model, write_themes]
