-- name: takings_not_noted
-- What a gateway took for one company in one currency, by the gateway's number of each, and no payer has noted: in the
-- order in which it was recorded, from a moment on. What was taken without an intent of ours has no number and is left
-- out. Locks nothing.
select
    payment.id as payment_id,
    intent.reference as number,
    payment.amount_minor,
    payment.taken_at
from payments.payment as payment
join payments.intent as intent on intent.id = payment.intent_id
where payment.id >= %(first_id)s::uuid
    and payment.method = %(gateway)s::text
    and payment.entity_id = %(entity_id)s::uuid
    and payment.currency = %(currency)s::text
    and intent.reference is not null
    and not exists (
        select
        from payouts.transaction as noted
        where noted.payment_id = payment.id
    )
order by payment.id
limit %(limit)s::integer
