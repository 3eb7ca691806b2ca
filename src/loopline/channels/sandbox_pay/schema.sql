-- The book of the sandbox: charges, refunds, and what is still to be told. Moments are milliseconds since 1970, UTC.
create table if not exists charge (
    id              text primary key,
    number          text not null unique,
    amount_minor    integer not null check (amount_minor > 0),
    currency        text not null,
    state           text not null check (state in ('waiting', 'paid', 'closed')),
    reason          text,
    created_at      integer not null,
    expires_at      integer not null,
    changed_at      integer not null,
    refunded_minor  integer not null default 0 check (refunded_minor between 0 and amount_minor)
) strict;
create index if not exists charge_to_expire on charge (expires_at) where state = 'waiting';

create table if not exists refund (
    id             text primary key,
    number         text not null unique,
    charge_number  text not null references charge (number),
    amount_minor   integer not null check (amount_minor > 0),
    currency       text not null,
    state          text not null check (state in ('accepted', 'done', 'failed')),
    reason         text,
    accepted_at    integer not null,
    due_at         integer not null,
    changed_at     integer not null
) strict;
create index if not exists refund_to_finish on refund (due_at) where state = 'accepted';

-- One row per copy of a notification; both copies have the same message id.
create table if not exists telling (
    id          integer primary key,
    message_id  text not null,
    body        blob not null,
    next_at     integer,
    tries       integer not null default 0
) strict;
create index if not exists telling_to_send on telling (next_at) where next_at is not null;

-- Which codes of customers' phones were scanned, and for which charge: good for one, and of those nothing is told.
create table if not exists scanned_code (
    code_hash      text primary key,
    charge_number  text not null unique references charge (number)
) strict;
