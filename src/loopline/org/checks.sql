-- name: every_unit_hangs_below_a_brand
-- Units that no way leads to from the top of a tree: they hang in a cycle or below something that is gone.
-- Repairing one unit of a cycle reaches all of it: repair one, then run doctor again.
with recursive reached as (
    select unit.id
    from org.unit
    where unit.parent_id is null
      and unit.kind = 'brand'
    union all
    select unit.id
    from reached
    join org.unit on unit.parent_id = reached.id
)
select
    'unit ' || unit.code as subject,
    'hangs below ' || coalesce(parent.code, 'nothing that exists') || ', out of reach of every brand' as found,
    'a way from a brand down to it' as expected,
    'update org.unit set parent_id = top.id, path = top.path || unit.id'
        || ' from (select id, path from org.unit where parent_id is null order by added_at, id limit 1) as top'
        || ' where unit.id = ''' || unit.id || '''' as repair
from org.unit
left join org.unit as parent on parent.id = unit.parent_id
where not exists (select from reached where reached.id = unit.id)
order by unit.code;

-- name: paths_follow_the_tree
-- Units whose stored path is not the way from the top to them.
with recursive tree as (
    select
        unit.id,
        array[unit.id] as path
    from org.unit
    where unit.parent_id is null
    union all
    select
        unit.id,
        tree.path || unit.id
    from tree
    join org.unit on unit.parent_id = tree.id
)
select
    'unit ' || unit.code as subject,
    'path ' || unit.path::text as found,
    'path ' || tree.path::text as expected,
    'update org.unit set path = ''' || tree.path::text || ''' where id = ''' || unit.id || '''' as repair
from org.unit
join tree on tree.id = unit.id
where tree.path <> unit.path
order by unit.code;

-- name: roles_lie_in_the_tree
-- Roles held at a branch that does not exist, by nobody, or at a kind of unit where nobody can do their work.
select
    'role ' || role.role || ' of person ' || coalesce(person.sign_in_name, role.person_id::text) as subject,
    case when unit.id is null then 'held at unit ' || role.branch_id || ', which is not in the tree'
         when person.id is null then 'held by person ' || role.person_id || ', who does not exist'
         else 'held at ' || unit.code || ', a ' || unit.kind end as found,
    'a person''s role at a unit of the tree where it fits' as expected,
    'delete from org.role where person_id = ''' || role.person_id || ''' and branch_id = ''' || role.branch_id
        || ''' and role = ''' || role.role || '''' as repair
from org.role
left join org.unit on unit.id = role.branch_id
left join org.person on person.id = role.person_id
where unit.id is null
   or person.id is null
   or (role.role = 'dealer' and unit.kind <> 'dealer')
   or (role.role in ('store_manager', 'packer') and unit.kind not in ('store', 'mall', 'warehouse'))
   or (role.role = 'guide' and unit.kind not in ('store', 'mall'))
order by role.person_id, role.branch_id, role.role;

-- name: sites_have_a_place
-- Sites at a unit without coordinates: nothing can be sent from there or collected there.
select
    'site ' || site.code as subject,
    'unit ' || unit.code || ' has no coordinates' as found,
    'coordinates at the unit of every site' as expected,
    'update org.unit set longitude = <degrees>, latitude = <degrees> where id = ''' || unit.id || '''' as repair
from org.site
join org.unit on unit.id = site.unit_id
where unit.longitude is null
order by site.code;

-- name: people_who_left_hold_nothing
-- People who left and still have a role, a password or a session.
select
    'person ' || person.sign_in_name as subject,
    'left, and still has a ' || rest.thing as found,
    'nothing that lets them back in' as expected,
    'delete from org.' || rest.thing || ' where person_id = ''' || person.id || '''' as repair
from org.person
join (
    select role.person_id, 'role' as thing from org.role
    union
    select password.person_id, 'password' from org.password
    union
    select session.person_id, 'session' from org.session
) as rest on rest.person_id = person.id
where not person.is_active
order by person.sign_in_name, rest.thing;

-- name: organisation_ids_lead_somewhere
-- Ids inside the organisation that point to nothing, should a constraint ever have been switched off.
select
    pointer.subject,
    'points to ' || pointer.noun || ' ' || pointer.target || ', which does not exist' as found,
    'an existing ' || pointer.noun as expected,
    'restore the ' || pointer.noun || ' from a backup, or correct ' || pointer.subject as repair
from (
    select 'unit ' || unit.code as subject, 'unit' as noun, unit.parent_id as target,
        exists (select from org.unit as parent where parent.id = unit.parent_id) as is_there
    from org.unit
    union all
    select 'site ' || site.code, 'unit', site.unit_id, exists (select from org.unit where unit.id = site.unit_id)
    from org.site
    union all
    select 'site ' || site.code, 'legal entity', site.entity_id,
        exists (select from org.entity where entity.id = site.entity_id)
    from org.site
    union all
    select 'legal entity ' || entity.code, 'unit', entity.unit_id,
        exists (select from org.unit where unit.id = entity.unit_id)
    from org.entity
    union all
    select 'party ' || party.code, 'unit', party.unit_id, exists (select from org.unit where unit.id = party.unit_id)
    from org.party
    union all
    select 'party ' || party.code, 'legal entity', party.entity_id,
        exists (select from org.entity where entity.id = party.entity_id)
    from org.party
    union all
    select 'party ' || party.code, 'person', party.person_id,
        exists (select from org.person where person.id = party.person_id)
    from org.party
    union all
    select 'person ' || person.sign_in_name, 'unit', person.unit_id,
        exists (select from org.unit where unit.id = person.unit_id)
    from org.person
) as pointer
where pointer.target is not null
  and not pointer.is_there
order by pointer.subject, pointer.noun;
