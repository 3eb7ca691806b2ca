-- name: stale_notices_were_not_told
-- Notices that were handed to a gateway although what they say was a day old by then.
select
    'notice ' || notice.id as subject,
    'handed over at ' || notice.told_at as found,
    'before ' || notice.stale_at as expected,
    'select * from notices.notice where id = ' || quote_literal(notice.id) as repair
from notices.notice
where notice.told_at >= notice.stale_at
order by notice.id
