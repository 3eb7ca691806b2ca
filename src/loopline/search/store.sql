-- name: put_order_documents
-- Write what lists show of orders; what is so already is left alone, so that nothing is written twice. Locks the
-- documents in the order given, which is that of their ids.
insert into search.order_document as document (
    order_id, placed_at, number, channel, external_number, kind, delivery, stage, site_id, seller_entity_id, member_id,
    currency, amount_minor, taken_minor, refunded_minor, units, lines, names
)
select
    told.order_id,
    told.placed_at,
    told.number,
    told.channel,
    told.external_number,
    told.kind,
    told.delivery,
    told.stage,
    told.site_id,
    told.seller_entity_id,
    told.member_id,
    told.currency,
    told.amount_minor,
    told.taken_minor,
    told.refunded_minor,
    told.units,
    0,
    '{}'
from jsonb_to_recordset(%(documents)s::jsonb) as told (
    order_id uuid,
    placed_at timestamptz,
    number text,
    channel text,
    external_number text,
    kind text,
    delivery text,
    stage text,
    site_id uuid,
    seller_entity_id uuid,
    member_id uuid,
    currency text,
    amount_minor bigint,
    taken_minor bigint,
    refunded_minor bigint,
    units bigint
)
order by told.order_id
on conflict (order_id) do update
set stage = excluded.stage,
    member_id = excluded.member_id,
    amount_minor = excluded.amount_minor,
    taken_minor = excluded.taken_minor,
    refunded_minor = excluded.refunded_minor,
    units = excluded.units
where (
    document.stage,
    document.member_id,
    document.amount_minor,
    document.taken_minor,
    document.refunded_minor,
    document.units
) is distinct from (
    excluded.stage,
    excluded.member_id,
    excluded.amount_minor,
    excluded.taken_minor,
    excluded.refunded_minor,
    excluded.units
)

-- name: drop_order_sites
-- Forget sites that no longer sell or send these orders: all but the pairs kept. Locks those rows.
delete from search.order_site as standing
where standing.order_id = any (%(order_ids)s::uuid[])
    and not exists (
        select
        from unnest(%(kept_order_ids)s::uuid[], %(kept_site_ids)s::uuid[]) as kept (order_id, site_id)
        where kept.order_id = standing.order_id
            and kept.site_id = standing.site_id
    )

-- name: put_order_sites
-- Write which sites sell and send orders; what is so already is left alone. Locks the rows it writes.
insert into search.order_site as standing (site_id, placed_at, order_id, sells, sends)
select
    told.site_id,
    told.placed_at,
    told.order_id,
    told.sells,
    told.sends
from unnest(
    %(order_ids)s::uuid[],
    %(site_ids)s::uuid[],
    %(placed_at)s::timestamptz[],
    %(sells)s::boolean[],
    %(sends)s::boolean[]
) as told (order_id, site_id, placed_at, sells, sends)
order by told.order_id, told.site_id
on conflict (site_id, placed_at, order_id) do update
set sells = excluded.sells,
    sends = excluded.sends
where (standing.sells, standing.sends) is distinct from (excluded.sells, excluded.sends)

-- name: name_goods
-- Write how the goods of orders are told. Locks their documents, in the order of their ids.
update search.order_document as document
set lines = told.lines,
    names = told.names
from (
    select
        described.order_id,
        described.lines,
        described.names
    from jsonb_to_recordset(%(described)s::jsonb) as described (order_id uuid, lines integer, names text[])
    order by described.order_id
) as told
where document.order_id = told.order_id

-- name: put_order_words
-- Write what orders are found by. Locks the rows it writes.
insert into search.order_words (order_id, words)
select
    described.order_id,
    array_to_tsvector(described.words)
from jsonb_to_recordset(%(described)s::jsonb) as described (order_id uuid, words text[])
order by described.order_id
on conflict (order_id) do update
set words = excluded.words

-- name: orders_without_words
-- Which of these orders nobody has described yet. Locks nothing.
select asked.order_id
from unnest(%(order_ids)s::uuid[]) as asked (order_id)
where not exists (
    select
    from search.order_words as described
    where described.order_id = asked.order_id
)
order by asked.order_id

-- name: delete_order_sites
-- Forget the sites of orders that are no more. Locks those rows.
delete from search.order_site
where order_id = any (%(order_ids)s::uuid[])

-- name: delete_order_words
-- Forget what orders that are no more were found by. Locks those rows.
delete from search.order_words
where order_id = any (%(order_ids)s::uuid[])

-- name: delete_order_documents
-- Forget orders that are no more. Locks those rows.
delete from search.order_document
where order_id = any (%(order_ids)s::uuid[])

-- name: find_orders
-- A page of all orders, as far as they are narrowed, the latest first. Null: not asked. Locks nothing.
select
    document.order_id,
    document.placed_at,
    document.number,
    document.channel,
    document.external_number,
    document.kind,
    document.delivery,
    document.stage,
    document.site_id,
    document.seller_entity_id,
    document.member_id,
    document.currency,
    document.amount_minor,
    document.taken_minor,
    document.refunded_minor,
    document.units,
    document.lines,
    document.names,
    array(
        select sending.site_id
        from search.order_site as sending
        where sending.order_id = document.order_id
            and sending.sends
        order by sending.site_id
    ) as sending_sites
