-- What a party owed by the line in question for what customers were let off. Lines of shares owe nothing: a default that is kept
-- with the table rewrites no row and keeps nobody out.
alter table statements.dispute add column borne_minor bigint not null default 0;
