"""Ladders in words, for whoever climbs them and whoever sets them."""

from collections.abc import Iterable

import msgspec

from loopline.sharing.ladders import LadderWay, NewLadder, Standing, Step
from loopline.sharing.model import Role
from loopline.web.languages import Language, marked

WAY_WORDS: dict[LadderWay, str] = {
    LadderWay.WHOLE: marked("of all the turnover"),
    LadderWay.ABOVE: marked("of what lies above the step"),
}
ROLE_NAMES: dict[Role, str] = {
    Role.DEALER: marked("Dealer"),
    Role.STORE: marked("Store"),
    Role.GUIDE: marked("Guide"),
    Role.SHIPPING_SITE: marked("Site that sends"),
    Role.STREAMER: marked("Streamer"),
    Role.PLATFORM: marked("Platform"),
    Role.INTRODUCER: marked("Who brought the member"),
    Role.TERRITORY: marked("Dealer of the territory"),
    Role.GOODS_OWNER: marked("Owner of the goods"),
    Role.PAYMENT_FEE: marked("Payment provider"),
    Role.MARKETING_FUND: marked("Marketing fund"),
}


class Climb(msgspec.Struct, frozen=True, kw_only=True):
    """How a party stands on a ladder, written down. `reached` is the part of the way to the next step, 0 to 100."""

    about: str
    volume: str
    bonus: str
    following: str
    reached: int
    is_open: bool


def steps_said(ladder: NewLadder, language: Language) -> list[str]:
    """Write each step: from which turnover on which rate."""
    return [_step(step, ladder, language) for step in ladder.steps]


def _step(step: Step, ladder: NewLadder, language: Language) -> str:
    return language.say(
        "from {amount}: {rate} %",
        amount=language.money(step.from_minor, ladder.currency),
        rate=f"{step.basis_points / 100:g}",
    )


def climbs(standings: Iterable[Standing], language: Language) -> list[Climb]:
    """Write how a party stands on its ladders."""
    return [_climb(one, language) for one in standings]


def _climb(one: Standing, language: Language) -> Climb:
    ladder, following = one.ladder, one.next_step
    return Climb(
        about=f"{language.say(ROLE_NAMES[ladder.role])} · {language.say(WAY_WORDS[ladder.way])}",
        volume=language.money(one.volume_minor, ladder.currency),
        bonus=language.money(one.bonus_minor, ladder.currency),
        following=""
        if following is None
        else language.say(
            "{amount} more, and it is {rate} %",
            amount=language.money(following.from_minor - one.volume_minor, ladder.currency),
            rate=f"{following.basis_points / 100:g}",
        ),
        reached=100 if following is None else max(0, one.volume_minor * 100 // following.from_minor),
        is_open=one.is_open,
    )
