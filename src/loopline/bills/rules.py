"""Pure decisions of bills: whether a source can be kept, and what may become of a difference."""

import re
from enum import StrEnum
from zoneinfo import ZoneInfoNotFoundError

import msgspec

from loopline.bills.model import (
    Correction,
    Difference,
    DifferenceClass,
    DifferenceId,
    DifferenceState,
    Layout,
    Mapping,
    NewSource,
    SourceKind,
)
from loopline.bills.refusals import (
    BillWhy,
    DifferenceClosed,
    DifferenceNeedsANote,
    NothingToCorrect,
    SourceMisfit,
    TooYoungToCorrect,
)
from loopline.kernel.refusals import Refusal
from loopline.kernel.times import zone

NOTE_MAX = 500
_CURRENCY = re.compile("[A-Z]{3}")


class Action(StrEnum):
    """What somebody does with a difference: take it on, explain it, tell the other party, correct it, open it again."""

    ASSIGN = "assign"
    EXPLAIN = "explain"
    TELL = "tell"
    CORRECT = "correct"
    REOPEN = "reopen"


class Act(msgspec.Struct, frozen=True, kw_only=True):
    """What somebody does with one difference. `owner` is who takes it on; `correction` what the entry says it was."""

    difference_id: DifferenceId
    action: Action
    note: str = ""
    owner: str = ""
    correction: Correction | None = None


_BECOMES = {
    Action.EXPLAIN: DifferenceState.EXPLAINED,
    Action.TELL: DifferenceState.TOLD,
    Action.CORRECT: DifferenceState.CORRECTED,
    Action.REOPEN: DifferenceState.OPEN,
}
_REOPENED = frozenset({DifferenceState.TOLD, DifferenceState.EXPLAINED})


def acted(difference: Difference, act: Act) -> Difference | Refusal:
    """Return a difference as it stands after an act; its entry, where one corrects it, is for the caller to post."""
    is_open = difference.state in _REOPENED if act.action is Action.REOPEN else difference.is_standing
    if not is_open:
        return DifferenceClosed(difference_id=difference.id, state=difference.state)
    if act.action is Action.ASSIGN:
        return msgspec.structs.replace(difference, owner=act.owner)
    note = act.note.strip()
    if not note or len(note) > NOTE_MAX:
        return DifferenceNeedsANote(characters_max=NOTE_MAX)
    if act.action is Action.CORRECT:
        refused = _not_to_correct(difference, act)
        if refused is not None:
            return refused
    return msgspec.structs.replace(
        difference,
        state=_BECOMES[act.action],
        note=note,
        owner=act.owner or difference.owner,
        correction=act.correction if act.action is Action.CORRECT else None,
    )


def _not_to_correct(difference: Difference, act: Act) -> Refusal | None:
    if difference.amount_minor == 0 or act.correction is None:
        return NothingToCorrect(difference_id=difference.id)
    if difference.kind is DifferenceClass.TIMING:
        return TooYoungToCorrect(difference_id=difference.id)
    return None


def misfit_of(new: NewSource) -> Refusal | None:
    """Say why a source cannot be kept as it is; None where it can."""
    by_method = new.kind in {SourceKind.GATEWAY, SourceKind.BANK}
    reasons = (
        ("code", BillWhy.NAMELESS, not new.code.strip() or not new.name.strip()),
        ("currency", BillWhy.NO_CURRENCY, _CURRENCY.fullmatch(new.currency) is None),
        ("zone", BillWhy.NO_ZONE, not _is_zone(new.zone)),
        ("methods", BillWhy.NO_METHODS, by_method and not new.methods),
        (
            "channel",
            BillWhy.NO_CHANNEL,
            new.kind is SourceKind.MARKETPLACE and not new.channel,
        ),
        ("grace_days", BillWhy.GRACE_DAYS, not 0 <= new.grace_days <= 31),
        ("fee_basis_points", BillWhy.FEE_PART, not 0 <= new.fee_basis_points <= 5_000),
    )
    for field, why, is_misfit in reasons:
        if is_misfit:
            return SourceMisfit(field=field, why=why)
    if new.layout is Layout.MAPPED and new.mapping is not None:
        return _misfit_of_mapping(new.mapping)
    return None


def _is_zone(name: str) -> bool:
    try:
        zone(name)
    except (ZoneInfoNotFoundError, ValueError):
        return False
    return True


def _misfit_of_mapping(mapping: Mapping) -> Refusal | None:
    is_in_one = mapping.amount is not None
    is_in_two = mapping.money_in is not None and mapping.money_out is not None
    if is_in_one == is_in_two:
        return SourceMisfit(field="mapping.amount", why=BillWhy.AMOUNT_COLUMNS)
    if (mapping.kind is None) != (not mapping.kind_words):
        return SourceMisfit(field="mapping.kind_words", why=BillWhy.KIND_COLUMNS)
    words = [one.word for one in mapping.kind_words]
    if len(set(words)) != len(words):
        return SourceMisfit(field="mapping.kind_words", why=BillWhy.WORD_TWICE)
    if not all(one.strip() for one in (mapping.day, *mapping.keys, *mapping.wording)):
        return SourceMisfit(field="mapping", why=BillWhy.BLANK_HEADING)
    return None
