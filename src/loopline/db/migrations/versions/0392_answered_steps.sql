-- When a marketplace last answered, and how long its answers of the last hours took.
create index step_answered on marketplaces.step (channel, answered_at) where answered_at is not null;
