-- name: marks
-- What marks each topic has: how many, and all of them folded into one number. Locks nothing.
select
  topic,
  count(*) as marks,
  bit_xor(stamp) as stamps
from remembered.mark
group by topic
order by topic

-- name: sweep_marks
-- Forget old marks, but the last of each topic: a topic without marks would look like one that never changed. Locks the
-- rows it deletes, in no order: nobody else writes them.
delete from remembered.mark
where made_at < %(before)s::timestamptz
  and (topic, made_at) not in (select topic, max(made_at) from remembered.mark group by topic)
