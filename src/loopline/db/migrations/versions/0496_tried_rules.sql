-- By which method of evaluating and rounding rules split: all that were published so far by the first. On which trial of
-- its very content a version was published, or why on none; and where its rows are known to take more than a line brings.
alter table sharing.rule_set
  add column method smallint not null default 1,
  add column trial_id uuid references sharing.trial (id),
  add column untried_because text,
  add column accepted_limits jsonb,
  add constraint rule_set_method_counts check (method >= 1),
  add constraint untried_says_why check (untried_because ~ '[^[:space:]]');

create or replace function sharing.guard_rule_set() returns trigger
  language plpgsql
as $$
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
    if num_nonnulls(new.trial_id, new.untried_because) <> 1
      or new.trial_id is not null and not exists (
        select
        from sharing.trial
        where trial.id = new.trial_id and trial.rule_set_id = new.id and trial.result is not null
      )
    then
      raise exception 'rule set % was not tried, and does not say why', new.version
        using errcode = 'check_violation', schema = 'sharing', table = 'rule_set', constraint = 'tried_or_says_why';
    end if;
  end if;
  return coalesce(new, old);
end
$$;

-- Whether whoever serves or brings a member earns of what they buy themselves: by rules published so far they do.
alter table sharing.rule_set add column own_earns boolean not null default true;
alter table sharing.rule_set alter column own_earns drop default;

-- The roles of a kind of line whose party is the buyer.
alter table sharing.line_kind add column own text[] not null default '{}';

-- Which members are a party itself, or somebody who earns through it.
create table sharing.own_member (
  party_id uuid not null,
  member_id uuid not null,
  noted_by uuid not null,
  noted_at timestamptz not null,
  primary key (member_id, party_id)
);
create index own_member_by_party on sharing.own_member (party_id);
grant select, insert on sharing.own_member to loopline_app;
revoke update, delete, truncate on sharing.own_member from loopline_app;
