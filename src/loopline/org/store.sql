-- name: lock_register
-- Lets one transaction at a time add to the organisation or change its shape; held to its end. Locks no row: such
-- changes are rare, and readers never wait for them.
select pg_advisory_xact_lock(hashtextextended('org.register', 0));

-- name: units_by_code
-- Units by their codes. Locks nothing.
select
    unit.id,
    unit.code,
    unit.kind,
    unit.name,
    unit.time_zone,
    unit.country,
    unit.parent_id,
    unit.path,
    unit.region_code,
    case when unit.longitude is not null
         then jsonb_build_object('longitude', unit.longitude, 'latitude', unit.latitude) end as coordinates,
    unit.hours,
    unit.industry_profile
from org.unit
where unit.code = any(%(codes)s::text[])
order by unit.code;

-- name: units_by_id
-- Units by their ids. Locks nothing.
select
    unit.id,
    unit.code,
    unit.kind,
    unit.name,
    unit.time_zone,
    unit.country,
    unit.parent_id,
    unit.path,
    unit.region_code,
    case when unit.longitude is not null
         then jsonb_build_object('longitude', unit.longitude, 'latitude', unit.latitude) end as coordinates,
    unit.hours,
    unit.industry_profile
from org.unit
where unit.id = any(%(unit_ids)s::uuid[])
order by unit.id;

-- name: units_below
-- All units of the given branches, of every branch where none is given, parents before children. Locks nothing.
select
    unit.id,
    unit.code,
    unit.kind,
    unit.name,
    unit.time_zone,
    unit.country,
    unit.parent_id,
    unit.path,
    unit.region_code,
    case when unit.longitude is not null
         then jsonb_build_object('longitude', unit.longitude, 'latitude', unit.latitude) end as coordinates,
    unit.hours,
    unit.industry_profile
from org.unit
where (%(branch_ids)s::uuid[] is null or unit.path && %(branch_ids)s::uuid[])
order by cardinality(unit.path), unit.code;

-- name: paths_by_id
-- The path and kind of each unit named. Locks nothing.
select
    unit.id,
    unit.kind,
    unit.path
from org.unit
where unit.id = any(%(unit_ids)s::uuid[])
order by unit.id;

-- name: branches_and_ancestors
-- The units named and everything above them. Locks nothing: the caller holds the lock of the register.
select distinct
    above.id,
    above.parent_id,
    above.kind
from org.unit
join org.unit as above on above.id = any(unit.path)
where unit.id = any(%(unit_ids)s::uuid[])
order by above.id;

-- name: copy_units
-- New units. The caller holds the lock of the register and has found their codes free.
copy org.unit (
    id, code, kind, name, parent_id, path, country, region_code, longitude, latitude, time_zone, hours,
    industry_profile, added_at
) from stdin;

-- name: move_units
-- Give units new parents and write the path of every unit anew whose path that changes, in one statement.
-- Locks the changed units; the caller holds the lock of the register, so the order cannot matter.
with recursive shape as materialized (
    select
        unit.id,
        coalesce(move.parent_id, unit.parent_id) as parent_id
    from org.unit
    left join unnest(%(unit_ids)s::uuid[], %(parent_ids)s::uuid[]) as move (unit_id, parent_id)
        on move.unit_id = unit.id
),
tree as (
    select
        shape.id,
        shape.parent_id,
        array[shape.id] as path
    from shape
    where shape.parent_id is null
    union all
    select
        shape.id,
        shape.parent_id,
        tree.path || shape.id
    from tree
    join shape on shape.parent_id = tree.id
)
update org.unit
set parent_id = tree.parent_id,
    path = tree.path
from tree
where tree.id = unit.id
  and tree.path <> unit.path;

-- name: entities_by_code
-- Legal entities by their codes. Locks nothing.
select
    entity.id,
    entity.code,
    entity.kind,
    entity.name,
    entity.unit_id,
    unit.path as unit_path,
    entity.country,
    entity.currency,
    entity.tax_number
from org.entity
join org.unit on unit.id = entity.unit_id
where entity.code = any(%(codes)s::text[])
order by entity.code;

-- name: entities_by_id
-- Legal entities by id. Locks nothing.
select
    entity.id,
    entity.code,
    entity.kind,
    entity.name,
    entity.unit_id,
    unit.path as unit_path,
    entity.country,
    entity.currency,
    entity.tax_number
