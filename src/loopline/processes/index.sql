-- name: order_documents_equal_their_orders
-- Orders of which the lists say otherwise than their rooms do, or nothing, and documents of no order; what the follower
-- has not read yet is not judged.
with stood as (
    select coalesce((select position from log.follower where name = 'index_orders'), 0) as position
),
waiting as materialized (
    select event.subject
    from log.event as event, stood
    where event.position > stood.position
        and event.type = any (%(types)s::text[])
    union
    select (match ->> 'order_id')::uuid
    from log.event as event, stood,
        jsonb_array_elements(event.data -> 'lines') as line,
        jsonb_array_elements(line -> 'matches') as match
    where event.position > stood.position
        and event.type = 'return_opened'
),
money as (
    select
        money.order_id,
        money.currency,
        sum(money.taken_minor)::bigint as taken_minor,
        sum(money.refunded_minor)::bigint as refunded_minor
    from (
        select order_id, currency, amount_minor as taken_minor, 0::bigint as refunded_minor
        from payments.payment
        union all
        select order_id, currency, 0::bigint, amount_minor
        from payments.refund
        where order_id is not null
    ) as money
    group by money.order_id, money.currency
),
said as (
    select
        head.id as order_id,
        jsonb_build_array(
            head.channel, head.external_number, head.stage, head.site_id, head.member_id, head.placed_at,
            head.currency, head.amount_minor, coalesce(money.taken_minor, 0), coalesce(money.refunded_minor, 0),
            head.units, 'with words'
        )::text as text
    from orders.order as head
    left join money on money.order_id = head.id and money.currency = head.currency
),
written as (
    select
        document.order_id,
        jsonb_build_array(
            document.channel, document.external_number, document.stage, document.site_id, document.member_id,
            document.placed_at, document.currency, document.amount_minor, document.taken_minor,
            document.refunded_minor, document.units,
            case when described.order_id is null then 'without words' else 'with words' end
        )::text as text
    from search.order_document as document
    left join search.order_words as described on described.order_id = document.order_id
)
select
    'order ' || coalesce(said.order_id, written.order_id) as subject,
    coalesce(written.text, 'no document') as found,
    coalesce(said.text, 'no such order') as expected,
    'update log.follower set position = least(position, (select min(position) - 1 from log.event where subject = '
        || quote_literal(coalesce(said.order_id, written.order_id)) || ')) where name = ''index_orders''' as repair
from said
full join written on written.order_id = said.order_id
where said.text is distinct from written.text
    and not exists (select from waiting where waiting.subject = coalesce(said.order_id, written.order_id))
order by subject

-- name: order_sites_equal_their_work
-- Sites that see an order in the lists though they neither sell nor send it, and those that do and do not see it; what
-- the follower has not read yet is not judged.
with stood as (
    select coalesce((select position from log.follower where name = 'index_orders'), 0) as position
),
waiting as materialized (
    select event.subject
    from log.event as event, stood
    where event.position > stood.position
        and event.type = any (%(types)s::text[])
),
doing as (
    select
        each.order_id,
        each.site_id,
        bool_or(each.sells) as sells,
        bool_or(each.sends) as sends
    from (
        select id as order_id, site_id, true as sells, false as sends
        from orders.order
        where site_id is not null
        union all
        select order_id, site_id, false, true
        from fulfilment.task
        where state in ('offered', 'accepted', 'picking', 'checked', 'packed', 'handed_over')
    ) as each
    group by each.order_id, each.site_id
)
select
    'order ' || coalesce(doing.order_id, seen.order_id) || ' at ' || coalesce(doing.site_id, seen.site_id) as subject,
    case when seen.order_id is null then 'not seen' else concat('sells ', seen.sells, ', sends ', seen.sends) end
        as found,
    case when doing.order_id is null then 'not seen' else concat('sells ', doing.sells, ', sends ', doing.sends) end
        as expected,
    'update log.follower set position = least(position, (select min(position) - 1 from log.event where subject = '
        || quote_literal(coalesce(doing.order_id, seen.order_id)) || ')) where name = ''index_orders''' as repair
from doing
full join search.order_site as seen on seen.order_id = doing.order_id and seen.site_id = doing.site_id
where (doing.sells, doing.sends) is distinct from (seen.sells, seen.sends)
    and not exists (select from waiting where waiting.subject = coalesce(doing.order_id, seen.order_id))
order by subject

-- name: product_documents_equal_the_catalogue
-- Products of which the lists say otherwise than the catalogue does, or nothing, and documents of no product; what the
-- follower has not read yet is not judged.
with stood as (
    select coalesce((select position from log.follower where name = 'index_products'), 0) as position
),
waiting as materialized (
    select event.subject
    from log.event as event, stood
    where event.position > stood.position
        and event.type = any (%(types)s::text[])
),
said as (
    select
        product.id as product_id,
        jsonb_build_array(
            product.code, product.name, product.category, product.season,
            count(sku.id), coalesce(bool_or(sku.is_active), false)
        )::text as text
    from catalogue.published_product as product
    left join catalogue.published_sku as sku on sku.product_id = product.id
    group by product.id, product.code, product.name, product.category, product.season
),
written as (
    select
        document.product_id,
        jsonb_build_array(
            document.code, document.name, document.category, document.season, document.skus, document.is_active
        )::text as text
    from search.product_document as document
)
select
    'product ' || coalesce(said.product_id, written.product_id) as subject,
    coalesce(written.text, 'no document') as found,
    coalesce(said.text, 'no such product') as expected,
    'update log.follower set position = least(position, (select min(position) - 1 from log.event where subject = '
        || quote_literal(coalesce(said.product_id, written.product_id)) || ')) where name = ''index_products'''
        as repair
from said
full join written on written.product_id = said.product_id
where said.text is distinct from written.text
    and not exists (select from waiting where waiting.subject = coalesce(said.product_id, written.product_id))
order by subject
