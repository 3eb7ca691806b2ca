-- The lot that points were of before it had ended, where an order gave them back after that; null for all others.
alter table pricing.points_lot add column of_id uuid;
