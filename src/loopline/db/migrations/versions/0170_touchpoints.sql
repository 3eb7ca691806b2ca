-- Touchpoints: coded things that can be scanned, what was scanned, whom it binds and which order it brought.
--
-- Scans, claims, ties and attributions are evidence: they are added, never changed.
create schema touchpoints;

-- Somebody goes live: a show of some SKUs by a streamer. One show of a streamer is on air at a time.
create table touchpoints.live_room (
    id           uuid not null,
    code         text not null,
    name         text not null,
    streamer_id  uuid not null,
    unit_id      uuid not null,
    starts_at    timestamptz not null,
    started_at   timestamptz,
    ended_at     timestamptz,
    added_at     timestamptz not null,
    constraint live_room_pkey primary key (id),
    constraint code_is_one_live_room unique (code),
    constraint live_room_ends_after_it_started check (ended_at is null or ended_at >= started_at)
);
create unique index one_live_room_on_air_per_streamer on touchpoints.live_room (streamer_id)
    where started_at is not null and ended_at is null;

create table touchpoints.live_room_sku (
    live_room_id  uuid not null,
    position      integer not null,
    sku_id        uuid not null,
    sku_code      text not null,
    constraint live_room_sku_pkey primary key (live_room_id, position),
    constraint sku_is_shown_once unique (live_room_id, sku_id),
    constraint sku_of_a_live_room foreign key (live_room_id) references touchpoints.live_room (id)
);

-- A code, and who, where and what it names. Codes of other rooms stand beside their ids: they never change, and a scan
-- then needs to look nowhere else. The parties are those whom a scan may bind to or an order be credited to.
create table touchpoints.touchpoint (
    id              uuid not null,
    code            text not null,
    kind            text not null,
    label           text not null,
    site_id         uuid,
    site_code       text,
    unit_id         uuid,
    product_id      uuid,
    product_code    text,
    sku_id          uuid,
    sku_code        text,
    party_id        uuid,
    party_code      text,
    order_id        uuid,
    order_number    text,
    live_room_id    uuid,
    live_room_code  text,
    gtin            text,
    guide_id        uuid,
    store_id        uuid,
    dealer_id       uuid,
    streamer_id     uuid,
    added_at        timestamptz not null,
    retired_at      timestamptz,
    constraint touchpoint_pkey primary key (id),
    constraint code_is_one_touchpoint unique (code),
    constraint touchpoint_kind_is_known check (
        kind in (
            'store', 'shelf', 'sample', 'product', 'guide', 'table', 'parcel', 'receipt', 'live_room', 'poster'
        )
    ),
    constraint touchpoint_names_what_its_kind_needs check (
        case kind
            when 'guide' then party_code is not null
            when 'product' then product_code is not null
            when 'sample' then product_code is not null and site_code is not null
            when 'parcel' then order_number is not null
            when 'receipt' then order_number is not null
            when 'live_room' then live_room_code is not null
            when 'poster' then num_nonnulls(product_code, site_code, party_code) > 0
            else site_code is not null
        end
    ),
    constraint touchpoint_of_a_live_room foreign key (live_room_id) references touchpoints.live_room (id)
);
create unique index one_receipt_per_order on touchpoints.touchpoint (order_id) where kind = 'receipt';
create unique index one_touchpoint_per_gtin on touchpoints.touchpoint (gtin) where gtin is not null;
create unique index one_touchpoint_per_live_room on touchpoints.touchpoint (live_room_id) where live_room_id is not null;
-- Lists of codes; receipts and parcels are as many as orders, and are never listed.
create index touchpoint_by_age on touchpoints.touchpoint (id desc) where kind not in ('receipt', 'parcel');
create index touchpoint_by_site on touchpoints.touchpoint (site_id, id desc) where kind not in ('receipt', 'parcel');

-- A visitor is a random number that a browser keeps: never a fingerprint. The member is known when signed in.
create table touchpoints.scan (
    id             uuid not null,
    touchpoint_id  uuid not null,
    visitor        uuid not null,
    member_id      uuid,
    channel        text not null,
    at             timestamptz not null,
    received_at    timestamptz not null,
    constraint scan_pkey primary key (id),
    constraint scan_channel_is_known check (channel in ('wechat', 'browser', 'mini_program'))
);
create index scan_by_visitor on touchpoints.scan (visitor, at);
create index scan_by_member on touchpoints.scan (member_id, at) where member_id is not null;
create index scan_by_touchpoint on touchpoints.scan (touchpoint_id, at);
revoke update, delete on touchpoints.scan from loopline_app;

-- Scans of an unknown visitor turned out to be a member's, when that visitor signed in.
create table touchpoints.claim (
    scan_id     uuid not null,
    member_id   uuid not null,
    at          timestamptz not null,
    claimed_at  timestamptz not null,
    constraint scan_is_claimed_once primary key (scan_id)
);
create index claim_by_member on touchpoints.claim (member_id, at);
revoke update, delete on touchpoints.claim from loopline_app;

