create schema org;

-- The tree. `path` leads from the root to the unit itself: a branch test is one array lookup. Written in one place,
-- proved by doctor.
create table org.unit (
    id uuid not null primary key,
    code text not null constraint unit_code_is_unique unique,
    kind text not null constraint unit_kind_is_known
        check (kind in ('brand', 'region', 'dealer', 'store', 'warehouse', 'mall')),
    name text not null,
    parent_id uuid constraint unit_parent_is_a_unit references org.unit,
    path uuid[] not null,
    country text not null constraint unit_country_is_a_code check (country ~ '^[A-Z]{2}$'),
    region_code text constraint unit_region_is_six_digits check (region_code ~ '^[1-9][0-9]{5}$'),
    longitude double precision constraint unit_longitude_in_range check (longitude between -180 and 180),
    latitude double precision constraint unit_latitude_in_range check (latitude between -90 and 90),
    time_zone text not null,
    hours jsonb not null,
    industry_profile text constraint unit_industry_is_known check (industry_profile in (
        'fast_fashion', 'home_furnishing', 'lighting', 'food_and_wine', 'restaurant', 'mall', 'services')),
    added_at timestamptz not null,
    constraint unit_code_is_normal check (code = btrim(code) and code <> ''),
    constraint only_a_brand_is_a_root check (parent_id is not null or kind = 'brand'),
    constraint coordinates_come_in_pairs check ((longitude is null) = (latitude is null)),
    constraint path_ends_with_the_unit check ((path[cardinality(path)] = id) is true),
    constraint path_passes_the_parent check (
        case when parent_id is null then cardinality(path) = 1
             else cardinality(path) > 1 and path[cardinality(path) - 1] = parent_id end)
);
create index unit_by_parent on org.unit (parent_id);
create index unit_roots on org.unit (id) where parent_id is null;
create index unit_by_ancestor on org.unit using gin (path);

create table org.entity (
    id uuid not null primary key,
    code text not null constraint entity_code_is_unique unique
        constraint entity_code_is_normal check (code = btrim(code) and code <> ''),
    kind text not null constraint entity_kind_is_known
        check (kind in ('brand_company', 'dealer_company', 'platform')),
    name text not null,
    unit_id uuid not null constraint entity_belongs_to_a_unit references org.unit,
    country text not null constraint entity_country_is_a_code check (country ~ '^[A-Z]{2}$'),
    currency text not null constraint entity_currency_is_a_code check (currency ~ '^[A-Z]{3}$'),
    tax_number text,
    added_at timestamptz not null
);

create table org.site (
    id uuid not null primary key,
    code text not null constraint site_code_is_unique unique
        constraint site_code_is_normal check (code = btrim(code) and code <> ''),
    name text not null,
    unit_id uuid not null constraint site_lies_at_a_unit references org.unit,
    entity_id uuid not null constraint site_has_a_seller references org.entity,
    added_at timestamptz not null
);
create index site_by_unit on org.site (unit_id);

create table org.person (
    id uuid not null primary key,
    sign_in_name text not null constraint sign_in_name_is_unique unique
        constraint sign_in_name_is_normal check (sign_in_name ~ '^[^[:space:]A-Z]{3,128}$'),
    name text not null,
    unit_id uuid not null constraint person_works_at_a_unit references org.unit,
    is_active boolean not null,
    added_at timestamptz not null
);
create index person_by_unit on org.person (unit_id);

create table org.party (
    id uuid not null primary key,
    code text not null constraint party_code_is_unique unique
        constraint party_code_is_normal check (code = btrim(code) and code <> ''),
    kind text not null constraint party_kind_is_known
        check (kind in ('brand', 'dealer', 'store', 'guide', 'streamer', 'platform')),
    name text not null,
    unit_id uuid not null constraint party_belongs_to_a_unit references org.unit,
    entity_id uuid constraint party_is_paid_through_an_entity references org.entity,
    person_id uuid constraint party_is_a_person references org.person,
    added_at timestamptz not null,
    constraint only_people_are_guides_and_streamers check (person_id is null or kind in ('guide', 'streamer'))
);

create table org.role (
    person_id uuid not null constraint role_is_held_by_a_person references org.person,
    branch_id uuid not null constraint role_is_held_at_a_branch references org.unit,
    role text not null constraint role_is_known check (role in (
        'hq_operations', 'finance', 'marketing', 'dealer', 'store_manager', 'guide', 'packer', 'streamer',
        'customer_service', 'auditor')),
    granted_at timestamptz not null,
    granted_by uuid,
    primary key (person_id, branch_id, role)
);
create index role_by_branch on org.role (branch_id);

-- Apart from the person, so that nothing that reads people ever touches a hash.
create table org.password (
    person_id uuid not null primary key constraint password_of_a_person references org.person,
    hash text not null constraint password_is_argon2id check (hash like '$argon2id$%'),
    set_at timestamptz not null
);

-- Only the SHA-256 of a token is kept: who reads this table cannot sign in with it.
create table org.session (
    token_hash bytea not null primary key constraint token_hash_is_sha256 check (octet_length(token_hash) = 32),
    person_id uuid not null constraint session_of_a_person references org.person,
    started_at timestamptz not null,
    expires_at timestamptz not null,
    constraint session_ends_after_its_start check (expires_at > started_at)
);
create index session_by_person on org.session (person_id);
create index session_by_expiry on org.session (expires_at);

-- Failed sign-ins by name, whether or not such a person exists: a lock-out tells nobody which names are real.
create table org.sign_in_failure (
    sign_in_name text not null primary key,
    failures integer not null constraint failures_are_counted check (failures >= 0),
    last_at timestamptz not null,
    locked_until timestamptz
);
create index sign_in_failure_by_age on org.sign_in_failure (last_at);

-- Who may see which unit in which role: what row-level security of other schemas asks.
create view org.published_scope with (security_invoker = true) as
select
    role.person_id,
    role.role,
    unit.id as org_unit_id
from org.role
join org.person on person.id = role.person_id and person.is_active
join org.unit on unit.path @> array[role.branch_id];

create view org.published_unit with (security_invoker = true) as
select
    unit.id,
    unit.code,
    unit.kind,
    unit.name,
    unit.parent_id,
    unit.path,
    unit.country,
    unit.region_code,
    unit.longitude,
    unit.latitude,
    unit.time_zone
from org.unit;

create view org.published_site with (security_invoker = true) as
select
    site.id,
    site.code,
    site.name,
    site.unit_id,
    site.entity_id,
    unit.path as unit_path,
    unit.kind as unit_kind,
    unit.longitude,
    unit.latitude,
    unit.time_zone
from org.site
join org.unit on unit.id = site.unit_id;

create view org.published_entity with (security_invoker = true) as
select
    entity.id,
    entity.code,
    entity.kind,
    entity.name,
    entity.unit_id,
    entity.country,
    entity.currency
from org.entity;

create view org.published_party with (security_invoker = true) as
select
    party.id,
    party.code,
    party.kind,
    party.name,
    party.unit_id,
    party.entity_id,
    party.person_id
from org.party;
