"""What `loopline doctor` proves of fulfilment."""

from loopline.db import Check, statements

_SQL = statements(__file__)

CHECKS: tuple[Check, ...] = (
    Check(name="capacity_equals_its_tasks", invariant=3, statement=_SQL["capacity_equals_its_tasks"]),
    Check(
        name="withdrawn_units_equal_records",
        invariant=3,
        statement=_SQL["withdrawn_units_equal_records"],
    ),
    Check(name="open_task_has_units_left", invariant=3, statement=_SQL["open_task_has_units_left"]),
    Check(name="withdrawn_task_has_none_left", invariant=3, statement=_SQL["withdrawn_task_has_none_left"]),
    Check(name="allocation_is_in_one_task", invariant=3, statement=_SQL["allocation_is_in_one_task"]),
    Check(name="task_line_has_its_task", invariant=9, statement=_SQL["task_line_has_its_task"]),
    Check(name="claimed_call_has_its_task", invariant=3, statement=_SQL["claimed_call_has_its_task"]),
    Check(name="call_is_put_to_sites", invariant=3, statement=_SQL["call_is_put_to_sites"]),
    Check(
        name="waiting_pay_follows_what_came_back",
        invariant=3,
        statement=_SQL["waiting_pay_follows_what_came_back"],
    ),
    Check(name="round_picks_at_its_site", invariant=3, statement=_SQL["round_picks_at_its_site"]),
    Check(name="sent_goods_have_their_photo", invariant=3, statement=_SQL["sent_goods_have_their_photo"]),
    Check(name="photo_is_of_a_line", invariant=9, statement=_SQL["photo_is_of_a_line"]),
)
