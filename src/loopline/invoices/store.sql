-- name: goods_codes
-- The codes of goods, by kind and category. Locks nothing.
select kind, category, goods_code
from invoices.goods_code
order by kind, category

-- name: put_goods_codes
-- Set codes of goods. Locks their rows in the order of kind and category.
insert into invoices.goods_code (kind, category, goods_code, set_at, set_by)
select kind, category, goods_code, %(now)s::timestamptz, %(by)s::text
from unnest(%(kinds)s::text[], %(categories)s::text[], %(goods_codes)s::text[])
    as new (kind, category, goods_code)
order by kind, category
on conflict (kind, category) do update
set
    goods_code = excluded.goods_code,
    set_at = excluded.set_at,
    set_by = excluded.set_by

-- name: put_wishes
-- Keep wishes; of one that stands the buyer is set anew. Looked at at once, whatever stood in the way. Locks those that
-- stand by id before it writes any, then writes new ones in the order of order and seller.
with new as (
    select id, order_id, entity_id, currency, buyer_kind, buyer_title, buyer_tax_number
    from unnest(
        %(ids)s::uuid[], %(order_ids)s::uuid[], %(entity_ids)s::uuid[], %(currencies)s::text[],
        %(buyer_kinds)s::text[], %(buyer_titles)s::text[], %(buyer_tax_numbers)s::text[]
    ) as each (id, order_id, entity_id, currency, buyer_kind, buyer_title, buyer_tax_number)
),
standing as (
    select wish.id, wish.order_id, wish.entity_id
    from invoices.wish as wish
    where (wish.order_id, wish.entity_id) in (select order_id, entity_id from new)
    order by wish.id
    for no key update
)
insert into invoices.wish (
    id, order_id, entity_id, currency, buyer_kind, buyer_title, buyer_tax_number, look_at, wished_at, wished_by
)
select
    new.id, new.order_id, new.entity_id, new.currency, new.buyer_kind, new.buyer_title, new.buyer_tax_number,
    %(now)s::timestamptz, %(now)s::timestamptz, %(by)s::text
from new
left join standing on standing.order_id = new.order_id and standing.entity_id = new.entity_id
order by standing.id, new.order_id, new.entity_id
on conflict (order_id, entity_id) do update
set
    buyer_kind = excluded.buyer_kind,
    buyer_title = excluded.buyer_title,
    buyer_tax_number = excluded.buyer_tax_number,
    look_at = excluded.look_at,
    stopped = null,
    note = null
returning id, order_id, entity_id

-- name: look_again
-- Look at the wishes of orders again, as something happened to them. Locks the wishes by id.
with theirs as (
    select id
    from invoices.wish
    where order_id = any (%(order_ids)s::uuid[])
    order by id
    for no key update
)
update invoices.wish as wish
set look_at = %(now)s::timestamptz
from theirs
where wish.id = theirs.id

-- name: try_again
-- Forget what stood in the way of wishes of some sellers (null: all), by id, and look at them at once. Locks them.
with theirs as (
    select id
    from invoices.wish
    where id = any (%(wish_ids)s::uuid[])
        and stopped is not null
        and (%(entity_ids)s::uuid[] is null or entity_id = any (%(entity_ids)s::uuid[]))
    order by id
    for no key update
)
update invoices.wish as wish
set
    look_at = %(now)s::timestamptz,
    stopped = null,
    note = null
from theirs
where wish.id = theirs.id
returning wish.id

-- name: lock_to_look_at
-- Wishes to look at, those that wait longest first; locked, passing by what a rival holds.
select
    id, order_id, entity_id, currency, buyer_kind, buyer_title, buyer_tax_number, look_at, stopped, note, wished_at,
    wished_by
from invoices.wish
where look_at <= %(now)s::timestamptz
    and stopped is null
order by look_at, id
limit %(limit)s::integer
for no key update skip locked

-- name: lock_wishes
-- Wishes, locked in the order of their ids.
select
    id, order_id, entity_id, currency, buyer_kind, buyer_title, buyer_tax_number, look_at, stopped, note, wished_at,
    wished_by
from invoices.wish
where id = any (%(wish_ids)s::uuid[])
order by id
for no key update

-- name: change_wishes
-- Say when wishes are looked at next, and what stands in their way. The caller holds them.
update invoices.wish as wish
set
    look_at = changed.look_at,
    stopped = changed.stopped,
    note = changed.note
