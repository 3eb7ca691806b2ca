-- name: equal_lists_price_no_sku_twice
-- SKUs that two lists with the same conditions, currency and priority price at the same time: nothing but their age
-- says which price holds.
select
    'sku ' || coalesce(sku.code, one.sku_id::text) as subject,
    'lists ' || one_list.code || ' and ' || other_list.code || ' both price it from '
        || greatest(one.starts_at, other.starts_at)
        || coalesce(' to ' || least(one.ends_at, other.ends_at), ' on') as found,
    'one price at a time from lists of equal rank' as expected,
    'insert into pricing.price (id, price_list_id, sku_id, unit_minor, valid_from, added_at) values'
        || ' (pricing.new_id(), ''' || other.price_list_id || ''', ''' || one.sku_id || ''', null, '''
        || greatest(one.starts_at, other.starts_at) || ''', now())' as repair
from pricing.published_price as one
join pricing.price_list as one_list on one_list.id = one.price_list_id
join pricing.price_list as other_list
    on other_list.id > one_list.id
   and other_list.currency = one_list.currency
   and other_list.priority = one_list.priority
   and other_list.member_tier is not distinct from one_list.member_tier
   and other_list.site_id is not distinct from one_list.site_id
   and other_list.org_unit_id is not distinct from one_list.org_unit_id
   and other_list.channel is not distinct from one_list.channel
join pricing.published_price as other
    on other.price_list_id = other_list.id
   and other.sku_id = one.sku_id
   and (other.ends_at is null or other.ends_at > one.starts_at)
   and (one.ends_at is null or one.ends_at > other.starts_at)
left join catalogue.published_sku as sku on sku.id = one.sku_id
order by subject, found;

-- name: every_sku_has_a_tax_rate
-- SKUs on sale that no tax rate of a whole country fits where anything is taxed: orders for them could not be priced there.
select
    'sku ' || sku.code as subject,
    'tax class ' || sku.tax_class || ' has no rate in ' || country.country as found,
    'a rate for every class that is sold' as expected,
    'insert into pricing.tax_rate (id, tax_class, country, valid_from, rate_basis_points, added_at) values'
        || ' (pricing.new_id(), ''' || sku.tax_class || ''', ''' || country.country
        || ''', current_date, <basis points>, now())' as repair
from catalogue.published_sku as sku
cross join (select distinct rate.country from pricing.tax_rate as rate) as country
where sku.is_active
  and not exists (
    select
    from pricing.tax_rate as rate
    where rate.country = country.country
      and rate.tax_class = sku.tax_class
      and rate.seller_id is null
      and rate.region = ''
  )
order by sku.code, country.country;

-- name: every_price_is_of_a_sku
-- Prices of SKUs that the catalogue does not have.
select
    'price ' || price.id as subject,
    'of sku ' || price.sku_id || ' in list ' || coalesce(list.code, price.price_list_id::text) as found,
    'a sku of the catalogue' as expected,
    'delete from pricing.price where id = ''' || price.id || '''' as repair
from pricing.price
left join pricing.price_list as list on list.id = price.price_list_id
where not exists (select from catalogue.published_sku as sku where sku.id = price.sku_id)
order by price.id;

-- name: every_price_stands_in_a_list
-- Prices in a list that does not exist, should a constraint ever have been switched off.
select
    'price ' || price.id as subject,
    'in list ' || price.price_list_id || ', which does not exist' as found,
    'a price list' as expected,
    'delete from pricing.price where id = ''' || price.id || '''' as repair
from pricing.price
where not exists (select from pricing.price_list as list where list.id = price.price_list_id)
order by price.id;

-- name: what_is_borne_is_of_something
-- What is borne of parts by nothing that takes anything off: no version of a promotion or of the programme of points, and
-- no batch of coupons.
select
    'part ' || borne.part_id as subject,
    'borne of ' || borne.promotion_id as found,
    'a promotion, a batch of coupons or points' as expected,
    'select * from pricing.borne where part_id = ' || quote_literal(borne.part_id) as repair
from pricing.borne
where not exists (select from pricing.promotion where promotion.id = borne.promotion_id)
  and not exists (select from pricing.coupon_batch as batch where batch.id = borne.promotion_id)
  and not exists (select from pricing.points_programme as programme where programme.id = borne.promotion_id)
order by borne.part_id, borne.position;

-- name: coupons_stand_as_their_entries_say
-- Coupons that stand elsewhere than their last entry left them: given and back they are free, of the order of the entry
-- else.
with last_entry as (
    select distinct on (entry.coupon_id)
        entry.coupon_id,
        entry.step,
        entry.order_id
    from pricing.coupon_entry as entry
    order by entry.coupon_id, entry.number desc
)
select
    'coupon ' || coupon.id as subject,
    coupon.state || coalesce(' by order ' || coupon.order_id, '') as found,
    coalesce(last_entry.step || coalesce(' by order ' || last_entry.order_id, ''), 'no entry') as expected,
    'select * from pricing.coupon_entry where coupon_id = ' || quote_literal(coupon.id) || ' order by number' as repair
from pricing.coupon
left join last_entry on last_entry.coupon_id = coupon.id
where last_entry.step is null
   or coupon.state <> case when last_entry.step in ('held', 'spent') then last_entry.step else 'free' end
   or (coupon.state <> 'free' and coupon.order_id <> last_entry.order_id)
order by coupon.id;

-- name: coupons_given_are_counted
-- Batches that count other than the coupons there are of them, and members who count other than the coupons they have.
with there as (
    select coupon.batch_id, count(*) as coupons
    from pricing.coupon
    group by coupon.batch_id
),
had as (
    select coupon.batch_id, coupon.member_id, count(*) as coupons
    from pricing.coupon
    where coupon.member_id is not null
    group by coupon.batch_id, coupon.member_id
)
select
    'batch ' || batch.code as subject,
    batch.given || ' given' as found,
    coalesce(there.coupons, 0) || ' coupons' as expected,
    'update pricing.coupon_batch set given = ' || coalesce(there.coupons, 0) || ' where id = ' || quote_literal(batch.id)
        as repair
from pricing.coupon_batch as batch
left join there on there.batch_id = batch.id
where batch.given <> coalesce(there.coupons, 0)
union all
select
    'member ' || coalesce(holder.member_id, had.member_id) || ' of batch ' || coalesce(holder.batch_id, had.batch_id),
    coalesce(holder.coupons, 0) || ' given',
    coalesce(had.coupons, 0) || ' coupons',
    'update pricing.coupon_holder set coupons = ' || coalesce(had.coupons, 0) || ' where batch_id = '
        || quote_literal(coalesce(holder.batch_id, had.batch_id)) || ' and member_id = '
        || quote_literal(coalesce(holder.member_id, had.member_id))
from pricing.coupon_holder as holder
full join had on had.batch_id = holder.batch_id and had.member_id = holder.member_id
where coalesce(holder.coupons, 0) <> coalesce(had.coupons, 0)
order by subject;

-- name: points_accounts_equal_their_entries
-- Members who have other points than their entries come to, or of whom other is deferred or pending than their lots say.
with moved as (
    select
        entry.member_id,
        sum(entry.pending) as pending,
        sum(entry.available) as available,
        sum(entry.held) as held,
        sum(entry.liability_minor) as liability_minor
    from pricing.points_entry as entry
    group by entry.member_id
),
pending as (
    select lot.member_id, sum(lot.points) as points
    from pricing.points_lot as lot
    where lot.is_pending
    group by lot.member_id
)
select
    'member ' || account.member_id as subject,
    concat_ws('/', account.pending, account.available, account.held, account.liability_minor) as found,
    concat_ws(
        '/',
        coalesce(moved.pending, 0),
        coalesce(moved.available, 0),
        coalesce(moved.held, 0),
        coalesce(moved.liability_minor, 0)
    ) || ', ' || coalesce(pending.points, 0) || ' pending by lots' as expected,
    'select * from pricing.points_entry where member_id = ' || quote_literal(account.member_id) || ' order by number'
        as repair
from pricing.points_account as account
left join moved on moved.member_id = account.member_id
left join pending on pending.member_id = account.member_id
where account.pending <> coalesce(moved.pending, 0)
   or account.available <> coalesce(moved.available, 0)
   or account.held <> coalesce(moved.held, 0)
   or account.liability_minor <> coalesce(moved.liability_minor, 0)
   or account.pending <> coalesce(pending.points, 0)
order by account.member_id;

-- name: points_lots_equal_their_entries
-- Lots that keep other points than their entries leave of them.
with moved as (
    select entry.lot_id, sum(entry.pending + entry.available) as points
    from pricing.points_entry as entry
    where entry.lot_id is not null
    group by entry.lot_id
)
select
    'lot ' || coalesce(lot.id, moved.lot_id) as subject,
    coalesce(lot.points, 0) || ' points' as found,
    coalesce(moved.points, 0) || ' by its entries' as expected,
    'select * from pricing.points_entry where lot_id = ' || quote_literal(coalesce(lot.id, moved.lot_id)) as repair
from pricing.points_lot as lot
full join moved on moved.lot_id = lot.id
where coalesce(lot.points, 0) <> coalesce(moved.points, 0)
order by subject;
