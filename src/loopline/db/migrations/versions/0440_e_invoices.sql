-- E-invoices: who wants what a seller earned of an order invoiced, and the documents that are made out for it.
create schema invoices;

-- The tax authority's code of goods for a category of goods or of charges; the empty category is all others.
create table invoices.goods_code (
    kind       text not null constraint goods_code_kind_is_known check (kind in ('goods', 'charge')),
    category   text not null,
    goods_code text not null constraint goods_code_has_nineteen_digits check (goods_code ~ '^[0-9]{19}$'),
    set_at     timestamptz not null,
    set_by     text not null,
    primary key (kind, category)
);

-- A wish: of one order, for what one seller earned of it. The buyer is whom it is made out to from now on.
create table invoices.wish (
    id               uuid primary key,
    order_id         uuid not null,
    entity_id        uuid not null,
    currency         text not null constraint wish_currency_is_a_code check (currency ~ '^[A-Z]{3}$'),
    buyer_kind       text not null constraint wish_buyer_is_known check (buyer_kind in ('person', 'company')),
    buyer_title      text not null constraint wish_buyer_is_called_something check (buyer_title <> ''),
    buyer_tax_number text not null,
    look_at          timestamptz,
    stopped          text constraint wish_stop_is_known
        check (stopped in ('seller_has_no_tax_number', 'goods_code_missing', 'platform_refused')),
    note             text,
    wished_at        timestamptz not null,
    wished_by        text not null,
    constraint wish_of_a_seller_once unique (order_id, entity_id),
    constraint wish_company_has_a_tax_number check ((buyer_kind = 'company') = (buyer_tax_number <> ''))
);
create index wish_to_look_at on invoices.wish (look_at, id) where look_at is not null and stopped is null;
create index wish_stopped on invoices.wish (wished_at, id) where stopped is not null;

-- A document, asked for under a number of ours that was kept before anybody was asked. A blue one counts what red ones,
-- open or issued, take back of it.
create table invoices.document (
    id               uuid primary key,
    wish_id          uuid not null references invoices.wish (id),
    kind             text not null constraint document_kind_is_known check (kind in ('blue', 'red')),
    number           text not null constraint document_number_unique unique
        constraint document_number_fits_platforms check (number ~ '^[A-Z2-7]{20}$'),
    of_id            uuid references invoices.document (id),
    reason           text constraint document_reason_is_known check (reason in ('returned', 'mistake')),
    buyer_kind       text not null,
    buyer_title      text not null,
    buyer_tax_number text not null,
    net_minor        bigint not null,
    tax_minor        bigint not null,
    credited_net_minor bigint not null default 0,
    credited_tax_minor bigint not null default 0,
    state            text not null constraint document_state_is_known check (state in ('open', 'issued', 'failed')),
    tries            integer not null default 0,
    next_try_at      timestamptz,
    written_at       timestamptz not null,
    sent_at          timestamptz,
    ended_at         timestamptz,
    fiscal_number    text constraint document_fiscal_number_has_digits check (fiscal_number ~ '^[0-9]{8,20}$'),
    file_url         text,
    note             text,
    constraint document_amounts_have_its_sign check (
        (kind = 'blue' and net_minor >= 0 and tax_minor >= 0 and net_minor + tax_minor > 0)
        or (kind = 'red' and net_minor <= 0 and tax_minor <= 0 and net_minor + tax_minor < 0)),
    constraint document_red_takes_back_a_blue check ((kind = 'red') = (of_id is not null and reason is not null)),
    constraint document_credits_no_more_than_it_invoices check (
        credited_net_minor between 0 and greatest(net_minor, 0) and credited_tax_minor between 0 and greatest(tax_minor, 0)),
    constraint document_open_is_tried check ((state = 'open') = (next_try_at is not null)),
    constraint document_ends_once check ((state = 'open') = (ended_at is null)),
    constraint document_issued_has_a_number check ((state = 'issued') = (fiscal_number is not null))
);
create unique index document_one_at_a_time on invoices.document (wish_id) where state = 'open';
create index document_by_wish on invoices.document (wish_id, written_at, id);
create index document_to_try on invoices.document (next_try_at, id) where state = 'open';
create index document_by_end on invoices.document (ended_at, id) where ended_at is not null;

-- The lines of documents, one for each line of the order; a red line has the position of the blue one.
create table invoices.line (
    document_id uuid not null references invoices.document (id),
    position    integer not null constraint line_is_counted check (position >= 1),
    line_id     uuid not null,
    code        text not null,
    name        text not null,
    goods_code  text not null,
    tax_rate_basis_points integer not null constraint line_rate_is_a_part check (tax_rate_basis_points between 0 and 9999),
    units       integer not null,
    net_minor   bigint not null,
    tax_minor   bigint not null,
    primary key (document_id, position)
);
create index line_of_an_order on invoices.line (line_id);

-- What stands invoiced of lines of orders, of wishes with nothing more to do; one row without a line for a wish of which
-- nothing is. For proofs across rooms.
create view invoices.published_settled with (security_invoker = true) as
select
    wish.id as wish_id,
    wish.order_id,
    wish.entity_id,
    line.line_id,
    coalesce(sum(line.net_minor), 0)::bigint as net_minor,
    coalesce(sum(line.tax_minor), 0)::bigint as tax_minor
from invoices.wish as wish
left join invoices.document as document on document.wish_id = wish.id and document.state = 'issued'
left join invoices.line as line on line.document_id = document.id
where wish.look_at is null
    and wish.stopped is null
    and not exists (
        select from invoices.document as open where open.wish_id = wish.id and open.state = 'open'
    )
group by wish.id, wish.order_id, wish.entity_id, line.line_id;

-- What was made out stays.
revoke delete on invoices.wish, invoices.document from loopline_app;
revoke update, delete on invoices.line from loopline_app;
