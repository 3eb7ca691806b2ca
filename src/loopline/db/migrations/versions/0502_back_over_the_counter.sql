-- Up to which amount a parcel is given for its code alone. The table is small and seldom written.
alter table org.counter_limit
    drop constraint counter_limit_setting_known,
    add constraint counter_limit_setting_known check (
        setting in ('blind_alone_minor', 'price_alone_percent', 'collect_by_code_minor')
    );

-- What a returned thing cost: what sending its parcel was priced at when its site was chosen, by site of the decision.
create view sourcing.published_parcels with (security_invoker = true) as
select
    decision.order_id,
    decision.wave_id,
    wave.currency,
    wave.site_ids[(parcel ->> 0)::integer + 1] as site_id,
    (parcel ->> 1)::bigint as units,
    (parcel ->> 2)::bigint as handling_minor,
    (parcel ->> 3)::bigint + (parcel ->> 4)::bigint as freight_minor
from sourcing.decision
join sourcing.wave on wave.id = decision.wave_id
cross join lateral jsonb_array_elements(decision.parcels) as parcel;

-- What handling one parcel costs a site now.
create view sourcing.published_handling with (security_invoker = true) as
select
    site_cost.site_id,
    site_cost.currency,
    site_cost.handling_minor
from sourcing.site_cost;

-- What the goods of lines had cost who sold them, as far as that was known when they were split.
create view sharing.published_goods_costs with (security_invoker = true) as
select
    split.line_id,
    split.part_id,
    split.currency,
    split.units,
    case when split.facts[3] >= 0 then split.facts[3] end as cost_minor
from sharing.split;

-- What parties had earned of lines and was taken back with their goods; the brand's own part is not told.
create view sharing.published_unearned with (security_invoker = true) as
select
    claw_back.line_id,
    claw_back.part_id,
    split.currency,
    claw_back.units,
    coalesce(
        (
            select sum(taken.amount_minor)
            from unnest(split.rule_rows, claw_back.amounts_minor) as taken (rule_row, amount_minor)
            left join sharing.rule_row
                on rule_row.rule_set_id = split.rule_set_id and rule_row.position = taken.rule_row
            where rule_row.role is distinct from 'brand'
        ),
        0
    )::bigint as minor
from sharing.claw_back
join sharing.split on split.line_id = claw_back.line_id and split.part_id = claw_back.part_id;

-- How many per cent of what they had cost goods lose that come back and go elsewhere than on the shelf; never changed, the
-- last word of a disposition holds.
create table insight.returned_loss (
    number      bigint generated always as identity primary key,
    disposition text not null constraint returned_loss_is_of_a_way check (
        disposition in ('refurbish', 'outlet', 'supplier', 'scrap')
    ),
    percent     integer not null constraint returned_loss_is_a_part check (percent between 0 and 100),
    set_at      timestamptz not null,
    set_by      text not null
);
create index returned_loss_last on insight.returned_loss (disposition, number desc);
grant select, insert on insight.returned_loss to loopline_app;
revoke update, delete on insight.returned_loss from loopline_app;
