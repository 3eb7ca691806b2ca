-- name: units_page
-- Units in the order of their codes, after a code, at most so many: of units, or of all; of some codes, or of all.
-- Locks nothing.
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
where (%(unit_ids)s::uuid[] is null or unit.id = any(%(unit_ids)s::uuid[]))
  and (%(codes)s::text[] is null or unit.code = any(%(codes)s::text[]))
  and unit.code > %(after)s::text
order by unit.code
limit %(at_most)s::bigint;

-- name: entities_page
-- Legal entities in the order of their codes, after a code, at most so many: of units, or of all; of some codes, or of all.
-- Locks nothing.
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
where (%(unit_ids)s::uuid[] is null or entity.unit_id = any(%(unit_ids)s::uuid[]))
  and (%(codes)s::text[] is null or entity.code = any(%(codes)s::text[]))
  and entity.code > %(after)s::text
order by entity.code
limit %(at_most)s::bigint;

-- name: sites_page
-- Sites, with their place, in the order of their codes, after a code, at most so many: of units, or of all; of some codes, or of all.
-- Locks nothing.
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
where (%(unit_ids)s::uuid[] is null or site.unit_id = any(%(unit_ids)s::uuid[]))
  and (%(codes)s::text[] is null or site.code = any(%(codes)s::text[]))
  and site.code > %(after)s::text
order by site.code
limit %(at_most)s::bigint;

-- name: parties_page
-- Parties in the order of their codes, after a code, at most so many: of units, or of all; of some codes, or of all.
-- Locks nothing.
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
where (%(unit_ids)s::uuid[] is null or party.unit_id = any(%(unit_ids)s::uuid[]))
  and (%(codes)s::text[] is null or party.code = any(%(codes)s::text[]))
  and party.code > %(after)s::text
order by party.code
limit %(at_most)s::bigint;

-- name: sites_named
-- Sites whose code or name has a text in it, small letters or large, in the order of their codes: of some sites, or of all.
-- Locks nothing.
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
where (%(site_ids)s::uuid[] is null or site.id = any(%(site_ids)s::uuid[]))
  and (
    strpos(lower(site.code), lower(%(text)s::text)) > 0
    or strpos(lower(site.name), lower(%(text)s::text)) > 0
  )
order by site.code
limit %(at_most)s::bigint;

-- name: parties_named
-- Parties whose code or name has a text in it, small letters or large, in the order of their codes: of units, or of all.
-- Locks nothing.
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
where (%(unit_ids)s::uuid[] is null or party.unit_id = any(%(unit_ids)s::uuid[]))
  and (
    strpos(lower(party.code), lower(%(text)s::text)) > 0
    or strpos(lower(party.name), lower(%(text)s::text)) > 0
  )
order by party.code
limit %(at_most)s::bigint;

-- name: people_page
-- People in the order of their codes, after a code, at most so many: of units, or of all; of some codes, or of all.
-- Locks nothing.
select
    person.id,
    person.sign_in_name,
    person.name,
    person.unit_id,
    unit.path as unit_path,
    person.is_active
from org.person
join org.unit on unit.id = person.unit_id
where (%(unit_ids)s::uuid[] is null or person.unit_id = any(%(unit_ids)s::uuid[]))
  and (%(codes)s::text[] is null or person.sign_in_name = any(%(codes)s::text[]))
  and person.sign_in_name > %(after)s::text
order by person.sign_in_name
limit %(at_most)s::bigint;

-- name: unit_codes
-- The codes of units. Locks nothing.
select
    unit.id,
    unit.code
from org.unit
where unit.id = any(%(unit_ids)s::uuid[])
order by unit.id;

-- name: entity_codes
-- The codes of legal entities. Locks nothing.
select
    entity.id,
    entity.code
from org.entity
where entity.id = any(%(entity_ids)s::uuid[])
order by entity.id;

-- name: party_codes
-- The codes of parties. Locks nothing.
select
    party.id,
    party.code
from org.party
where party.id = any(%(party_ids)s::uuid[])
order by party.id;

-- name: sign_in_names
-- The sign-in names of people, of those who left too. Locks nothing.
select
    person.id,
    person.sign_in_name
from org.person
where person.id = any(%(person_ids)s::uuid[])
order by person.id;

-- name: roles_of_people
-- The roles that people hold, with their branches. Locks nothing.
select
    role.person_id,
    role.role,
    role.branch_id
from org.role
where role.person_id = any(%(person_ids)s::uuid[])
order by role.person_id, role.branch_id, role.role;

-- name: entity_codes_in_scope
-- The codes of legal entities that belong to some units, or to any. Locks nothing.
select
    entity.id,
    entity.code
from org.entity
where entity.id = any(%(entity_ids)s::uuid[])
  and (%(unit_ids)s::uuid[] is null or entity.unit_id = any(%(unit_ids)s::uuid[]))
order by entity.id;

-- name: entity_ids_of_units
-- The legal entities that belong to some units. Locks nothing.
select entity.id
from org.entity
where entity.unit_id = any(%(unit_ids)s::uuid[])
order by entity.id;

-- name: maker_of_key
-- Who made a key; null where the machine's owner did. Locks nothing.
select api_key.made_by
from org.api_key
where api_key.id = %(key_id)s::uuid;

-- name: names_in_books
-- What legal entities and parties are called, and of which unit they are, by id; with the brand's own zone. Locks nothing.
select
    named.id,
    named.is_party,
    named.code,
    named.name,
    named.unit_id,
    coalesce(
        (select unit.time_zone from org.unit where unit.kind = 'brand' order by unit.code limit 1), 'UTC'
    ) as zone
from (
    select entity.id, false as is_party, entity.code, entity.name, entity.unit_id
    from org.entity
    where entity.id = any(%(entity_ids)s::uuid[])
    union all
    select party.id, true as is_party, party.code, party.name, party.unit_id
    from org.party
    where party.id = any(%(party_ids)s::uuid[])
) as named
order by named.is_party, named.id;
