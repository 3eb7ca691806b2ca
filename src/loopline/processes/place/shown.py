"""What the buyer was shown that the goods cost: nobody is charged otherwise than that without having seen it."""

from collections.abc import Sequence

from loopline.kernel.refusals import Refusal
from loopline.orders import LineKind
from loopline.processes.place.candidate import Candidate


class PriceMoved(Refusal, frozen=True, kw_only=True):
    """The goods cost {now_minor} now, and were shown for {shown_minor} (minor units of {currency}). Look again."""

    shown_minor: int
    now_minor: int
    currency: str


def refuse_moved(candidates: Sequence[Candidate]) -> None:
    """Refuse drafts whose goods cost other than their buyer was shown, with all that coupons and points take off."""
    for one in candidates:
        shown = one.draft.goods_shown_minor
        if shown is None or one.refusal is not None:
            continue
        assert one.quote is not None, "what has no price was refused"
        priced = zip(one.draft.lines, one.quote.lines, strict=True)
        now = sum(quoted.amount_minor for line, quoted in priced if line.kind is LineKind.GOODS)
        if now != shown:
            one.refusal = PriceMoved(shown_minor=shown, now_minor=now, currency=one.draft.currency)
