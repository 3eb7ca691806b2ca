-- name: walk_orders
-- Of the latest orders that fit in all but their words, so many at most: how many there were, and which have the words, the
-- latest first. Null: not asked. Locks nothing.
with walked as materialized (
    select
        document.placed_at,
        document.order_id
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
    limit %(at_most)s::integer
)
select
    (select count(*) from walked) as walked,
    array(
        select walked.order_id
        from walked
        cross join lateral (
            select
            from search.order_words as described
            where described.order_id = walked.order_id
                and described.words @@ %(words)s::tsquery
            offset 0
        ) as named
        order by walked.placed_at desc, walked.order_id desc
        limit %(limit)s::integer
    ) as order_ids

-- name: walk_orders_at_sites
-- The same for a scope of some sites: the latest of each, in the order of its own index, then of all of them together.
-- Locks nothing.
with walked as materialized (
    select distinct
        picked.placed_at,
        picked.order_id
    from unnest(%(sites)s::uuid[]) as own (site_id)
    cross join lateral (
        select
            there.placed_at,
            there.order_id
        from search.order_site as there
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
        limit %(at_most)s::integer
    ) as picked
    order by picked.placed_at desc, picked.order_id desc
    limit %(at_most)s::integer
)
select
    (select count(*) from walked) as walked,
    array(
        select walked.order_id
        from walked
        cross join lateral (
            select
            from search.order_words as described
            where described.order_id = walked.order_id
                and described.words @@ %(words)s::tsquery
            offset 0
        ) as named
        order by walked.placed_at desc, walked.order_id desc
        limit %(limit)s::integer
    ) as order_ids
