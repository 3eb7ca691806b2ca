-- Open promises that missed a milestone, and those of parcels on their way: of these the late ones are counted every second.
drop index concurrently if exists promises.promise_at_risk;
create index concurrently promise_at_risk on promises.promise (due_at) where state = 'open' and risk is not null;
drop index concurrently if exists promises.promise_under_way;
create index concurrently promise_under_way on promises.promise (due_at)
    where state = 'open' and handed_over_at is not null;
-- Goods that came in: what is taken off a word on what comes, without all that was sold since.
drop index concurrently if exists stock.movement_of_what_came;
create index concurrently movement_of_what_came on stock.movement (sku_id, at) include (leaf_id, on_hand, reason)
    where on_hand > 0 and reason in ('receipt', 'transfer_in');
