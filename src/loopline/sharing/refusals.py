"""What sharing refuses of drafts that are saved or published, of methods it does not know, of splits,
and of what comes back.
"""

from uuid import UUID

from loopline.kernel.ids import LineId, RuleSetId
from loopline.kernel.refusals import Refusal


class RuleSetSavedMeanwhile(Refusal, frozen=True, kw_only=True):
    """Rule set {rule_set_id} was saved anew after you saw it: look at it again first."""

    rule_set_id: RuleSetId


class RuleSetNotTried(Refusal, frozen=True, kw_only=True):
    """Rule set {rule_set_id} was not tried as it stands: try it on what was sold, then publish it."""

    rule_set_id: RuleSetId


class SayWhyUntried(Refusal, frozen=True, kw_only=True):
    """Nothing was sold yet that rule set {rule_set_id} could be tried on: say why it is published untried."""

    rule_set_id: RuleSetId


class LimitsNotAccepted(Refusal, frozen=True, kw_only=True):
    """Rows {rows} of rule set {rule_set_id} take more than a line brings where a unit brings net less than
    {below_minor} minor units, or net is less than {net_percent} percent of the list price: the last of them then get
    less, and nothing is left. Mend them, or say that you accept it.
    """

    rule_set_id: RuleSetId
    rows: str
    below_minor: int
    net_percent: int


class MethodUnknown(Refusal, frozen=True, kw_only=True):
    """Rule set {rule_set_id} is evaluated and rounded by method {method}, which is not known here."""

    rule_set_id: RuleSetId
    method: int


class RuleSetNotPublished(Refusal, frozen=True, kw_only=True):
    """Part {part_id} is split by rule set {rule_set_id}, which is not published."""

    part_id: UUID
    rule_set_id: RuleSetId


class SharesDoNotAddUp(Refusal, frozen=True, kw_only=True):
    """The shares of part {part_id} add up to {total_minor}, not to its base of {base_minor}, or one is
    negative.
    """

    part_id: UUID
    total_minor: int
    base_minor: int


class SplitHasNoUnits(Refusal, frozen=True, kw_only=True):
    """Part {part_id} stands for {units} units."""

    part_id: UUID
    units: int


class PartSplitOtherwise(Refusal, frozen=True, kw_only=True):
    """Part {part_id} was split already, in another way."""

    part_id: UUID


class PartNotSplit(Refusal, frozen=True, kw_only=True):
    """Part {part_id} of line {line_id} has no shares."""

    line_id: LineId
    part_id: UUID


class ClawsBackTooMuch(Refusal, frozen=True, kw_only=True):
    """Only {units_left} units of part {part_id} are left to come back, not {units}."""

    part_id: UUID
    units: int
    units_left: int


class ReferenceTakenForOtherUnits(Refusal, frozen=True, kw_only=True):
    """Reference {reference} took {units} units of part {part_id} back before."""

    reference: UUID
    part_id: UUID
    units: int
