"""Returns: what comes back, from anywhere, whatever the channel of purchase.

Front door: `announcements` (what customers say will come), `service` (open_returns, decide_blind_returns,
receive_units, grade_units, add_return_windows), `rules` (match_return, disposition_of, window_of, window_ends: pure),
`queries`, `model`, `events`, `CHECKS`.

An announced return undoes nothing: it becomes a return, under the same id and number, when the goods are here.

A return line is matched to earlier purchases of the same order or member: by code and price, then by code, the latest
first. What has no match is blind: of a fact it was accepted already, of an ask it waits for a person. Units arrive
(receipts), are graded, and the grade decides where they go. The reversal of stock, money and shares is made by the
process `take_back` from the matches.

What always holds: 0 ≤ matched ≤ units; 0 ≤ graded ≤ received ≤ units; each counter equals its facts, which are never
changed; the same number, receipt or grading counts once; fakes are never sold.

Locks, in this order: announcements by order, then by id; numbers of returns as they are written; return lines by id.
"""

from loopline.returns.checks import CHECKS

__all__ = ["CHECKS"]
