-- name: promotions_by_code
-- The last version of promotions, by code, and whether it waits to be published. Locks nothing: the caller holds the lock
-- of prices.
select distinct on (promotion.code)
    promotion.id,
    promotion.code,
    promotion.version,
    promotion.name,
    promotion.currency,
    promotion.effect,
    promotion.conditions,
    promotion.stack_group as "group",
    promotion.is_exclusive,
    promotion.most_minor,
    promotion.funders,
    promotion.valid_from,
    promotion.valid_until,
    promotion.author,
    promotion.comment,
    promotion.saved_at,
    promotion.tried_at,
    promotion.published_at,
    promotion.published_by
from pricing.promotion
where promotion.code = any(%(codes)s::text[])
order by promotion.code, promotion.version desc;

-- name: promotions_by_id
-- Versions of promotions by their ids. Locks nothing.
select
    promotion.id,
    promotion.code,
    promotion.version,
    promotion.name,
    promotion.currency,
    promotion.effect,
    promotion.conditions,
    promotion.stack_group as "group",
    promotion.is_exclusive,
    promotion.most_minor,
    promotion.funders,
    promotion.valid_from,
    promotion.valid_until,
    promotion.author,
    promotion.comment,
    promotion.saved_at,
    promotion.tried_at,
    promotion.published_at,
    promotion.published_by
from pricing.promotion
where promotion.id = any(%(promotion_ids)s::uuid[])
order by promotion.id;

-- name: published_promotions
-- Every published version that had begun by a moment; what has ended, too: it may have taken over from an earlier one.
-- Locks nothing.
select
    promotion.id,
    promotion.code,
    promotion.version,
    promotion.name,
    promotion.currency,
    promotion.effect,
    promotion.conditions,
    promotion.stack_group as "group",
    promotion.is_exclusive,
    promotion.most_minor,
    promotion.funders,
    promotion.valid_from,
    promotion.valid_until,
    promotion.author,
    promotion.comment,
    promotion.saved_at,
    promotion.tried_at,
    promotion.published_at,
    promotion.published_by
from pricing.promotion
where promotion.published_at is not null
  and promotion.valid_from <= %(latest)s::timestamptz
order by promotion.code, promotion.version;

-- name: promotions_page
-- The versions of promotions that somebody may see, by code, the last version first, after a place, at most so many; of
-- some places, or of all. A promotion that names no place is everybody's. Locks nothing.
select
    promotion.id,
    promotion.code,
    promotion.version,
    promotion.name,
    promotion.currency,
    promotion.effect,
    promotion.conditions,
    promotion.stack_group as "group",
    promotion.is_exclusive,
    promotion.most_minor,
    promotion.funders,
    promotion.valid_from,
    promotion.valid_until,
    promotion.author,
    promotion.comment,
    promotion.saved_at,
    promotion.tried_at,
    promotion.published_at,
    promotion.published_by
from pricing.promotion
where (
    %(everything)s::boolean
    or (promotion.site_id is null and promotion.org_unit_id is null)
    or promotion.site_id = any(%(site_ids)s::uuid[])
    or promotion.org_unit_id = any(%(org_unit_ids)s::uuid[])
  )
  and (%(codes)s::text[] is null or promotion.code = any(%(codes)s::text[]))
  and (promotion.code, -promotion.version) > (%(after_code)s::text, -%(after_version)s::integer)
order by promotion.code, promotion.version desc
limit %(at_most)s::bigint;

-- name: put_drafts
-- Write drafts, each under its id: a new version, or one that waits to be published anew; it is no longer tried. The
-- caller holds the lock of prices.
insert into pricing.promotion (
    id, code, version, name, currency, effect, conditions, stack_group, is_exclusive, most_minor, funders, valid_from,
    valid_until, author, comment, saved_at
)
select
    draft.id,
    draft.code,
    draft.version,
    draft.name,
    draft.currency,
    draft.effect,
    draft.conditions,
    draft."group",
    draft.is_exclusive,
    draft.most_minor,
    draft.funders,
    draft.valid_from,
    draft.valid_until,
    draft.author,
    draft.comment,
    draft.saved_at
