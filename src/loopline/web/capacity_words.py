"""What a site can do in a day, in words: what it says, what its days tell, and why one or the other holds."""

from loopline.insight.capacity.model import SiteCapacity, Verdict
from loopline.web.languages import Language, marked

WORDS: dict[Verdict, str] = {
    Verdict.TOO_FEW_FULL_DAYS: marked("{full} of {days} days were full: too few to tell what it can do"),
    Verdict.NEVER_AT_ITS_END: marked(
        "{full} of {days} days were full, but it often did more: no end is seen"
    ),
    Verdict.NOT_LESS: marked("By {full} full days it does what it says: {learnt} a day"),
    Verdict.NOT_MEASURED: marked(
        "By {full} full days it does {learnt} a day; too few days to measure that yet"
    ),
    Verdict.NOT_BETTER: marked(
        "By {full} full days it does {learnt} a day, but that foretold the last days no better than what it says"
    ),
    Verdict.BETTER: marked(
        "By {full} full days of {days} it does {learnt} a day. On the last days that was off by {learnt_error} a day, "
        "what it says by {stated_error}"
    ),
}


def why_word(one: SiteCapacity, language: Language) -> str:
    """Say what a site's days tell."""
    if one.verdict is None:
        return language.say("Nothing is known of its days yet")
    return language.say(
        WORDS[one.verdict],
        full=language.count(one.full_days or 0),
        days=language.count(one.days or 0),
        learnt=language.count(one.learnt_per_day or 0),
        stated_error=f"{one.stated_error or 0:.1f}",
        learnt_error=f"{one.learnt_error or 0:.1f}",
    )


def given_word(one: SiteCapacity, language: Language) -> str:
    """Say to a site that does less than it says what it is given, and why; empty where there is nothing to say."""
    if one.holds < one.stated_per_day:
        said = language.say(
            "Given {holds} instead of the {stated} it says",
            holds=language.count(one.holds),
            stated=language.count(one.stated_per_day),
        )
    elif one.learnt_per_day is None or one.learnt_per_day >= one.stated_per_day:
        return ""
    elif one.fixed_because:
        said = language.say("Given what it says: {because}", because=one.fixed_because)
    else:
        said = language.say("Given what it says")
    return f"{said} · {why_word(one, language)}"
