-- The labels of parcels.

-- name: next_label_numbers
-- Take the next numbers for labels; those that are not used stay out.
select nextval('fulfilment.label_number') as number
from generate_series(1, %(count)s::integer)

-- name: insert_labels
-- Give parcels their numbers; the first number stands. The caller has locked their tasks.
insert into fulfilment.label (task_id, number, made_at)
select given.task_id, given.number, %(now)s::timestamptz
from unnest(%(task_ids)s::uuid[], %(numbers)s::text[]) as given (task_id, number)
order by given.task_id
on conflict (task_id) do nothing

-- name: set_tracking_numbers
-- Keep the carrier's numbers for parcels. The caller has locked their tasks.
update fulfilment.label
set
  tracking_number = given.tracking_number
from unnest(%(task_ids)s::uuid[], %(tracking_numbers)s::text[]) as given (task_id, tracking_number)
where
  label.task_id = given.task_id

-- name: insert_prints
-- Keep that labels were printed. Locks nothing but the new rows.
insert into fulfilment.label_print (task_id, form, printed_by, printed_at)
select given.task_id, given.form, %(by)s::text, %(now)s::timestamptz
from unnest(%(task_ids)s::uuid[], %(forms)s::text[]) as given (task_id, form)
order by given.task_id

-- name: parcels_by_number
-- The parcels that go by a number: of ours, or of the carrier's. Locks nothing.
select
  task.id as task_id,
  task.order_id,
  task.site_id,
  label.number,
  coalesce(waybill.tracking_number, label.tracking_number) as tracking_number
from (
  select label.task_id
  from fulfilment.label
  where label.number = any(%(spellings)s::text[])
  union
  select label.task_id
  from fulfilment.label
  where label.tracking_number = any(%(spellings)s::text[])
  union
  select waybill.task_id
  from fulfilment.waybill
  where waybill.tracking_number = any(%(spellings)s::text[])
) as named
join fulfilment.task as task on task.id = named.task_id
left join fulfilment.label as label on label.task_id = named.task_id
left join fulfilment.waybill as waybill on waybill.task_id = named.task_id
order by task.id
limit %(at_most)s::integer

-- name: labels_of_tasks
-- The labels of parcels, each with how often it was printed. Locks nothing.
select
  label.task_id,
  label.number,
  label.tracking_number,
  (select count(*) from fulfilment.label_print where label_print.task_id = label.task_id) as prints
from fulfilment.label
where
  label.task_id = any(%(task_ids)s::uuid[])
order by
  label.task_id

-- name: labels_lately
-- How many labels of sites were printed since a moment, in which form, and how many of the prints were not the parcel's first;
-- `sites` null: of all. Of tasks before `first_task` nothing is read. Locks nothing.
select
  label_print.form,
  count(distinct label_print.task_id) as parcels,
  count(*) as prints,
  count(*) filter (
    where exists (
      select
      from fulfilment.label_print as earlier
      where
        earlier.task_id = label_print.task_id
        and earlier.id < label_print.id
    )
  ) as again
from fulfilment.label_print
join fulfilment.task on task.id = label_print.task_id
where
  label_print.task_id >= %(first_task)s::uuid
  and label_print.printed_at >= %(since)s::timestamptz
  and (%(sites)s::uuid[] is null or task.site_id = any(%(sites)s::uuid[]))
group by
  label_print.form
order by
  label_print.form