from jsonb_to_recordset(%(drafts)s::jsonb) as draft (
    id uuid,
    code text,
    version integer,
    name text,
    currency text,
    effect jsonb,
    conditions jsonb,
    "group" integer,
    is_exclusive boolean,
    most_minor bigint,
    funders jsonb,
    valid_from timestamptz,
    valid_until timestamptz,
    author text,
    comment text,
    saved_at timestamptz
)
order by draft.code
on conflict (id) do update
set
    name = excluded.name,
    currency = excluded.currency,
    effect = excluded.effect,
    conditions = excluded.conditions,
    stack_group = excluded.stack_group,
    is_exclusive = excluded.is_exclusive,
    most_minor = excluded.most_minor,
    funders = excluded.funders,
    valid_from = excluded.valid_from,
    valid_until = excluded.valid_until,
    author = excluded.author,
    comment = excluded.comment,
    saved_at = excluded.saved_at,
    tried_at = null
where promotion.published_at is null;

-- name: set_tried
-- Note that a version was tried on the past as it was saved at a moment, unless it was saved anew since, or published.
-- Locks its row.
update pricing.promotion
set tried_at = %(now)s::timestamptz
where id = %(promotion_id)s::uuid
  and saved_at = %(saved_at)s::timestamptz
  and published_at is null;

-- name: publish_promotions
-- Put versions in force. The caller holds the lock of prices.
update pricing.promotion
set
    published_at = %(now)s::timestamptz,
    published_by = %(by)s::text,
    valid_from = coalesce(promotion.valid_from, %(now)s::timestamptz)
where id = any(%(promotion_ids)s::uuid[])
  and published_at is null;

-- name: end_promotions
-- Give published versions an end, never a later one than they had; of several the first. The caller holds the lock of
-- prices.
update pricing.promotion
set valid_until = least(promotion.valid_until, ending.valid_until)
from (
    select asked.promotion_id, min(asked.valid_until) as valid_until
    from unnest(%(promotion_ids)s::uuid[], %(ends)s::timestamptz[]) as asked (promotion_id, valid_until)
    group by asked.promotion_id
) as ending
where promotion.id = ending.promotion_id;

-- name: copy_agreements
-- New agreements. Nothing changes them.
copy pricing.funding_agreement (
    id, party_id, currency, most_basis_points, valid_from, valid_until, comment, agreed_by, agreed_at
) from stdin;

-- name: agreements
-- What parties agreed to bear, the last first; of these parties, or of all. Locks nothing.
select
    agreement.id,
    agreement.party_id,
    agreement.currency,
    agreement.most_basis_points,
    agreement.valid_from,
    agreement.valid_until,
    agreement.comment,
    agreement.agreed_by,
    agreement.agreed_at
from pricing.funding_agreement as agreement
where %(party_ids)s::uuid[] is null or agreement.party_id = any(%(party_ids)s::uuid[])
order by agreement.agreed_at desc, agreement.id desc;

-- name: copy_borne
-- What is borne of parts that were handed over.
copy pricing.borne (
    part_id, position, order_id, line_id, promotion_id, bearer, seller_id, owed_by, currency, units, amount_minor, at
) from stdin;

-- name: borne_of_parts
-- What is borne of parts, in the order in which it was taken off. Locks nothing.
select
    borne.part_id,
    borne.position,
    borne.order_id,
    borne.line_id,
    borne.promotion_id,
    borne.bearer,
    borne.seller_id,
    borne.owed_by,
    borne.currency,
    borne.units,
    borne.amount_minor,
    borne.at
from pricing.borne
where borne.part_id = any(%(part_ids)s::uuid[])
order by borne.part_id, borne.position;
