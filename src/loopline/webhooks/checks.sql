-- name: given_up_early
-- Deliveries that were given up although tries were left and nobody said 410: something was not told.
select
    'delivery ' || delivery.id as subject,
    delivery.tries || ' tries' as found,
    '10 tries' as expected,
    'update webhooks.delivery set state = ''waiting'', next_try_at = now() where id = ''' || delivery.id || '''' as repair
from webhooks.delivery
where delivery.state = 'given_up'
  and delivery.tries < 10
  and delivery.last_status is distinct from 410
order by delivery.id;
