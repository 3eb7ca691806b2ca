"""The list of reviews: what waits for an answer, bad ones first; found, narrowed, and one review with its history."""

from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Any
from urllib.parse import urlencode
from uuid import UUID

import msgspec
from litestar import Response, get
from litestar.di import NamedDependency
from litestar.params import FromPath, FromQuery
from litestar.response import Template

from loopline import org, reviews
from loopline.db import Conn
from loopline.insight import board_setting
from loopline.kernel.ids import ReviewId, ReviewPictureId
from loopline.kernel.refusals import Refused
from loopline.kernel.scope import Scope
from loopline.org import Permission
from loopline.reviews import (
    About,
    FoundReview,
    Mood,
    MoodVersion,
    PictureContent,
    ReviewList,
    ReviewUnknown,
    WaitingCounts,
)
from loopline.web.api.answers import read
from loopline.web.api.cursors import encode_cursor
from loopline.web.api.refusals import NoSuchThing
from loopline.web.edge import Visitor, WebRequest, language_of
from loopline.web.hq.reviews.asked import (
    PERIODS,
    READING,
    REVIEWS,
    SAID,
    Asked,
    Scene,
    asked_of,
    place_of,
    scene_of,
    search_of,
)
from loopline.web.hq.reviews.rows import (
    ABOUT_WORDS,
    MOOD_WORDS,
    Named,
    names_of,
    person_of,
    row_of,
    steps_of,
    theme_word,
)
from loopline.web.languages import Language, marked
from loopline.web.notices import told
from loopline.web.pages import page
from loopline.web.photographs import shown

SHOWN = 40
LIST_WORDS: Mapping[ReviewList, str] = {
    ReviewList.WAITING: marked("To answer"),
    ReviewList.BAD: marked("Bad ones"),
    ReviewList.ALL: marked("All"),
    ReviewList.ANSWERED: marked("Answered"),
    ReviewList.HIDDEN: marked("Hidden"),
}
DONE_WORDS: Mapping[str, str] = {
    "hidden": marked("{count} hidden."),
    "shown": marked("{count} shown again."),
    "answered": marked("{count} answered."),
    "taken_back": marked("{count} as before."),
}
UNDONE_BY: Mapping[str, str] = {"hidden": "show", "shown": "hide", "answered": "unanswer"}


class Choice(msgspec.Struct, frozen=True, kw_only=True):
    """A way to narrow the list."""

    word: str
    link: str
    value: str
    is_chosen: bool
    count: str = ""


class Found(msgspec.Struct, frozen=True, kw_only=True):
    """What the list shows, read at one moment."""

    rows: Sequence[FoundReview]
    named: Named
    scene: Scene
    counts: WaitingCounts
    mood: MoodVersion | None


def tabs_of(asked: Asked, here: str, language: Language) -> list[Choice]:
    """Return the parts of the reviews; what both understand of the address goes along."""
    kept = Asked(site=asked.site, product=asked.product, theme=asked.theme, period=asked.period)
    parts = (
        (REVIEWS, marked("Reviews"), kept.link(REVIEWS)),
        (SAID, marked("What is said"), kept.link(SAID)),
        (READING, marked("How they are read"), READING),
    )
    return [
        Choice(word=language.say(word), link=link, value=path, is_chosen=path == here)
        for path, word, link in parts
    ]


@get(REVIEWS, sync_to_thread=True)
def show_reviews(request: WebRequest, visitor: NamedDependency[Visitor]) -> Template:
    """Show the reviews of somebody's sites, as far as the address narrows them."""
    scope = visitor.scope_of(Permission.REVIEWS_READ)
    asked, after = asked_of(request), place_of(request)

    def find(conn: Conn, now: datetime) -> Found:
        scene = scene_of(conn, asked, scope=scope)
        search = search_of(conn, asked, scene, now=now)
        rows = (
            []
            if scene.is_nowhere
            else reviews.find_reviews(conn, search, scope=scope, after=after, limit=SHOWN + 1)
        )
        return Found(
            rows=rows,
            named=names_of(conn, rows[:SHOWN], zone=scene.zone),
            scene=scene,
            counts=reviews.waiting_counts(conn, scope=scope),
            mood=reviews.mood_in_force(conn),
        )

    found = read(request, find)
    language = language_of(request)
    shown = found.rows[:SHOWN]
    return page(
        request,
        "hq/reviews.html",
        visitor=visitor,
        asked=asked,
        which=asked.which.value,
        tabs=tabs_of(asked, REVIEWS, language),
        rows=[row_of(one, found.named, asked, language) for one in shown],
        is_later_page=after is not None,
        older=_older(asked, shown[-1]) if len(found.rows) > SHOWN else "",
        sheet=asked.link(f"{REVIEWS}.xlsx"),
        by_stars=found.mood is None,
        may_moderate=may_moderate(visitor),
        may_answer=visitor.may(Permission.REVIEWS_WRITE),
        **_ways(asked, found, language),
        **_done(request, language),
    )


def may_moderate(visitor: Visitor) -> bool:
    """Tell whether somebody may hide reviews: only who writes reviews of the whole brand."""
    scope = visitor.branches.get(Permission.REVIEWS_WRITE, Scope())
    return scope.everything


