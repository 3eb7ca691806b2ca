"""What `loopline doctor` proves of invoices. That they say what the books say, it proves between the rooms."""

from loopline.db import Check, statements

SQL = statements(__file__)

CHECKS: tuple[Check, ...] = (
    Check(name="document_equals_its_lines", invariant=4, statement=SQL["document_equals_its_lines"]),
    Check(
        name="credited_lines_fit_their_invoice",
        invariant=6,
        statement=SQL["credited_lines_fit_their_invoice"],
    ),
    Check(name="credited_equals_its_notes", invariant=6, statement=SQL["credited_equals_its_notes"]),
)