-- How often a touchpoint was scanned on a day (UTC); moved by deltas with the scans.
create table touchpoints.scan_count (
    touchpoint_id  uuid not null,
    day            date not null,
    scans          bigint not null,
    of_members     bigint not null,
    constraint scan_count_pkey primary key (touchpoint_id, day),
    constraint scans_are_counted_up check (scans > 0 and of_members between 0 and scans)
) with (fillfactor = 70);

-- What a scan of a kind of code binds a member to. The latest row of a kind and role counts; an inactive one ends it.
create table touchpoints.binding_rule (
    kind             text not null,
    role             text not null,
    effective_from   timestamptz not null,
    is_active        boolean not null,
    protection_days  integer not null,
    may_take_over    boolean not null,
    author           text not null,
    constraint binding_rule_pkey primary key (kind, role, effective_from),
    constraint binding_rule_role_is_known check (role in ('guide', 'store', 'dealer')),
    constraint protection_is_some_days check (protection_days between 0 and 3650)
);
revoke update, delete on touchpoints.binding_rule from loopline_app;

-- What a scan did to whose customer the member is: the evidence in a dispute. `was_bound_to` is the party it met.
create table touchpoints.tie (
    scan_id          uuid not null,
    role             text not null,
    member_id        uuid not null,
    party_id         uuid not null,
    outcome          text not null,
    was_bound_to     uuid,
    rule_kind        text not null,
    rule_from        timestamptz not null,
    protected_until  timestamptz,
    may_take_over    boolean not null,
    at               timestamptz not null,
    constraint tie_pkey primary key (scan_id, role),
    constraint tie_outcome_is_known check (outcome in ('bound', 'taken_over', 'protected', 'kept')),
    constraint tie_that_binds_is_protected check (
        (outcome in ('bound', 'taken_over')) = (protected_until is not null)
    )
);
create index tie_by_member on touchpoints.tie (member_id, role, at);
revoke update, delete on touchpoints.tie from loopline_app;

-- For how long a scan earns the credit of an order, by role. The latest row of a role counts.
create table touchpoints.attribution_rule (
    role            text not null,
    effective_from  timestamptz not null,
    window_minutes  integer not null,
    touch           text not null,
    binding_wins    boolean not null,
    author          text not null,
    constraint attribution_rule_pkey primary key (role, effective_from),
    constraint attribution_role_is_known check (role in ('guide', 'dealer', 'streamer')),
    constraint attribution_touch_is_known check (touch in ('first', 'last')),
    constraint attribution_window_is_some_minutes check (window_minutes between 0 and 525600)
);
revoke update, delete on touchpoints.attribution_rule from loopline_app;

-- Which touches came before an order, and which of them got the credit. Orders that nothing touched have none.
create table touchpoints.attribution (
    order_id      uuid not null,
    member_id     uuid,
    visitor       uuid,
    live_room_id  uuid,
    placed_at     timestamptz not null,
    touches       jsonb not null,
    credits       jsonb not null,
    recorded_at   timestamptz not null,
    constraint attribution_pkey primary key (order_id)
);
create index attribution_by_live_room on touchpoints.attribution (live_room_id) where live_room_id is not null;
revoke update, delete on touchpoints.attribution from loopline_app;

-- What a brand begins with; every row may be replaced by a later one.
insert into touchpoints.binding_rule
    (kind, role, effective_from, is_active, protection_days, may_take_over, author)
values
    ('guide', 'guide', '2000-01-01 00:00:00+00', true, 30, true, 'system'),
    ('guide', 'store', '2000-01-01 00:00:00+00', true, 30, true, 'system'),
    ('guide', 'dealer', '2000-01-01 00:00:00+00', true, 180, true, 'system'),
    ('store', 'store', '2000-01-01 00:00:00+00', true, 30, true, 'system'),
    ('store', 'dealer', '2000-01-01 00:00:00+00', true, 180, true, 'system'),
    ('receipt', 'store', '2000-01-01 00:00:00+00', true, 30, true, 'system'),
    ('receipt', 'dealer', '2000-01-01 00:00:00+00', true, 180, true, 'system');

insert into touchpoints.attribution_rule (role, effective_from, window_minutes, touch, binding_wins, author)
values
    ('guide', '2000-01-01 00:00:00+00', 43200, 'last', true, 'system'),
    ('dealer', '2000-01-01 00:00:00+00', 43200, 'last', true, 'system'),
    ('streamer', '2000-01-01 00:00:00+00', 1440, 'last', false, 'system');

create view touchpoints.published_scans with (security_invoker = true) as
select
    scan.id as scan_id,
    scan.touchpoint_id,
    touchpoint.kind,
    touchpoint.site_id,
    touchpoint.product_id,
    coalesce(scan.member_id, claim.member_id) as member_id,
    scan.channel,
    scan.at
from touchpoints.scan as scan
join touchpoints.touchpoint as touchpoint on touchpoint.id = scan.touchpoint_id
left join touchpoints.claim as claim on claim.scan_id = scan.id;