from search.order_document as document
where (%(stages)s::text[] is null or document.stage = any (%(stages)s::text[]))
    and (%(channels)s::text[] is null or document.channel = any (%(channels)s::text[]))
    and (%(member_ids)s::uuid[] is null or document.member_id = any (%(member_ids)s::uuid[]))
    and (%(placed_from)s::timestamptz is null or document.placed_at >= %(placed_from)s::timestamptz)
    and (%(placed_until)s::timestamptz is null or document.placed_at < %(placed_until)s::timestamptz)
    and (
        %(site_id)s::uuid is null
        or exists (
            select
            from search.order_site as there
            where there.order_id = document.order_id
                and there.placed_at = document.placed_at
                and there.site_id = %(site_id)s::uuid
        )
    )
    and (
        %(after_at)s::timestamptz is null
        or (document.placed_at, document.order_id) < (%(after_at)s::timestamptz, %(after_id)s::uuid)
    )
order by document.placed_at desc, document.order_id desc
limit %(limit)s::integer

-- name: find_orders_by_words
-- A page of the orders that have all the words asked for, or were bought by the members meant, as far as the sites (null:
-- all) may see them; the latest first. Reads what has the words, not what there is. Locks nothing.
select
    document.order_id,
    document.placed_at,
    document.number,
    document.channel,
    document.external_number,
    document.kind,
    document.delivery,
    document.stage,
    document.site_id,
    document.seller_entity_id,
    document.member_id,
    document.currency,
    document.amount_minor,
    document.taken_minor,
    document.refunded_minor,
    document.units,
    document.lines,
    document.names,
    array(
        select sending.site_id
        from search.order_site as sending
        where sending.order_id = document.order_id
            and sending.sends
        order by sending.site_id
    ) as sending_sites
from (
    select described.order_id
    from search.order_words as described
    where described.words @@ %(words)s::tsquery
    union
    select bought.order_id
    from search.order_document as bought
    where bought.member_id = any (%(members_meant)s::uuid[])
        and (
            %(sites)s::uuid[] is null
            or exists (
                select
                from search.order_site as sold
                where sold.order_id = bought.order_id
                    and sold.placed_at = bought.placed_at
                    and sold.site_id = any (%(sites)s::uuid[])
                    and sold.sells
            )
        )
) as found
join search.order_document as document on document.order_id = found.order_id
where (%(stages)s::text[] is null or document.stage = any (%(stages)s::text[]))
    and (%(channels)s::text[] is null or document.channel = any (%(channels)s::text[]))
    and (%(member_ids)s::uuid[] is null or document.member_id = any (%(member_ids)s::uuid[]))
    and (%(placed_from)s::timestamptz is null or document.placed_at >= %(placed_from)s::timestamptz)
    and (%(placed_until)s::timestamptz is null or document.placed_at < %(placed_until)s::timestamptz)
    and (
        %(site_id)s::uuid is null
        or exists (
            select
            from search.order_site as there
            where there.order_id = document.order_id
                and there.placed_at = document.placed_at
                and there.site_id = %(site_id)s::uuid
        )
    )
    and (
        %(after_at)s::timestamptz is null
        or (document.placed_at, document.order_id) < (%(after_at)s::timestamptz, %(after_id)s::uuid)
    )
    and (
        %(sites)s::uuid[] is null
        or exists (
            select
            from search.order_site as own
            where own.order_id = document.order_id
                and own.placed_at = document.placed_at
                and own.site_id = any (%(sites)s::uuid[])
                and (own.sells or %(member_ids)s::uuid[] is null)
        )
    )
order by document.placed_at desc, document.order_id desc
limit %(limit)s::integer

-- name: orders_among
-- Those of some orders that the sites (null: all) may see, the latest first. Locks nothing.
select
    document.order_id,
    document.placed_at,
    document.number,
    document.channel,
    document.external_number,
    document.kind,
    document.delivery,
    document.stage,
    document.site_id,
    document.seller_entity_id,
    document.member_id,
    document.currency,
    document.amount_minor,
    document.taken_minor,
    document.refunded_minor,
    document.units,
    document.lines,
    document.names,
    array(
        select sending.site_id
        from search.order_site as sending
        where sending.order_id = document.order_id
            and sending.sends
        order by sending.site_id
    ) as sending_sites
from search.order_document as document
where document.order_id = any (%(order_ids)s::uuid[])
    and (
        %(sites)s::uuid[] is null
        or exists (
            select
            from search.order_site as own
            where own.order_id = document.order_id
                and own.placed_at = document.placed_at
                and own.site_id = any (%(sites)s::uuid[])
        )
    )
order by document.placed_at desc, document.order_id desc
limit %(limit)s::integer