from org.entity
join org.unit on unit.id = entity.unit_id
where entity.id = any(%(entity_ids)s::uuid[])
order by entity.id;

-- name: brand_companies
-- The brands' own companies, by code. Locks nothing.
select
    entity.id,
    entity.code,
    entity.kind,
    entity.name,
    entity.unit_id,
    unit.path as unit_path,
    entity.country,
    entity.currency,
    entity.tax_number
from org.entity
join org.unit on unit.id = entity.unit_id
where entity.kind = 'brand_company'
order by entity.code;

-- name: copy_entities
-- New legal entities. The caller holds the lock of the register and has found their codes free.
copy org.entity (id, code, kind, name, unit_id, country, currency, tax_number, added_at) from stdin;

-- name: sites_by_code
-- Sites by their codes, with their place. Locks nothing.
select
    site.id,
    site.code,
    site.name,
    site.entity_id,
    site.unit_id,
    unit.path as unit_path,
    unit.kind as unit_kind,
    jsonb_build_object('longitude', unit.longitude, 'latitude', unit.latitude) as coordinates,
    unit.time_zone,
    unit.country,
    unit.region_code,
    unit.hours
from org.site
join org.unit on unit.id = site.unit_id
where site.code = any(%(codes)s::text[])
order by site.code;

-- name: sites_by_id
-- Sites by their ids, with their place. Locks nothing.
select
    site.id,
    site.code,
    site.name,
    site.entity_id,
    site.unit_id,
    unit.path as unit_path,
    unit.kind as unit_kind,
    jsonb_build_object('longitude', unit.longitude, 'latitude', unit.latitude) as coordinates,
    unit.time_zone,
    unit.country,
    unit.region_code,
    unit.hours
from org.site
join org.unit on unit.id = site.unit_id
where site.id = any(%(site_ids)s::uuid[])
order by site.id;

-- name: sites_below
-- All sites of the given branches, of every branch where none is given, with their place. Locks nothing.
select
    site.id,
    site.code,
    site.name,
    site.entity_id,
    site.unit_id,
    unit.path as unit_path,
    unit.kind as unit_kind,
    jsonb_build_object('longitude', unit.longitude, 'latitude', unit.latitude) as coordinates,
    unit.time_zone,
    unit.country,
    unit.region_code,
    unit.hours
from org.unit
join org.site on site.unit_id = unit.id
where (%(branch_ids)s::uuid[] is null or unit.path && %(branch_ids)s::uuid[])
order by site.code;

-- name: copy_sites
-- New sites. The caller holds the lock of the register and has found their codes free.
copy org.site (id, code, name, unit_id, entity_id, added_at) from stdin;

-- name: parties_by_code
-- Parties by their codes. Locks nothing.
select
    party.id,
    party.code,
    party.kind,
    party.name,
    party.unit_id,
    unit.path as unit_path,
    party.entity_id,
    party.person_id
from org.party
join org.unit on unit.id = party.unit_id
where party.code = any(%(codes)s::text[])
order by party.code;

-- name: parties_by_id
-- Parties by their ids. Locks nothing.
select
    party.id,
    party.code,
    party.kind,
    party.name,
    party.unit_id,
    unit.path as unit_path,
    party.entity_id,
    party.person_id
from org.party
join org.unit on unit.id = party.unit_id
where party.id = any(%(party_ids)s::uuid[])
order by party.id;

-- name: parties_below
-- All parties of the given branches, of every branch where none is given. Locks nothing.
select
    party.id,
    party.code,
    party.kind,
    party.name,
    party.unit_id,
    unit.path as unit_path,
    party.entity_id,
    party.person_id
from org.party
join org.unit on unit.id = party.unit_id
where (%(branch_ids)s::uuid[] is null or unit.path && %(branch_ids)s::uuid[])
order by party.code;

-- name: brand_party
-- The brand as a party: the first by code, where there are several. Locks nothing.
select
    party.id,
    party.code,
    party.kind,
    party.name,
    party.unit_id,
    unit.path as unit_path,
    party.entity_id,
    party.person_id
from org.party
join org.unit on unit.id = party.unit_id
where party.kind = 'brand'
order by party.code
limit 1;

-- name: copy_parties
-- New parties. The caller holds the lock of the register and has found their codes free.
copy org.party (id, code, kind, name, unit_id, entity_id, person_id, added_at) from stdin;

