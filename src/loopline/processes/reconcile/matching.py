"""The three ways in turn, each on what the surer ones left."""

from collections.abc import Sequence

from loopline.processes.reconcile.assignment import deal
from loopline.processes.reconcile.likelihood import weigh
from loopline.processes.reconcile.model import Line, Match, Matching, Way, Window
from loopline.processes.reconcile.rules import match_by_key, match_by_rule
from loopline.processes.reconcile.wording import Wording, read_wording

# As many pairs that are known already suffice for the model to learn from; more only cost time.
LEARNT_FROM_MOST = 25_000


def match_lines(
    ours: Sequence[Line],
    theirs: Sequence[Line],
    *,
    window: Window | None = None,
    is_weighed: bool = True,
    seed: int = 1,
) -> Matching:
    """Match all lines of one currency, one to one. The numbers of each side are distinct.

    Without `is_weighed` what keys and rules did not find stays open.

    A pair is taken where the model holds it for more likely than not; nothing is set by hand. The model learns from
    what is open and from up to 25,000 pairs that keys and rules found, and is asked for the open ones alone.
    """
    window = window or Window()
    assert len({line.number for line in ours}) == len(ours)
    assert len({line.number for line in theirs}) == len(theirs)
    memos = {line.wording for line in (*ours, *theirs)}
    wordings = {memo: read_wording(memo) for memo in memos}

    def read(line: Line) -> Wording:
        return wordings[line.wording]

    matches = match_by_key(ours, theirs)
    left_ours, left_theirs = _open(ours, theirs, matches)
    matches += match_by_rule(left_ours, left_theirs, read=read, window=window)
    left_ours, left_theirs = _open(ours, theirs, matches)
    if is_weighed and left_ours and left_theirs:
        known = matches[:LEARNT_FROM_MOST]
        learn_ours, learn_theirs = {match.ours for match in known}, {match.theirs for match in known}
        pairs = weigh(
            left_ours + [line for line in ours if line.number in learn_ours],
            left_theirs + [line for line in theirs if line.number in learn_theirs],
            asked=(len(left_ours), len(left_theirs)),
            read=read,
            window=window,
            seed=seed,
        )
        matches += [
            Match(
                ours=left_ours[one.pair.our].number,
                theirs=left_theirs[one.pair.their].number,
                way=Way.LIKELIHOOD,
                probability=1 / (1 + 2**-one.pair.bits),
                margin_bits=one.margin_bits,
            )
            for one in deal(pairs)
        ]
        left_ours, left_theirs = _open(ours, theirs, matches)
    return Matching(
        matches=tuple(matches),
        open_ours=tuple(line.number for line in left_ours),
        open_theirs=tuple(line.number for line in left_theirs),
    )


def _open(
    ours: Sequence[Line], theirs: Sequence[Line], matches: Sequence[Match]
) -> tuple[list[Line], list[Line]]:
    matched_ours, matched_theirs = {match.ours for match in matches}, {match.theirs for match in matches}
    return (
        [line for line in ours if line.number not in matched_ours],
        [line for line in theirs if line.number not in matched_theirs],
    )