-- name: find_orders_at_sites
-- The same without words, for a scope of sites: the latest of each site, in the order of its own index, then of all of
-- them together; so that a store's page costs what the store has, and not what the brand has. Locks nothing.
with latest as (
    select distinct
        picked.placed_at,
        picked.order_id
    from unnest(%(sites)s::uuid[]) as own (site_id)
    cross join lateral (
        select
            there.placed_at,
            there.order_id
        from search.order_site as there
        -- Looked at one by one, in the order of the index: joined as a set, all orders of the brand would be read.
        cross join lateral (
            select
            from search.order_document as document
            where document.order_id = there.order_id
                and (%(stages)s::text[] is null or document.stage = any (%(stages)s::text[]))
                and (%(channels)s::text[] is null or document.channel = any (%(channels)s::text[]))
                and (%(member_ids)s::uuid[] is null or document.member_id = any (%(member_ids)s::uuid[]))
            offset 0
        ) as narrowed
        where there.site_id = own.site_id
            and (there.sells or %(member_ids)s::uuid[] is null)
            and (%(placed_from)s::timestamptz is null or there.placed_at >= %(placed_from)s::timestamptz)
            and (%(placed_until)s::timestamptz is null or there.placed_at < %(placed_until)s::timestamptz)
            and (
                %(site_id)s::uuid is null
                or exists (
                    select
                    from search.order_site as asked
                    where asked.order_id = there.order_id
                        and asked.placed_at = there.placed_at
                        and asked.site_id = %(site_id)s::uuid
                )
            )
            and (
                %(after_at)s::timestamptz is null
                or (there.placed_at, there.order_id) < (%(after_at)s::timestamptz, %(after_id)s::uuid)
            )
        order by there.placed_at desc, there.order_id desc
        limit %(limit)s::integer
    ) as picked
    order by picked.placed_at desc, picked.order_id desc
    limit %(limit)s::integer
)
select
    document.order_id,
    document.placed_at,
    document.number,
    document.channel,
    document.external_number,
    document.kind,
    document.delivery,
    document.stage,
    document.site_id,
    document.seller_entity_id,
    document.member_id,
    document.currency,
    document.amount_minor,
    document.taken_minor,
    document.refunded_minor,
    document.units,
    document.lines,
    document.names,
    array(
        select sending.site_id
        from search.order_site as sending
        where sending.order_id = document.order_id
            and sending.sends
        order by sending.site_id
    ) as sending_sites
from latest
join search.order_document as document on document.order_id = latest.order_id
order by document.placed_at desc, document.order_id desc

-- name: sites_of_orders
-- The sites that may see orders. Locks nothing.
select
    order_site.order_id,
    array_agg(order_site.site_id order by order_site.site_id) as site_ids
from search.order_site as order_site
where order_site.order_id = any (%(order_ids)s::uuid[])
group by order_site.order_id
order by order_site.order_id

-- name: put_product_documents
-- Write products and what they are found by, over what stood there. Locks them in the order given, that of their ids.
insert into search.product_document (
    product_id, code, name, category, season, is_active, skus, codes, words
)
select
    told.product_id,
    told.code,
    told.name,
    told.category,
    told.season,
    told.is_active,
    told.skus,
    told.codes,
    array_to_tsvector(told.words)
from jsonb_to_recordset(%(documents)s::jsonb) as told (
    product_id uuid,
    code text,
    name text,
    category text,
    season text,
    is_active boolean,
    skus integer,
    codes text[],
    words text[]
)
order by told.product_id
on conflict (product_id) do update
set code = excluded.code,
    name = excluded.name,
    category = excluded.category,
    season = excluded.season,
    is_active = excluded.is_active,
    skus = excluded.skus,
    codes = excluded.codes,
    words = excluded.words

-- name: delete_product_documents
-- Forget products that are no more. Locks those rows.
delete from search.product_document
where product_id = any (%(product_ids)s::uuid[])

-- name: find_products
-- A page of the products that somebody asks for: named exactly, then by the beginning of the code, then by their words;
-- among equals by code. Null: not asked. Locks nothing.
select
    fitting.product_id,
    fitting.code,
    fitting.name,
    fitting.category,
    fitting.season,
    fitting.is_active,
    fitting.skus,
    fitting.rank
from (
    select
        document.product_id,
        document.code,
        document.name,
        document.category,
        document.season,
        document.is_active,
        document.skus,
        case
            when %(exact)s::text is null then 2
            when %(exact)s::text = any (document.codes) then 0
            when starts_with(document.code, %(exact)s::text) then 1
            else 2
        end as rank
    from search.product_document as document
    where %(words)s::tsquery is null
        or document.words @@ %(words)s::tsquery
) as fitting
where %(after_rank)s::integer is null
    or (fitting.rank, fitting.code) > (%(after_rank)s::integer, %(after_code)s::text)
order by fitting.rank, fitting.code
limit %(limit)s::integer

-- name: empty_documents
-- Forget every document. Locks the tables whole.
truncate search.order_document, search.order_words, search.order_site, search.product_document