from unnest(%(ids)s::uuid[], %(look_at)s::timestamptz[], %(stops)s::text[], %(notes)s::text[])
    as changed (id, look_at, stopped, note)
where wish.id = changed.id

-- name: wishes_by_ids
-- Wishes. Locks nothing.
select
    id, order_id, entity_id, currency, buyer_kind, buyer_title, buyer_tax_number, look_at, stopped, note, wished_at,
    wished_by
from invoices.wish
where id = any (%(wish_ids)s::uuid[])
order by id

-- name: wishes_of_orders
-- The wishes of orders, of some sellers (null: all). Locks nothing.
select
    id, order_id, entity_id, currency, buyer_kind, buyer_title, buyer_tax_number, look_at, stopped, note, wished_at,
    wished_by
from invoices.wish
where order_id = any (%(order_ids)s::uuid[])
    and (%(entity_ids)s::uuid[] is null or entity_id = any (%(entity_ids)s::uuid[]))
order by order_id, entity_id

-- name: wishes_stopped
-- Wishes of some sellers (null: all) in whose way something stands, the oldest first. Locks nothing.
select
    id, order_id, entity_id, currency, buyer_kind, buyer_title, buyer_tax_number, look_at, stopped, note, wished_at,
    wished_by
from invoices.wish
where stopped is not null
    and (%(entity_ids)s::uuid[] is null or entity_id = any (%(entity_ids)s::uuid[]))
order by wished_at, id
limit %(limit)s::integer

-- name: insert_documents
-- Keep documents before anybody is asked for them. The caller holds their wishes. Locks only the rows it makes.
insert into invoices.document (
    id, wish_id, kind, number, of_id, reason, buyer_kind, buyer_title, buyer_tax_number, net_minor, tax_minor, state,
    next_try_at, written_at
)
select
    id, wish_id, kind, number, of_id, reason, buyer_kind, buyer_title, buyer_tax_number, net_minor, tax_minor, 'open',
    %(now)s::timestamptz, %(now)s::timestamptz
from unnest(
    %(ids)s::uuid[], %(wish_ids)s::uuid[], %(kinds)s::text[], %(numbers)s::text[], %(of_ids)s::uuid[],
    %(reasons)s::text[], %(buyer_kinds)s::text[], %(buyer_titles)s::text[], %(buyer_tax_numbers)s::text[],
    %(net_minor)s::bigint[], %(tax_minor)s::bigint[]
) as new (
    id, wish_id, kind, number, of_id, reason, buyer_kind, buyer_title, buyer_tax_number, net_minor, tax_minor
)

-- name: insert_lines
-- Keep the lines of new documents. Locks only the rows it makes.
insert into invoices.line (
    document_id, position, line_id, code, name, goods_code, tax_rate_basis_points, units, net_minor, tax_minor
)
select document_id, position, line_id, code, name, goods_code, tax_rate_basis_points, units, net_minor, tax_minor
from unnest(
    %(document_ids)s::uuid[], %(positions)s::integer[], %(line_ids)s::uuid[], %(codes)s::text[], %(names)s::text[],
    %(goods_codes)s::text[], %(tax_rates)s::integer[], %(units)s::integer[], %(net_minor)s::bigint[],
    %(tax_minor)s::bigint[]
) as new (
    document_id, position, line_id, code, name, goods_code, tax_rate_basis_points, units, net_minor, tax_minor
)

-- name: credit_documents
-- Count on invoices what credit notes take back of them; negative where one failed. The caller holds their wishes.
update invoices.document as document
set
    credited_net_minor = document.credited_net_minor + credited.net_minor,
    credited_tax_minor = document.credited_tax_minor + credited.tax_minor
from (
    select id, sum(net_minor)::bigint as net_minor, sum(tax_minor)::bigint as tax_minor
    from unnest(%(ids)s::uuid[], %(net_minor)s::bigint[], %(tax_minor)s::bigint[]) as each (id, net_minor, tax_minor)
    group by id
) as credited
where document.id = credited.id

-- name: claim_documents
-- Take open documents that are due, those that wait longest first; the next try is put off at once, so that a worker
-- that dies here is followed by another. Locks them; passes by those that another worker holds.
with due as (
    select id
    from invoices.document
    where state = 'open'
        and next_try_at <= %(now)s::timestamptz
    order by next_try_at, id
    limit %(limit)s::integer
    for no key update skip locked
)
update invoices.document as document
set
    tries = document.tries + 1,
    next_try_at = %(lease_until)s::timestamptz,
    sent_at = coalesce(document.sent_at, %(now)s::timestamptz)
