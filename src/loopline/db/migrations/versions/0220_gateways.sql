-- Which capture took a payment: what came by a gateway goes back by that gateway, against that very charge.
alter table payments.payment add column intent_id uuid;
create unique index one_payment_per_capture on payments.payment (intent_id) where intent_id is not null;

-- Captures that a gateway has not answered yet, by when they run out: their orders' holds wait for the answer.
create index capture_to_answer on payments.intent (expires_at)
    where kind = 'capture' and state in ('written', 'waiting');

-- Money that is to go back and has not gone yet: still kept, and not ours.
create view payments.published_refunds_under_way with (security_invoker = true) as
select
    id as intent_id,
    order_id,
    return_id,
    entity_id,
    gateway,
    currency,
    amount_minor,
    written_at
from payments.intent
where kind = 'refund'
    and state in ('written', 'waiting');
