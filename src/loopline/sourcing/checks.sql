-- name: decision_has_its_wave
-- Decisions whose wave is gone: nothing says which sites their verdicts speak of. Locks nothing.
select
  decision.order_id::text as subject,
  'a decision of wave ' || decision.wave_id as found,
  'the row of that wave' as expected,
  format(
    'delete from sourcing.decision where order_id = %%L and wave_id = %%L',
    decision.order_id,
    decision.wave_id
  ) as repair
from sourcing.decision
left join sourcing.wave on wave.id = decision.wave_id
where
  wave.id is null
order by
  decision.order_id,
  decision.wave_id;

-- name: decision_explains_every_site
-- Decisions with more or fewer verdicts than their wave weighed sites. Locks nothing.
select
  decision.order_id::text as subject,
  length(decision.verdicts) || ' verdicts' as found,
  cardinality(wave.site_ids) || ' sites weighed in wave ' || wave.id as expected,
  format(
    'delete from sourcing.decision where order_id = %%L and wave_id = %%L',
    decision.order_id,
    decision.wave_id
  ) as repair
from sourcing.decision
join sourcing.wave on wave.id = decision.wave_id
where
  length(decision.verdicts) <> cardinality(wave.site_ids)
order by
  decision.order_id,
  decision.wave_id;

-- name: decision_costs_its_parcels
-- Decisions whose cost is not the sum of the terms of their parcels. Locks nothing.
select
  decision.order_id::text as subject,
  decision.cost_minor::text as found,
  terms.sum_minor::text as expected,
  format(
    'update sourcing.decision set cost_minor = %%s where order_id = %%L and wave_id = %%L',
    terms.sum_minor,
    decision.order_id,
    decision.wave_id
  ) as repair
from sourcing.decision
cross join lateral (
  -- A parcel is [site, units, term, term, ...].
  select coalesce(sum(term.value::bigint), 0) as sum_minor
  from jsonb_array_elements(decision.parcels) as parcel
  cross join lateral jsonb_array_elements_text(parcel) with ordinality as term (value, place)
  where
    term.place > 2
) as terms
where
  terms.sum_minor <> decision.cost_minor
order by
  decision.order_id,
  decision.wave_id;
