-- The book of the sandbox marketplaces: what is on their shelves, what they were told, what they sold. Moments are
-- milliseconds since 1970, UTC.
create table if not exists shelf (
    channel   text not null,
    sku_code  text not null,
    units     integer not null check (units >= 0),
    primary key (channel, sku_code)
) strict;

-- A step under its id: when it was heard first, from when on it is gone by, from when on that is said.
create table if not exists step (
    id         text primary key,
    channel    text not null,
    sku_code   text not null,
    units      integer not null check (units <> 0),
    heard_at   integer not null,
    acts_at    integer not null,
    says_at    integer not null,
    moved      integer
) strict;
create index if not exists step_to_act on step (acts_at) where moved is null;

create table if not exists sale (
    number    text primary key,
    channel   text not null,
    sku_code  text not null,
    units     integer not null check (units > 0),
    sold_at   integer not null,
    put_back  integer not null default 0
) strict;
