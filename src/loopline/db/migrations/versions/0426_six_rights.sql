-- Whom orders are credited to.
create view orders.published_credits with (security_invoker = true) as
select
    id as order_id,
    guide_id,
    dealer_id
from orders.order;

-- Who took a task.
create view fulfilment.published_workers with (security_invoker = true) as
select
    id as task_id,
    accepted_by
from fulfilment.task;

-- Promises with their milestones and what was reached when. `is_last`: no other took its place.
create view promises.published_promises with (security_invoker = true) as
select
    promise.id as promise_id,
    promise.order_id,
    promise.kind,
    promise.state,
    promise.source_by,
    promise.accept_by,
    promise.hand_over_by,
    promise.first_due_at,
    promise.sourced_at,
    promise.accepted_at,
    promise.handed_over_at,
    case when promise.kind in ('deliver', 'courier') then promise.arrived_at else promise.handed_over_at end as fact_at,
    promise.replaces_id is null as is_first,
    not exists (select from promises.promise as later where later.replaces_id = promise.id) as is_last
from promises.promise;

-- A goods line that ended, judged by each of the six rights: null is not known, `kept`, or the cause it broke by. What it
-- counts to: the site that sent it, the site that sold it, and of the right place the site that kept or broke it. The nil
-- UUID stands for "no site". `day` is the day it ended, in the zone of the site that sent it; `units` of it were handed
-- over, by who took the work where there was some.
create table insight.judged_line (
    order_id       uuid not null,
    line_id        uuid not null,
    sku_id         uuid not null,
    day            date not null,
    sent_site_id   uuid not null,
    place_site_id  uuid not null,
    sold_site_id   uuid not null,
    packer_id      uuid,
    units          integer not null,
    goods          text,
    time           text,
    place          text,
    person         text,
    price          text,
    customer       text,
    known          smallint not null generated always as (
        num_nonnulls(goods, time, place, person, price, customer)
    ) stored,
    broken         smallint not null generated always as (
        coalesce((goods <> 'kept')::integer, 0)
        + coalesce((time <> 'kept')::integer, 0)
        + coalesce((place <> 'kept')::integer, 0)
        + coalesce((person <> 'kept')::integer, 0)
        + coalesce((price <> 'kept')::integer, 0)
        + coalesce((customer <> 'kept')::integer, 0)
    ) stored,
    constraint judged_line_pkey primary key (order_id, line_id),
    constraint judged_units_not_negative check (units >= 0),
    constraint right_goods_has_a_known_mark check (
        goods in ('kept', 'wrong_item', 'defect', 'damaged', 'not_there')
    ),
    constraint right_time_has_a_known_mark check (
        time in ('kept', 'late_source', 'late_accept', 'late_ready', 'late_way', 'late_said')
    ),
    constraint right_place_has_a_known_mark check (
        place in ('kept', 'refused_goods', 'refused_capacity', 'lapsed', 'moved', 'other_site')
    ),
    constraint right_person_has_a_known_mark check (
        person in ('kept', 'other_guide', 'other_dealer')
    ),
    constraint right_price_has_a_known_mark check (
        price in ('kept', 'above_ours', 'below_ours', 'money_differs', 'refund_differs')
    ),
    constraint right_customer_has_a_known_mark check (
        customer in ('kept', 'not_collected', 'unwanted', 'size', 'other_reason', 'bad_review')
    )
);
create index judged_line_by_day on insight.judged_line (day desc, order_id, line_id);
create index judged_line_by_sender on insight.judged_line (sent_site_id, day desc, order_id, line_id);
-- What is asked for most: the few that broke something.
create index judged_line_broken_by_day on insight.judged_line (day desc, order_id, line_id) where broken > 0;

-- The judged lines of a day, by the site that sent or the site that sold: how many, how many units of them were handed
-- over, and of each right how many are known and how many of those kept. Changed by deltas alone.
create table insight.rights_by_day (
    day             date not null,
    side            text not null constraint rights_side_is_known check (side in ('sent', 'sold')),
    site_id         uuid not null,
    lines           bigint not null,
    units           bigint not null,
    goods_known     bigint not null,
    goods_kept      bigint not null,
    time_known      bigint not null,
    time_kept       bigint not null,
    place_known     bigint not null,
    place_kept      bigint not null,
    person_known    bigint not null,
    person_kept     bigint not null,
    price_known     bigint not null,
    price_kept      bigint not null,
    customer_known  bigint not null,
    customer_kept   bigint not null,
    constraint rights_by_day_pkey primary key (day, side, site_id),
    constraint rights_not_negative check (
        least(lines, units, goods_kept, time_kept, place_kept, person_kept, price_kept, customer_kept) >= 0
    ),
    constraint kept_rights_are_known check (
        goods_kept <= goods_known and time_kept <= time_known and place_kept <= place_known
        and person_kept <= person_known and price_kept <= price_known and customer_kept <= customer_known
    )
) with (fillfactor = 70);

-- The same lines by the cause that broke a right. Changed by deltas alone.
create table insight.broken_by_day (
    day      date not null,
    side     text not null constraint broken_side_is_known check (side in ('sent', 'sold')),
    site_id  uuid not null,
    cause    text not null,
    lines    bigint not null constraint broken_lines_not_negative check (lines >= 0),
    constraint broken_by_day_pkey primary key (day, side, site_id, cause)
) with (fillfactor = 70);

-- A rebuild empties them and follows the log again from its beginning.
grant truncate on insight.judged_line, insight.rights_by_day, insight.broken_by_day to loopline_app;
