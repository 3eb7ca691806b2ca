"""Why a message is not applied, said in somebody's language."""

from loopline.inbox import Reason
from loopline.processes.receive import MessageNotUnderstood
from loopline.web.api.reading import bad_input
from loopline.web.languages import Language

_NOT_UNDERSTOOD = MessageNotUnderstood(said="").code


def reason_said(reason: Reason, language: Language) -> str:
    """Say a reason that was kept; what the reader of messages says of a field is said in the language too."""
    details = dict(reason.details)
    if reason.code == _NOT_UNDERSTOOD:
        problem = bad_input(str(details["said"])).problem(language)
        details["said"] = f"{problem.field}: {problem.reason}" if problem.field else problem.reason
    return language.say(reason.sentence, **details) if details else language.say(reason.sentence)
