-- What a task or a call paid a site on top because the work had come back before.
create view fulfilment.published_waiting_pay with (security_invoker = true) as
select
  work_id,
  site_id,
  order_id,
  rounds,
  extra_minor
from fulfilment.waiting_pay;
