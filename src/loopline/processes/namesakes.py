"""Namesakes: many members share a name or the last four digits of a phone, and a caller may see only some of them.

Candidates are looked at page by page until enough of them are the caller's to see: cut off before, a store would find
strangers of the whole brand and not its own customer.
"""

from collections.abc import Callable, Sequence

from loopline.kernel.ids import MemberId

CANDIDATES_A_PAGE = 500
_PAGES_MAX = 40


def first_of_pages(
    page_behind: Callable[[MemberId | None], Sequence[MemberId]],
    *,
    keep: Callable[[Sequence[MemberId]], Sequence[MemberId]],
    most: int,
) -> list[MemberId]:
    """Return the first members that are kept of pages of candidates, at most so many; looks at 20 000 of them."""
    kept: list[MemberId] = []
    after: MemberId | None = None
    for _ in range(_PAGES_MAX):
        candidates = page_behind(after)
        kept += keep(candidates)
        if len(kept) >= most or len(candidates) < CANDIDATES_A_PAGE:
            break
        after = candidates[-1]
    return kept[:most]
