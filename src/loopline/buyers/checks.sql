-- name: openings_follow_a_sealing
-- Openings that were put to a platform though nothing was sealed of the order's buyer, or that ended though refused.
select
    'opening ' || opening.id as subject,
    case
        when opening.refused is not null then 'refused, and ' || ended.outcome
        else 'put to ' || opening.platform || ', nothing sealed of order ' || opening.order_id
    end as found,
    'only what is sealed is opened, and nothing that was refused' as expected,
    'select * from buyers.opening where id = ' || quote_literal(opening.id) as repair
from buyers.opening as opening
left join buyers.opening_end as ended on ended.opening_id = opening.id
where (opening.refused is not null and ended.opening_id is not null)
    or (
        opening.refused is null
        and not exists (select from buyers.sealing as sealing where sealing.order_id = opening.order_id)
    )
order by opening.id
