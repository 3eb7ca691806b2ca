-- Sharing: versioned rules, how each part of a line was split, what waits for its return window, what was clawed back.

create schema sharing;

create table sharing.rule_set (
  id uuid primary key,
  version integer generated always as identity,
  state text not null,
  currency text not null,
  author_id uuid not null,
  comment text not null,
  drafted_at timestamptz not null,
  published_by uuid,
  published_at timestamptz,
  effective_from timestamptz,
  constraint rule_set_version_unique unique (version),
  constraint rule_set_state_known check (state in ('draft', 'published')),
  constraint rule_set_currency_code check (currency ~ '^[A-Z]{3}$'),
  constraint publication_is_complete check (
    num_nonnulls(published_by, published_at, effective_from) = case state when 'published' then 3 else 0 end
  ),
  -- Of two sets effective from the same moment nobody could say which one counts.
  constraint one_rule_set_from_a_moment unique (currency, effective_from)
);

create table sharing.rule_row (
  rule_set_id uuid not null references sharing.rule_set,
  position smallint not null,
  role text not null,
  level smallint not null,
  channels text[] not null,
  categories text[] not null,
  deliveries text[] not null,
  bound boolean,
  basis_points integer,
  amount_minor bigint,
  remainder boolean not null,
  primary key (rule_set_id, position),
  constraint rule_row_position_counts_from_one check (position >= 1),
  constraint rule_row_role_known check (
    role in ('brand', 'dealer', 'store', 'guide', 'shipping_site', 'streamer', 'platform')
  ),
  constraint rule_row_level_positive check (level >= 1),
  constraint rule_row_takes_one_thing check (num_nonnulls(basis_points, amount_minor) + remainder::integer = 1),
  constraint rule_row_basis_points_in_range check (basis_points between 0 and 10000),
  constraint rule_row_amount_not_negative check (amount_minor >= 0)
);

-- What was published stands: shares point at it. A published set has one remainder and at most two levels.
create function sharing.guard_rule_set() returns trigger language plpgsql as $$
begin
  if tg_op <> 'INSERT' and old.state = 'published' then
    raise exception 'rule set % is published', old.version
      using errcode = 'check_violation', schema = 'sharing', table = 'rule_set',
        constraint = 'published_rules_are_immutable';
  end if;
  if tg_op <> 'DELETE' and new.state = 'published' then
    if (select count(*) from sharing.rule_row where rule_set_id = new.id and remainder) <> 1 then
      raise exception 'rule set % does not say once who gets the remainder', new.version
        using errcode = 'check_violation', schema = 'sharing', table = 'rule_set', constraint = 'one_remainder';
    end if;
    if exists (select from sharing.rule_row where rule_set_id = new.id and level > 2) then
      raise exception 'rule set % pays more than two levels', new.version
        using errcode = 'check_violation', schema = 'sharing', table = 'rule_set', constraint = 'at_most_two_levels';
    end if;
  end if;
  return coalesce(new, old);
end
$$;

create trigger published_rules_are_immutable before insert or update or delete on sharing.rule_set
  for each row execute function sharing.guard_rule_set();

create function sharing.guard_rule_row() returns trigger language plpgsql as $$
begin
  if exists (
    select
    from sharing.rule_set
    where rule_set.id in (new.rule_set_id, old.rule_set_id) and rule_set.state = 'published'
    for share
  ) then
    raise exception 'the rule set of this row is published'
      using errcode = 'check_violation', schema = 'sharing', table = 'rule_row',
        constraint = 'published_rules_are_immutable';
  end if;
  return coalesce(new, old);
end
$$;

create trigger published_rules_are_immutable before insert or update or delete on sharing.rule_row
  for each row execute function sharing.guard_rule_row();

-- How one part of a line was split: a row for each part, its shares as arrays of the same length. sharing.share shows them
-- one by one. Found by line; line ids rise with time, so rows of a period lie together.
create table sharing.split (
  line_id uuid not null,
  part_id uuid not null,
  order_id uuid not null,
  rule_set_id uuid not null,
  entity_id uuid not null,
  currency text not null,
  units bigint not null,
  base_minor bigint not null,
  due_at timestamptz not null,
  party_ids uuid[] not null,
  rule_rows smallint[] not null,
  amounts_minor bigint[] not null,
  constraint part_split_once primary key (line_id, part_id),
  constraint split_has_units check (units > 0),
  constraint split_base_not_negative check (base_minor >= 0),
  constraint amount_for_each_party check (
    cardinality(party_ids) = cardinality(amounts_minor) and cardinality(rule_rows) = cardinality(amounts_minor)
  )
);
revoke update, delete on sharing.split from loopline_app;

