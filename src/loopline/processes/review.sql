-- name: reviews_are_of_buyers
-- Reviews of goods that were never handed over, or by members whose purchase it was not. The repair looks at the order:
-- which of the two is wrong is for a person to judge.
select
    'review ' || review.review_id as subject,
    case
        when head.order_id is null then 'no such order'
        when bought.handed_over is null or bought.handed_over < 1 then 'nothing was handed over'
        else 'written by another member'
    end as found,
    'written by who bought' as expected,
    'select * from orders.order where id = ' || quote_literal(review.order_id) as repair
from reviews.published_reviews as review
left join orders.published_orders as head on head.order_id = review.order_id
left join lateral (
    select sum(line.handed_over) as handed_over
    from orders.published_lines as line
    where line.order_id = review.order_id
        and (review.line_id is null or line.line_id = review.line_id)
) as bought on true
where head.order_id is null
    or bought.handed_over is null
    or bought.handed_over < 1
    or (review.member_id is not null and not review.has_receipt and head.member_id is distinct from review.member_id)
order by review.review_id
