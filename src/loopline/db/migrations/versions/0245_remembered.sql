-- What processes remember of tables that seldom change, and how they learn that it is out of date.
--
-- Every statement that changes such a table leaves a mark under a topic, in its own transaction. A process reads the
-- marks of all topics in one statement: where a topic's marks are what they were, so is what it remembers. Marks are
-- random, so that one of a transaction that was rolled back is never met again; they are only added, so that writers
-- never wait for each other.
create schema remembered;

create table remembered.mark (
    topic text not null,
    made_at timestamptz not null default clock_timestamp(),
    stamp bigint not null
);
create index mark_by_time on remembered.mark (made_at);

-- Leave a mark of whoever changes a table. A trigger, and not a line in each command: a repair typed by hand counts too.
create function remembered.leave_mark() returns trigger language plpgsql as $$
begin
    insert into remembered.mark (topic, stamp)
    values (tg_argv[0], ('x' || left(replace(gen_random_uuid()::text, '-', ''), 15))::bit(60)::bigint);
    return null;
end
$$;

create trigger changes_are_marked after insert or update or delete or truncate on catalogue.product
    for each statement execute function remembered.leave_mark('catalogue');
create trigger changes_are_marked after insert or update or delete or truncate on catalogue.sku
    for each statement execute function remembered.leave_mark('catalogue');
create trigger changes_are_marked after insert or update or delete or truncate on pricing.price_list
    for each statement execute function remembered.leave_mark('pricing');
create trigger changes_are_marked after insert or update or delete or truncate on pricing.price
    for each statement execute function remembered.leave_mark('pricing');
create trigger changes_are_marked after insert or update or delete or truncate on pricing.tax_rate
    for each statement execute function remembered.leave_mark('pricing');
create trigger changes_are_marked after insert or update or delete or truncate on orders.channel
    for each statement execute function remembered.leave_mark('channels');
create trigger changes_are_marked after insert or update or delete or truncate on stock.node
    for each statement execute function remembered.leave_mark('nodes');
create trigger changes_are_marked after insert or update or delete or truncate on org.unit
    for each statement execute function remembered.leave_mark('org');
create trigger changes_are_marked after insert or update or delete or truncate on org.entity
    for each statement execute function remembered.leave_mark('org');
create trigger changes_are_marked after insert or update or delete or truncate on org.site
    for each statement execute function remembered.leave_mark('org');
create trigger changes_are_marked after insert or update or delete or truncate on org.party
    for each statement execute function remembered.leave_mark('org');
create trigger changes_are_marked after insert or update or delete or truncate on touchpoints.attribution_rule
    for each statement execute function remembered.leave_mark('touchpoints');
create trigger changes_are_marked after insert or update or delete or truncate on touchpoints.touchpoint
    for each statement execute function remembered.leave_mark('touchpoints');
create trigger changes_are_marked after insert or update or delete or truncate on touchpoints.live_room
    for each statement execute function remembered.leave_mark('touchpoints');
