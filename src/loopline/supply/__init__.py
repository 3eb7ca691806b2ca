"""Supply: at what price the goods of one company are another's to sell, and what goods cost their own company.

A store sells what its shelf holds, and an order is sent from where that is best: the goods are then often not those of
the company that sells them. What passes between the two is agreed beforehand, as terms with a beginning, and follows
from the sale by itself (`processes.supply`).

Front door: `rules` (terms in force, what units come to: pure), `service` (agree_terms, note_unagreed, take_noted,
take_back_noted), `queries`, `model`. What must agree with
other rooms, `processes.doctor` proves.

What always holds:
- terms are never changed: later ones of the same goods take over from their beginning on;
- no terms reach back over a time in which others held for their goods: what was settled stays as it was agreed;
- what was handed over while nothing was agreed is noted, unit by unit, until terms reach back to it.

Locks: noted parts by part, after the locks of sharing and before keys of entries.
"""
