"""What `loopline doctor` proves about reviews."""

from loopline.db import Check, statements

SQL = statements(__file__)

CHECKS: tuple[Check, ...] = (
    Check(name="tallies_equal_reviews", invariant=7, statement=SQL["tallies_equal_reviews"]),
    Check(name="reviews_show_their_latest", invariant=7, statement=SQL["reviews_show_their_latest"]),
)
