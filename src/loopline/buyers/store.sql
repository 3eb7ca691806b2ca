-- name: keep_sealings
-- Keep sealings that are the first of their orders, or newer than the one that stands; says which are the first. What was
-- forgotten stays so. Locks the rows by order.
insert into buyers.sealing as standing (
    order_id,
    platform,
    ciphertext_id,
    ciphertext,
    masked_name,
    masked_phone,
    masked_address,
    sealed_at,
    kept_at,
    look_at
)
select
    order_id,
    platform,
    ciphertext_id,
    ciphertext,
    masked_name,
    masked_phone,
    masked_address,
    sealed_at,
    %(now)s::timestamptz,
    %(look_at)s::timestamptz
from unnest(
    %(order_ids)s::uuid[],
    %(platforms)s::text[],
    %(ciphertext_ids)s::text[],
    %(ciphertexts)s::text[],
    %(masked_names)s::text[],
    %(masked_phones)s::text[],
    %(masked_addresses)s::text[],
    %(sealed_at)s::timestamptz[]
) as new (
    order_id,
    platform,
    ciphertext_id,
    ciphertext,
    masked_name,
    masked_phone,
    masked_address,
    sealed_at
)
order by order_id
on conflict (order_id) do update
set platform = excluded.platform,
    ciphertext_id = excluded.ciphertext_id,
    ciphertext = excluded.ciphertext,
    masked_name = excluded.masked_name,
    masked_phone = excluded.masked_phone,
    masked_address = excluded.masked_address,
    sealed_at = excluded.sealed_at,
    kept_at = excluded.kept_at,
    renewals = standing.renewals + 1
where standing.forgotten_at is null
    and (
        excluded.sealed_at,
        coalesce(excluded.ciphertext, '') collate "C",
        coalesce(excluded.ciphertext_id, '') collate "C"
    ) > (
        standing.sealed_at,
        coalesce(standing.ciphertext, '') collate "C",
        coalesce(standing.ciphertext_id, '') collate "C"
    )
returning
    order_id,
    renewals

-- name: sealings
-- The sealings that stand of orders' buyers, by order. Locks nothing.
select
    order_id,
    platform,
    ciphertext_id,
    ciphertext,
    masked_name,
    masked_phone,
    masked_address,
    sealed_at,
    kept_at,
    renewals,
    forgotten_at
from buyers.sealing
where order_id = any (%(order_ids)s::uuid[])
order by order_id

-- name: lock_to_look_at
-- Sealings whose orders are to be looked at, those due longest first. Locks them, passing by those held.
select order_id
from buyers.sealing
where look_at <= %(now)s::timestamptz
order by look_at, order_id
limit %(limit)s::integer
for update skip locked

-- name: look_later
-- Look at sealings again at a later moment. The caller holds them.
update buyers.sealing
set look_at = later.look_at
from unnest(%(order_ids)s::uuid[], %(look_at)s::timestamptz[]) as later (order_id, look_at)
where sealing.order_id = later.order_id

-- name: forget
-- Forget what is sealed of orders' buyers, and their masks. The caller holds the rows.
update buyers.sealing
set ciphertext_id = null,
    ciphertext = null,
    masked_name = '',
    masked_phone = '',
    masked_address = '',
    look_at = null,
    forgotten_at = %(now)s::timestamptz
where order_id = any (%(order_ids)s::uuid[])
    and forgotten_at is null

-- name: take_persons_turn
-- Wait until no other transaction counts what this person opens; the lock is kept until this one ends.
select pg_advisory_xact_lock(7310011, hashtext(%(person_id)s::text))::text

-- name: put_to_platforms
-- When a person put openings to platforms since a moment. Locks nothing: the caller has the person's turn.
select at
from buyers.opening
where person_id = %(person_id)s::uuid
    and at > %(since)s::timestamptz
    and refused is null

-- name: insert_openings
-- Write down who asks to see whose data, for what, before it is shown. Locks the rows it makes.
insert into buyers.opening (
    id,
    at,
    person_id,
    order_id,
    purpose,
    platform,
    site_id,
    refused
)
select
    id,
    %(now)s::timestamptz,
    person_id,
    order_id,
    purpose,
    platform,
    site_id,
    refused
from unnest(
    %(ids)s::uuid[],
    %(person_ids)s::uuid[],
    %(order_ids)s::uuid[],
    %(purposes)s::text[],
    %(platforms)s::text[],
    %(site_ids)s::uuid[],
    %(refused)s::text[]
) as new (
    id,
    person_id,
    order_id,
    purpose,
    platform,
    site_id,
    refused
)

-- name: insert_ends
-- Write down what platforms said to openings. Locks the rows it makes.
insert into buyers.opening_end (opening_id, at, outcome, reason)
select
    opening_id,
    %(now)s::timestamptz,
    outcome,
    reason
from unnest(%(opening_ids)s::uuid[], %(outcomes)s::text[], %(reasons)s::text[]) as new (opening_id, outcome, reason)

-- name: openings
-- Openings, the latest first, as far as they are asked for and lie at these sites (null: all). Locks nothing.
select
    opening.id,
    opening.at,
    opening.person_id,
    opening.order_id,
    opening.purpose,
    opening.platform,
    opening.site_id,
    opening.refused,
    ended.at as ended_at,
    ended.outcome,
    ended.reason
from buyers.opening as opening
left join buyers.opening_end as ended on ended.opening_id = opening.id
where (%(person_id)s::uuid is null or opening.person_id = %(person_id)s::uuid)
    and (%(order_id)s::uuid is null or opening.order_id = %(order_id)s::uuid)
    and (%(before)s::uuid is null or opening.id < %(before)s::uuid)
    and (%(site_ids)s::uuid[] is null or opening.site_id = any (%(site_ids)s::uuid[]))
order by opening.id desc
limit %(limit)s::integer