create function sharing.refuse_splits_that_do_not_add_up() returns trigger language plpgsql as $$
begin
  if exists (
    select
    from inserted
    where (
      select coalesce(sum(amount), 0) <> inserted.base_minor or coalesce(min(amount), 0) < 0
      from unnest(inserted.amounts_minor) as amount
    )
  ) then
    raise exception 'the shares of a part do not add up to its base'
      using errcode = 'check_violation', schema = 'sharing', table = 'split', constraint = 'shares_add_up_to_base';
  end if;
  return null;
end
$$;

create trigger shares_add_up_to_base after insert on sharing.split
  referencing new table as inserted
  for each statement execute function sharing.refuse_splits_that_do_not_add_up();

-- Parts whose return window is open: the queue of what becomes due. A part that is not here is due.
create table sharing.pending_part (
  due_at timestamptz not null,
  line_id uuid not null,
  part_id uuid not null,
  primary key (due_at, line_id, part_id)
);

-- How many units of a part came back; the row that two returns of the same part queue for.
create table sharing.returned_part (
  line_id uuid not null,
  part_id uuid not null,
  units_returned bigint not null default 0,
  primary key (line_id, part_id),
  constraint returned_not_negative check (units_returned >= 0)
);

create table sharing.claw_back (
  reference uuid not null,
  line_id uuid not null,
  part_id uuid not null,
  units_before bigint not null,
  units bigint not null,
  from_due boolean not null,
  amounts_minor bigint[] not null,
  at timestamptz not null,
  constraint clawed_back_once_for_a_reference primary key (line_id, part_id, reference),
  constraint claw_back_step_once unique (line_id, part_id, units_before),
  constraint claw_back_takes_units check (units > 0 and units_before >= 0)
);
revoke update, delete on sharing.claw_back from loopline_app;

create table sharing.release (
  id uuid primary key,
  at timestamptz not null,
  parts bigint not null
);
revoke update, delete on sharing.release from loopline_app;

create table sharing.released_amount (
  release_id uuid not null references sharing.release,
  entity_id uuid not null,
  party_id uuid not null,
  currency text not null,
  due_on date not null,
  amount_minor bigint not null,
  primary key (release_id, entity_id, party_id, currency, due_on)
);
revoke update, delete on sharing.released_amount from loopline_app;

create view sharing.share with (security_invoker = true) as
select
  split.order_id,
  split.line_id,
  split.part_id,
  split.rule_set_id,
  share.rule_row,
  rule_row.role,
  share.party_id,
  split.entity_id,
  split.currency,
  share.amount_minor,
  coalesce(taken.cancelled_minor, 0)::bigint as cancelled_minor,
  coalesce(taken.clawed_back_minor, 0)::bigint as clawed_back_minor,
  split.due_at,
  case when pending_part.line_id is null then 'due' else 'pending' end as state
from sharing.split as split
cross join lateral unnest(split.party_ids, split.rule_rows, split.amounts_minor) with ordinality
  as share (party_id, rule_row, amount_minor, position)
left join sharing.rule_row as rule_row
  on rule_row.rule_set_id = split.rule_set_id and rule_row.position = share.rule_row
left join sharing.pending_part as pending_part
  on pending_part.due_at = split.due_at
  and pending_part.line_id = split.line_id
  and pending_part.part_id = split.part_id
left join lateral (
  select
    sum(claw_back.amounts_minor[share.position]) filter (where not claw_back.from_due) as cancelled_minor,
    sum(claw_back.amounts_minor[share.position]) filter (where claw_back.from_due) as clawed_back_minor
  from sharing.claw_back as claw_back
  where claw_back.line_id = split.line_id and claw_back.part_id = split.part_id
) as taken on true;

create view sharing.published_shares with (security_invoker = true) as
select
  share.order_id,
  share.line_id,
  share.part_id,
  share.rule_set_id,
  share.rule_row,
  share.role,
  share.party_id,
  share.entity_id,
  share.currency,
  share.amount_minor,
  share.cancelled_minor,
  share.clawed_back_minor,
  share.due_at,
  share.state
from sharing.share as share;
