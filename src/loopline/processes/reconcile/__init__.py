"""Reconcile: which line of theirs is which line of ours, one to one, and by which way that was found.

Three ways, the surest first. *By key*: a number that both sides name and that stands once on each. *By rule*:
the same amount, the same party and a day within the window, one candidate on each side. *By likelihood*: what
is left is weighed by a model that learns from these very lines, without anybody's answers (Fellegi and Sunter,
by expectation maximisation), and dealt out as one assignment, so that no line is given twice and a pair may
lose to the better use of its halves.

`matching` is pure: no database, no clock, no lock; all lines of one call are of one currency.

A run holds the bills of a source against our books of some days: `look` reads both, `compare` matches and says why
each line without an equal half has none (pure, and the long part: outside any transaction), `write_down` keeps it,
unless others took in bills meanwhile. `working` takes files in and works differences off.
"""

from loopline.processes.reconcile.matching import match_lines
from loopline.processes.reconcile.model import Line, Match, Matching, Way, Window
from loopline.processes.reconcile.wording import Wording, read_wording

__all__ = ["Line", "Match", "Matching", "Way", "Window", "Wording", "match_lines", "read_wording"]