def _ways(asked: Asked, found: Found, language: Language) -> dict[str, Any]:
    """Return all ways to narrow the list."""
    themes = found.named.themes
    return {
        "lists": [
            Choice(
                word=language.say(word),
                link=asked.link(list="" if one is ReviewList.WAITING else one.value),
                value=one.value,
                is_chosen=one is asked.which,
                count=_counted(one, found.counts, language),
            )
            for one, word in LIST_WORDS.items()
        ],
        "periods": choices(
            asked, "period", [(key, language.say(word)) for key, (word, _) in PERIODS.items()]
        ),
        "moods": choices(
            asked,
            "mood",
            [("", language.say("Any mood")), *((one.value, language.say(MOOD_WORDS[one])) for one in Mood)],
        ),
        "abouts": choices(
            asked,
            "about",
            [
                ("", language.say("Goods, store, experience")),
                *((one.value, language.say(ABOUT_WORDS[one])) for one in About),
            ],
        ),
        "themes": choices(
            asked,
            "theme",
            [
                ("", language.say("Any theme")),
                *((one.code, theme_word(one.code, themes, language)) for one in themes.themes),
            ],
        ),
        "sites": site_choices(asked, found.scene, language),
        "narrowed_to": _narrowed_to(asked, found, language),
    }


def site_choices(asked: Asked, scene: Scene, language: Language) -> list[Choice]:
    """Return the sites somebody may choose from."""
    return choices(
        asked,
        "site",
        [
            ("", language.say("All sites")),
            *((one.code, language.called(one.name)) for one in scene.sites),
        ],
    )


def choices(asked: Asked, field: str, values: Sequence[tuple[str, str]]) -> list[Choice]:
    """Return the ways to narrow by one field."""
    return [
        Choice(
            word=word,
            link=asked.link(**{field: value}),
            value=value,
            is_chosen=getattr(asked, field) == value,
        )
        for value, word in values
    ]


def _counted(one: ReviewList, counts: WaitingCounts, language: Language) -> str:
    if one is not ReviewList.WAITING or not counts.waiting:
        return ""
    said = language.count(counts.waiting)
    return f"{said}+" if counts.waiting >= reviews.COUNTED_MOST else said


def _narrowed_to(asked: Asked, found: Found, language: Language) -> list[Choice]:
    """What the address narrows to and no control shows: a product, who packed, stars. Each leads back without it."""
    packer = next((one.name for one in found.named.people.values() if str(one.id) == asked.packer), "")
    said = (
        ("product", asked.product and language.called(found.scene.product_name)),
        ("packer", asked.packer and language.say("packed by {name}", name=language.called(packer) or "?")),
        ("stars", asked.stars and language.say("{stars} of 5 stars", stars=asked.stars)),
    )
    return [
        Choice(word=word, link=asked.link(**{field: ""}), value=getattr(asked, field), is_chosen=True)
        for field, word in said
        if word
    ]


def _done(request: WebRequest, language: Language) -> dict[str, Any]:
    """What was done just now, and how it is undone."""
    notice = told(request)
    refused = notice.also.get("refused", "")
    word = DONE_WORDS.get(notice.done)
    ids = [one for one in notice.also.get("ids", "").split(",") if one]
    return {
        "done": language.say(word, count=notice.also["count"]) if word else "",
        "refused": language.say("{count} could not be done.", count=refused) if refused else "",
        "undo": UNDONE_BY.get(notice.done, ""),
        "undo_ids": ids if notice.done in UNDONE_BY else [],
        "problem": notice.problem,
    }


def _older(asked: Asked, last: FoundReview) -> str:
    link = asked.link()
    cursor = encode_cursor(last.id, int(last.is_bad))
    return f"{link}{'&' if '?' in link else '?'}{urlencode({'cursor': cursor})}"


@get(REVIEWS + "/{review:uuid}", sync_to_thread=True)
def show_review(request: WebRequest, visitor: NamedDependency[Visitor], review: FromPath[UUID]) -> Template:
    """Show one review: what it says, what it came to, and who said, answered and decided what."""
    scope = visitor.scope_of(Permission.REVIEWS_READ)
    review_id = ReviewId(review)
    language = language_of(request)

    def find(conn: Conn, _: datetime) -> dict[str, Any]:
        found = reviews.found_reviews(conn, [review_id], scope=scope).get(review_id)
        if found is None:
            raise Refused(ReviewUnknown(review_id=review_id))
        zone = board_setting(conn).zone
        happened = reviews.history_of_review(conn, review_id)
        people = org.people_by_id(conn, {person_of(one.actor) for one in happened})
        return {
            "one": row_of(found, names_of(conn, [found], zone=zone), Asked(list="all"), language),
            "steps": steps_of(happened, people, language, zone),
        }

    return page(
        request,
        "hq/review.html",
        visitor=visitor,
        may_moderate=may_moderate(visitor),
        may_answer=visitor.may(Permission.REVIEWS_WRITE),
        problem=told(request).problem,
        **read(request, find),
    )


@get(REVIEWS + "/{review:uuid}/pictures/{picture_id:uuid}", sync_to_thread=True)
def show_picture_said(
    request: WebRequest,
    visitor: NamedDependency[Visitor],
    review: FromPath[UUID],
    picture_id: FromPath[UUID],
    size: FromQuery[str] = "",
) -> Response[bytes]:
    """Show a picture of a review of somebody's sites, whether the review is shown or hidden."""
    scope = visitor.scope_of(Permission.REVIEWS_READ)

    def find(conn: Conn, _: datetime) -> PictureContent:
        is_theirs = bool(reviews.found_reviews(conn, [ReviewId(review)], scope=scope))
        wanted = ReviewPictureId(picture_id)
        found = reviews.picture_content(conn, wanted, is_small=size == "small") if is_theirs else None
        if found is None or found.review_id != review:
            raise Refused(NoSuchThing(noun="picture", value=str(picture_id)))
        return found

    shows = read(request, find)
    return shown(shows.content, shows.media_type)


LIST_PAGES = [show_reviews, show_review, show_picture_said]
