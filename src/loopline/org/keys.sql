-- name: insert_api_keys
-- Keep keys by the hash of their token. Locks nothing but the new rows.
insert into org.api_key (id, name, branch_id, permissions, token_hash, made_by, made_at, expires_at)
select
    new.id,
    new.name,
    new.branch_id,
    string_to_array(new.permissions, ' '),
    new.token_hash,
    %(made_by)s::uuid,
    %(made_at)s::timestamptz,
    new.expires_at
from unnest(
    %(ids)s::uuid[],
    %(names)s::text[],
    %(branch_ids)s::uuid[],
    %(permissions)s::text[],
    %(token_hashes)s::bytea[],
    %(expiries)s::timestamptz[]
) as new (id, name, branch_id, permissions, token_hash, expires_at);

-- name: api_key_by_token
-- The key with this hash, while it is neither revoked nor over. Locks nothing.
select
    api_key.id,
    api_key.name,
    api_key.branch_id,
    api_key.permissions,
    api_key.made_by,
    api_key.made_at,
    api_key.expires_at,
    api_key.revoked_at
from org.api_key
where api_key.token_hash = %(token_hash)s::bytea
  and api_key.revoked_at is null
  and (api_key.expires_at is null or api_key.expires_at > %(now)s::timestamptz);

-- name: api_keys_at
-- The keys at units, or all, in the order of their ids. Locks nothing.
select
    api_key.id,
    api_key.name,
    api_key.branch_id,
    api_key.permissions,
    api_key.made_by,
    api_key.made_at,
    api_key.expires_at,
    api_key.revoked_at
from org.api_key
where (%(branch_ids)s::uuid[] is null or api_key.branch_id = any(%(branch_ids)s::uuid[]))
  and (%(after)s::uuid is null or api_key.id > %(after)s::uuid)
order by api_key.id
limit %(at_most)s::bigint;

-- name: revoke_api_keys
-- End keys at units. Locks their rows in the order of their ids.
with wanted as (
    select api_key.id
    from org.api_key
    where api_key.id = any(%(ids)s::uuid[])
      and (%(branch_ids)s::uuid[] is null or api_key.branch_id = any(%(branch_ids)s::uuid[]))
    order by api_key.id
    for update
)
update org.api_key
set revoked_at = coalesce(api_key.revoked_at, %(now)s::timestamptz)
from wanted
where api_key.id = wanted.id
returning api_key.id;

-- name: units_of_branch
-- The units at and below a branch; null alone where the branch is the top of the only tree. Locks nothing.
select unit.id
from org.unit
where unit.path @> array[%(branch_id)s::uuid]
  and exists (
    select
    from org.unit as root
    where root.parent_id is null
      and root.id <> %(branch_id)s::uuid
  )
union all
select null
where not exists (
    select
    from org.unit as root
    where root.parent_id is null
      and root.id <> %(branch_id)s::uuid
);

-- name: sites_of_units
-- The sites at units. Locks nothing.
select site.id
from org.site
where site.unit_id = any(%(unit_ids)s::uuid[])
order by site.id;