-- name: people_by_name
-- People by their sign-in names. Locks nothing.
select
    person.id,
    person.sign_in_name,
    person.name,
    person.unit_id,
    unit.path as unit_path,
    person.is_active
from org.person
join org.unit on unit.id = person.unit_id
where person.sign_in_name = any(%(sign_in_names)s::text[])
order by person.sign_in_name;

-- name: people_by_id
-- People by their ids, those who left too. Locks nothing.
select
    person.id,
    person.sign_in_name,
    person.name,
    person.unit_id,
    unit.path as unit_path,
    person.is_active
from org.person
join org.unit on unit.id = person.unit_id
where person.id = any(%(person_ids)s::uuid[])
order by person.id;

-- name: people_below
-- The people who work in the given branches, in every branch where none is given. Locks nothing.
select
    person.id,
    person.sign_in_name,
    person.name,
    person.unit_id,
    unit.path as unit_path,
    person.is_active
from org.person
join org.unit on unit.id = person.unit_id
where (%(branch_ids)s::uuid[] is null or unit.path && %(branch_ids)s::uuid[])
order by person.sign_in_name;

-- name: lock_people
-- People by id. Locks them in the order of their ids, so that nobody is granted a role while seen off.
select
    person.id,
    person.sign_in_name,
    person.name,
    person.unit_id,
    unit.path as unit_path,
    person.is_active
from org.person
join org.unit on unit.id = person.unit_id
where person.id = any(%(person_ids)s::uuid[])
order by person.id
for no key update of person;

-- name: copy_people
-- New people. The caller holds the lock of the register and has found their sign-in names free.
copy org.person (id, sign_in_name, name, unit_id, is_active, added_at) from stdin;

-- name: close_people
-- Mark people as gone. The caller holds their rows.
update org.person
set is_active = false
where person.id = any(%(person_ids)s::uuid[]);

-- name: roles_of
-- The roles that active people hold, with the path of each branch. Locks nothing.
select
    role.person_id,
    role.role,
    role.branch_id,
    unit.path as branch_path
from org.role
join org.person on person.id = role.person_id and person.is_active
join org.unit on unit.id = role.branch_id
where role.person_id = any(%(person_ids)s::uuid[])
order by role.person_id, role.branch_id, role.role;

-- name: insert_roles
-- Grant roles and return those that were not held yet. The caller holds the people's rows.
insert into org.role (person_id, branch_id, role, granted_at, granted_by)
select
    new.person_id,
    new.branch_id,
    new.role,
    %(granted_at)s::timestamptz,
    %(granted_by)s::uuid
from unnest(%(person_ids)s::uuid[], %(branch_ids)s::uuid[], %(roles)s::text[]) as new (person_id, branch_id, role)
order by new.person_id, new.branch_id, new.role
on conflict (person_id, branch_id, role) do nothing
returning role.person_id, role.branch_id, role.role;

-- name: delete_roles
-- Take roles back and return those that were held. The caller holds the people's rows.
delete from org.role
using unnest(%(person_ids)s::uuid[], %(branch_ids)s::uuid[], %(roles)s::text[]) as old (person_id, branch_id, role)
where role.person_id = old.person_id
  and role.branch_id = old.branch_id
  and role.role = old.role
returning role.person_id, role.branch_id, role.role;

-- name: delete_roles_of
-- Take all roles of people who leave. The caller holds their rows.
delete from org.role
where role.person_id = any(%(person_ids)s::uuid[]);

-- name: write_passwords
-- Set or replace password hashes. The caller holds the people's rows.
insert into org.password (person_id, hash, set_at)
select
    new.person_id,
    new.hash,
    %(set_at)s::timestamptz
from unnest(%(person_ids)s::uuid[], %(hashes)s::text[]) as new (person_id, hash)
order by new.person_id
on conflict (person_id) do update
set hash = excluded.hash,
    set_at = excluded.set_at;

-- name: delete_passwords_of
-- Forget the hashes of people who leave. The caller holds their rows.
delete from org.password
where password.person_id = any(%(person_ids)s::uuid[]);

-- name: password_hashes
-- The stored hashes of people. Locks nothing.
select
    password.person_id,
    password.hash
from org.password
where password.person_id = any(%(person_ids)s::uuid[])
order by password.person_id;

-- name: credentials_by_name
-- Who signs in by a name, with the hash to check; people who left are not found. Locks the person against leaving
-- or changing the password while a session is made.
select
    person.id as person_id,
    password.hash