from due
where document.id = due.id
returning document.id

-- name: hasten_documents
-- Ask for open documents, by number, as soon as somebody claims them. Locks them in the order of their ids.
with theirs as (
    select id
    from invoices.document
    where number = any (%(numbers)s::text[])
        and state = 'open'
        and next_try_at > %(now)s::timestamptz
        and tries > 0
    order by id
    for no key update
)
update invoices.document as document
set next_try_at = %(now)s::timestamptz
from theirs
where document.id = theirs.id

-- name: change_documents
-- Write what became of open documents. The caller holds their wishes.
update invoices.document as document
set
    state = changed.state,
    next_try_at = changed.next_try_at,
    ended_at = changed.ended_at,
    fiscal_number = changed.fiscal_number,
    file_url = changed.file_url,
    note = changed.note
from unnest(
    %(ids)s::uuid[], %(states)s::text[], %(next_try_at)s::timestamptz[], %(ended_at)s::timestamptz[],
    %(fiscal_numbers)s::text[], %(file_urls)s::text[], %(notes)s::text[]
) as changed (id, state, next_try_at, ended_at, fiscal_number, file_url, note)
where document.id = changed.id
    and document.state = 'open'

-- name: documents_of_wishes
-- The documents of wishes, the oldest first. Locks nothing; who changes documents holds their wish.
select
    id, wish_id, kind, number, of_id, reason, buyer_kind, buyer_title, buyer_tax_number, net_minor, tax_minor, state,
    tries, written_at, sent_at, ended_at, fiscal_number, file_url, note
from invoices.document
where wish_id = any (%(wish_ids)s::uuid[])
order by wish_id, written_at, id

-- name: documents_by_ids
-- Documents. Locks nothing.
select
    id, wish_id, kind, number, of_id, reason, buyer_kind, buyer_title, buyer_tax_number, net_minor, tax_minor, state,
    tries, written_at, sent_at, ended_at, fiscal_number, file_url, note
from invoices.document
where id = any (%(document_ids)s::uuid[])
order by id

-- name: find_documents
-- Documents in some states of some sellers (null: all), the newest first, before a place in that order. Locks nothing.
select
    document.id, document.wish_id, document.kind, document.number, document.of_id, document.reason,
    document.buyer_kind, document.buyer_title, document.buyer_tax_number, document.net_minor, document.tax_minor,
    document.state, document.tries, document.written_at, document.sent_at, document.ended_at,
    document.fiscal_number, document.file_url, document.note
from invoices.document as document
join invoices.wish as wish on wish.id = document.wish_id
where document.state = any (%(states)s::text[])
    and (%(entity_ids)s::uuid[] is null or wish.entity_id = any (%(entity_ids)s::uuid[]))
    and (%(before_at)s::timestamptz is null
        or (document.written_at, document.id) < (%(before_at)s::timestamptz, %(before_id)s::uuid))
order by document.written_at desc, document.id desc
limit %(limit)s::integer

-- name: lines_of_documents
-- The lines of documents, in their order. Locks nothing.
select
    document_id, position, line_id, code, name, goods_code, tax_rate_basis_points, units, net_minor, tax_minor
from invoices.line
where document_id = any (%(document_ids)s::uuid[])
order by document_id, position

-- name: sums_by_seller
-- What sellers (null: all) have invoiced in all, less what they took back, and how many documents wait. Locks nothing.
select
    wish.entity_id,
    wish.currency,
    coalesce(sum(document.net_minor) filter (where document.state = 'issued'), 0)::bigint as net_minor,
    coalesce(sum(document.tax_minor) filter (where document.state = 'issued'), 0)::bigint as tax_minor,
    (count(*) filter (where document.state = 'issued' and document.kind = 'blue'))::bigint as blue,
    (count(*) filter (where document.state = 'issued' and document.kind = 'red'))::bigint as red,
    (count(*) filter (where document.state = 'open'))::bigint as open
from invoices.document as document
join invoices.wish as wish on wish.id = document.wish_id
where %(entity_ids)s::uuid[] is null or wish.entity_id = any (%(entity_ids)s::uuid[])
group by wish.entity_id, wish.currency
order by wish.entity_id, wish.currency
