-- name: export_products
-- Every SKU with its product. Of no site. Locks nothing.
select
    sku.code as sku_code,
    sku.name as sku_name,
    sku.product_code,
    sku.product_name,
    sku.category,
    sku.season,
    sku.gtin,
    sku.tax_class,
    sku.is_active
from catalogue.published_sku as sku
where coalesce(cardinality(%(sites)s::uuid[]), 1) >= 0
order by sku.code;

-- name: export_stock
-- What is where and whose, by site and SKU. Locks nothing.
select
    site.code as site_code,
    site.name as site_name,
    owner.code as owner_code,
    sku.code as sku_code,
    sku.name as sku_name,
    stock.on_hand,
    stock.allocated,
    stock.held,
    stock.unsellable,
    stock.safety,
    stock.sellable,
    stock.missing
from stock.published_leaf_stock as stock
join org.published_site as site on site.id = stock.site_id
left join org.published_entity as owner on owner.id = stock.owner_id
left join catalogue.published_sku as sku on sku.id = stock.sku_id
where %(sites)s::uuid[] is null or stock.site_id = any(%(sites)s::uuid[])
order by site.code, owner.code, sku.code;

-- name: export_orders
-- Every order with where its units stand. Locks nothing.
select
    head.number,
    head.channel,
    head.external_number,
    head.kind,
    head.placed_at,
    head.stage,
    site.code as site_code,
    seller.code as seller_code,
    head.member_id,
    head.delivery,
    head.currency,
    head.amount_minor,
    head.tax_minor,
    head.units,
    head.parked,
    head.held,
    head.allocated,
    head.handed_over,
    head.cancelled,
    head.returned,
    head.lost
from orders.published_orders as head
left join org.published_site as site on site.id = head.site_id
left join org.published_entity as seller on seller.id = head.seller_entity_id
where %(sites)s::uuid[] is null or head.site_id = any(%(sites)s::uuid[])
order by head.placed_at, head.order_id;

-- name: export_lines
-- Every line of every order. Locks nothing.
select
    head.number as order_number,
    line.line_id,
    line.channel,
    line.placed_at,
    line.kind,
    line.code,
    line.units,
    line.currency,
    line.unit_minor,
    line.amount_minor,
    line.tax_minor,
    line.list_unit_minor,
    line.parked,
    line.held,
    line.allocated,
    line.handed_over,
    line.cancelled,
    line.returned,
    line.lost
from orders.published_lines as line
join orders.published_orders as head on head.order_id = line.order_id
where %(sites)s::uuid[] is null or line.site_id = any(%(sites)s::uuid[])
order by line.placed_at, line.order_id, line.line_id;

-- name: export_payments
-- What was taken for each order and given back. Locks nothing.
select
    head.number as order_number,
    money.currency,
    money.taken_minor,
    money.refunded_minor
from payments.published_order_money as money
join orders.published_orders as head on head.order_id = money.order_id
where %(sites)s::uuid[] is null or head.site_id = any(%(sites)s::uuid[])
order by head.placed_at, head.order_id, money.currency, money.taken_minor;

-- name: export_tasks
-- Every task of every site. Locks nothing.
select
    task.task_id,
    head.number as order_number,
    site.code as site_code,
    task.kind,
    task.day,
    task.state,
    task.offered_at,
    task.deadline,
    task.accepted_at,
    task.packed_at,
    task.ended_at
from fulfilment.published_tasks as task
join org.published_site as site on site.id = task.site_id
left join orders.published_orders as head on head.order_id = task.order_id
where %(sites)s::uuid[] is null or task.site_id = any(%(sites)s::uuid[])
order by task.offered_at, task.task_id;

-- name: export_returns
-- Every line that came back. Locks nothing.
select
    line.return_id,
    line.return_line_id,
    line.channel,
    line.external_number,
    line.kind,
    site.code as site_code,
    line.member_id,
    line.at,
    line.code,
    line.units,
    line.matched_units,
    line.blind_units,
    line.blind_state,
    line.currency,
    line.stated_unit_minor,
    line.reason,
    line.received_units,
    line.graded_units
from returns.published_lines as line
left join org.published_site as site on site.id = line.site_id
where %(sites)s::uuid[] is null or line.site_id = any(%(sites)s::uuid[])
order by line.at, line.return_id, line.return_line_id;

-- name: export_shares
-- What each party earned from each part of a line, by which row of which version. Locks nothing.
select
    head.number as order_number,
    share.line_id,
    share.part_id,
    party.code as party_code,
    party.name as party_name,
    share.role,
    share.rule_set_id,
    share.rule_row,
    share.currency,
    share.amount_minor,
    share.cancelled_minor,
    share.clawed_back_minor,
    share.due_at,
    share.state
from sharing.published_shares as share
join orders.published_orders as head on head.order_id = share.order_id
left join org.published_party as party on party.id = share.party_id
where %(sites)s::uuid[] is null or head.site_id = any(%(sites)s::uuid[])
order by head.placed_at, head.order_id, share.part_id, share.role;

-- name: export_balances
-- Every account with its balance: debit positive, credit negative. Of no site. Locks nothing.
select
    entity.code as entity_code,
    party.code as party_code,
    balance.purpose,
    balance.currency,
    balance.balance_minor,
    balance.posting_count
from ledger.published_balances as balance
left join org.published_entity as entity on entity.id = balance.entity_id
left join org.published_party as party on party.id = balance.party_id
where %(sites)s::uuid[] is null
order by entity.code, party.code, balance.purpose, balance.currency;

-- name: export_members
-- Every member by id alone. Of no site. Locks nothing.
select
    member.member_id,
    member.registered_at,
    member.channel,
    member.erased_at
from customers.published_members as member
where %(sites)s::uuid[] is null
order by member.registered_at, member.member_id;

-- name: export_reviews
-- Every review's stars. Locks nothing.
select
    review.review_id,
    review.about,
    head.number as order_number,
    product.code as product_code,
    site.code as site_code,
    review.stars,
    review.language,
    review.written_at,
    review.hidden_at,
    review.returned_at
from reviews.published_reviews as review
left join orders.published_orders as head on head.order_id = review.order_id
left join catalogue.published_product as product on product.id = review.product_id
left join org.published_site as site on site.id = review.site_id
where %(sites)s::uuid[] is null or review.site_id = any(%(sites)s::uuid[])
order by review.written_at, review.review_id;
