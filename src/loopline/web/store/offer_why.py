"""Why this store: what an offered task says of the choice behind it, without a price, to who works there."""

from loopline.fulfilment.model import Task, TaskKind
from loopline.kernel.geography import Coordinates, great_circle_kilometres
from loopline.kernel.ids import SiteId
from loopline.sourcing.model import Explanation, Verdict
from loopline.web.languages import Language

_SPARED = frozenset({Verdict.GOODS_NEEDED, Verdict.TIME_NEEDED, Verdict.KEPT})
_ABLE = frozenset({Verdict.DEARER, Verdict.TIED})


def why_here(
    task: Task,
    explained: Explanation | None,
    *,
    here: Coordinates,
    there: Coordinates | None,
    language: Language,
) -> str:
    """Say why a task is offered to its site; `here` the site, `there` the customer, where that is known."""
    if task.kind is TaskKind.COLLECT:
        return language.say("The customer comes to you for it")
    sites: set[SiteId] = {one.site_id for one in explained.chosen} if explained else set()
    has_part = len(sites) > 1
    said = [_what_is_here(language, has_part=has_part, away=_away(here, there, language))]
    if explained is not None and task.site_id in sites:
        said.append(_beside_others(explained, language, has_part=has_part))
    return " · ".join(said)


def _what_is_here(language: Language, *, has_part: bool, away: str) -> str:
    if has_part:
        return (
            language.say("You have part of it, {away} from the customer", away=away)
            if away
            else language.say("You have part of it")
        )
    if away:
        return language.say("You have all of it, {away} from the customer", away=away)
    return language.say("You have all of it")


def _beside_others(explained: Explanation, language: Language, *, has_part: bool) -> str:
    found = [one.verdict for one in explained.eliminated]
    if Verdict.EXCLUDED in found or Verdict.DARK in found:
        return language.say("another store could not send it, you are next")
    if has_part:
        return language.say("the rest comes from elsewhere")
    if _SPARED.intersection(found):
        return language.say("stores that cost less are needed for other orders")
    able = sum(one in _ABLE for one in found)
    if able:
        return language.say(
            "of {count} stores that could send it, none costs less", count=language.count(able + 1)
        )
    return language.say("no other store can send it now")


def _away(here: Coordinates, there: Coordinates | None, language: Language) -> str:
    if there is None:
        return ""
    kilometres = great_circle_kilometres(here, there)
    if kilometres < 1:
        return language.say("less than 1 km")
    return language.say("{count} km", count=language.count(round(kilometres)))