from org.person
join org.password on password.person_id = person.id
where person.sign_in_name = %(sign_in_name)s::text
  and person.is_active
for share of person;

-- name: lock_failures
-- The failed sign-ins of a name, made if there are none. Locks that row: guesses at one name go one after another.
insert into org.sign_in_failure (sign_in_name, failures, last_at)
values (%(sign_in_name)s::text, 0, %(now)s::timestamptz)
on conflict (sign_in_name) do update
set failures = sign_in_failure.failures
returning
    sign_in_failure.failures,
    sign_in_failure.last_at,
    sign_in_failure.locked_until;

-- name: write_failures
-- Write the count after one more failure. The caller holds the row.
update org.sign_in_failure
set failures = %(failures)s::integer,
    last_at = %(last_at)s::timestamptz,
    locked_until = %(locked_until)s::timestamptz
where sign_in_failure.sign_in_name = %(sign_in_name)s::text;

-- name: delete_failures
-- Forget the failures of a name after it signed in. The caller holds the row.
delete from org.sign_in_failure
where sign_in_failure.sign_in_name = %(sign_in_name)s::text;

-- name: delete_old_failures
-- Forget failures that no longer count, oldest first, at most so many. Locks the rows it deletes, skipping held ones.
delete from org.sign_in_failure
where sign_in_failure.sign_in_name in (
    select old.sign_in_name
    from org.sign_in_failure as old
    where old.last_at < %(before)s::timestamptz
      and (old.locked_until is null or old.locked_until < %(before)s::timestamptz)
    order by old.last_at, old.sign_in_name
    limit %(at_most)s::integer
    for update skip locked
);

-- name: insert_session
-- Begin a session. Locks the new row.
insert into org.session (token_hash, person_id, started_at, expires_at)
values (%(token_hash)s::bytea, %(person_id)s::uuid, %(started_at)s::timestamptz, %(expires_at)s::timestamptz);

-- name: session_person
-- Who a running session belongs to; nobody once it has expired or the person has left. Locks nothing.
select
    person.id as person_id,
    person.name,
    person.unit_id,
    session.expires_at,
    coalesce(
        (
            select jsonb_agg(
                jsonb_build_object('person_id', role.person_id, 'role', role.role, 'branch_id', role.branch_id)
                order by role.branch_id, role.role
            )
            from org.role
            where role.person_id = person.id
        ),
        '[]'::jsonb
    ) as roles
from org.session
join org.person on person.id = session.person_id and person.is_active
where session.token_hash = %(token_hash)s::bytea
  and session.expires_at > %(now)s::timestamptz;

-- name: delete_session
-- End a session. Locks its row.
delete from org.session
where session.token_hash = %(token_hash)s::bytea;

-- name: delete_sessions_of
-- End every session of people. Locks their sessions.
delete from org.session
where session.person_id = any(%(person_ids)s::uuid[]);

-- name: delete_expired_sessions
-- Forget expired sessions, oldest first, at most so many. Locks the rows it deletes, skipping held ones.
delete from org.session
where session.token_hash in (
    select old.token_hash
    from org.session as old
    where old.expires_at <= %(now)s::timestamptz
    order by old.expires_at, old.token_hash
    limit %(at_most)s::integer
    for update skip locked
);

-- name: scope_of
-- What some of a person's roles reach: everything, where they are held at the top of every tree, of which there is at
-- least one; else units and the sites at them. Locks nothing.
with top as (
    select
        exists (select from org.unit where unit.parent_id is null)
        and not exists (
            select
            from org.unit
            where unit.parent_id is null
              and not exists (
                select
                from org.role
                join org.person on person.id = role.person_id and person.is_active
                where role.person_id = %(person_id)s::uuid
                  and role.branch_id = unit.id
                  and (%(roles)s::text[] is null or role.role = any(%(roles)s::text[]))
              )
        ) as is_held
),
reached as (
    select distinct scope.org_unit_id as unit_id
    from top
    join org.published_scope as scope on not top.is_held
    where scope.person_id = %(person_id)s::uuid
      and (%(roles)s::text[] is null or scope.role = any(%(roles)s::text[]))
)
select
    top.is_held as everything,
    array(select unit_id from reached) as org_units,
    array(select site.id from org.site join reached on reached.unit_id = site.unit_id) as sites
from top;
