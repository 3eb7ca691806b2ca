CREATE SCHEMA bills;

CREATE SCHEMA buyers;

CREATE SCHEMA catalogue;

CREATE SCHEMA closing;

CREATE SCHEMA customers;

CREATE SCHEMA edge;

CREATE SCHEMA feeds;

CREATE SCHEMA fulfilment;

CREATE SCHEMA inbox;

CREATE SCHEMA insight;

CREATE SCHEMA invoices;

CREATE SCHEMA ledger;

CREATE SCHEMA log;

CREATE SCHEMA marketplaces;

CREATE SCHEMA migration;

CREATE SCHEMA notices;

CREATE SCHEMA orders;

CREATE SCHEMA org;

CREATE SCHEMA payments;

CREATE SCHEMA payouts;

CREATE SCHEMA pricing;

CREATE SCHEMA promises;

CREATE SCHEMA remembered;

CREATE SCHEMA returns;

CREATE SCHEMA reviews;

CREATE SCHEMA search;

CREATE SCHEMA sharing;

CREATE SCHEMA simulator;

CREATE SCHEMA slots;

CREATE SCHEMA sourcing;

CREATE SCHEMA statements;

CREATE SCHEMA stock;

CREATE SCHEMA stored_value;

CREATE SCHEMA supply;

CREATE SCHEMA touchpoints;

CREATE SCHEMA webhooks;

CREATE FUNCTION ledger.hold_cut() RETURNS trigger
    LANGUAGE plpgsql
    AS $$
begin
    perform pg_advisory_xact_lock_shared(hashtextextended('ledger.cut', 0));
    return null;
end
$$;

CREATE FUNCTION ledger.is_of_month(at timestamp with time zone, cut integer, kind text, start_at timestamp with time zone, end_at timestamp with time zone, after_cut integer, before_cut integer) RETURNS boolean
    LANGUAGE sql IMMUTABLE PARALLEL SAFE
    RETURN ((((at >= start_at) AND (at < end_at)) OR ((at < start_at) AND (cut >= after_cut) AND (kind <> ALL (ARRAY['expected_returns'::text, 'on_way'::text])))) AND ((cut < before_cut) OR (kind = ANY (ARRAY['expected_returns'::text, 'on_way'::text]))));

CREATE FUNCTION ledger.refuse_unbalanced_parts() RETURNS trigger
    LANGUAGE plpgsql
    AS $$
begin
  if exists (
    select
    from inserted
    where (select coalesce(sum(amount), 0) from unnest(inserted.amounts_minor) as amount) <> 0
  ) then
    raise exception 'the postings of a part of an entry do not sum to zero'
      using errcode = 'check_violation', schema = 'ledger', table = 'entry_part', constraint = 'entry_sums_to_zero';
  end if;
  return null;
end
$$;

CREATE FUNCTION ledger.take_cut() RETURNS integer
    LANGUAGE plpgsql
    AS $$
declare
    number integer;
begin
    for tried in 1..10 loop
        begin
            perform set_config('lock_timeout', '1s', true);
            perform pg_advisory_xact_lock(hashtextextended('ledger.cut', 0));
            number := nextval('ledger.cut_number');
            raise sqlstate 'LL001';
        exception
            when sqlstate 'LL001' then
                return number;
            when lock_not_available then
                perform pg_sleep(0.2);
        end;
    end loop;
    return null;
end
$$;

CREATE FUNCTION pricing.new_id() RETURNS uuid
    LANGUAGE sql
    AS $$
    select (
        substr(moment.hex, 1, 8) || '-' || substr(moment.hex, 9, 4) || '-7fff-bfff-' || right(gen_random_uuid()::text, 12)
    )::uuid
    from (
        select lpad(to_hex(floor(extract(epoch from clock_timestamp()) * 1000)::bigint), 12, '0') as hex
    ) as moment
$$;

CREATE FUNCTION remembered.leave_mark() RETURNS trigger
    LANGUAGE plpgsql
    AS $$
begin
    insert into remembered.mark (topic, stamp)
    values (tg_argv[0], ('x' || left(replace(gen_random_uuid()::text, '-', ''), 15))::bit(60)::bigint);
    return null;
end
$$;

CREATE FUNCTION sharing.guard_rule_row() RETURNS trigger
    LANGUAGE plpgsql
    AS $$
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

CREATE FUNCTION sharing.guard_rule_set() RETURNS trigger
    LANGUAGE plpgsql
    AS $$
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

CREATE FUNCTION sharing.refuse_splits_that_do_not_add_up() RETURNS trigger
    LANGUAGE plpgsql
    AS $$
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

CREATE FUNCTION statements.guard_sealed_day() RETURNS trigger
    LANGUAGE plpgsql
    AS $$
begin
    if tg_op = 'UPDATE' or exists (select from statements.seal where seal.day = old.day) then
        raise exception 'day % is sealed', old.day
            using errcode = 'check_violation', schema = 'statements', table = tg_table_name,
                constraint = 'sealed_days_stay';
    end if;
    return old;
end
$$;

CREATE TABLE bills.bill (
    id uuid NOT NULL,
    source_id uuid NOT NULL,
    content_hash bytea NOT NULL,
    file_name text NOT NULL,
    size_bytes integer NOT NULL,
    lines integer NOT NULL,
    first_day date NOT NULL,
    last_day date NOT NULL,
    amount_minor bigint NOT NULL,
    fee_minor bigint NOT NULL,
    taken_at timestamp with time zone NOT NULL,
    taken_by text NOT NULL,
    revision integer NOT NULL,
    CONSTRAINT bill_days_in_order CHECK ((first_day <= last_day)),
    CONSTRAINT bill_has_its_hash CHECK ((length(content_hash) = 32)),
    CONSTRAINT bill_states_something CHECK ((lines > 0))
);

CREATE TABLE bills.difference (
    id uuid NOT NULL,
    source_id uuid NOT NULL,
    subject text NOT NULL,
    kind text NOT NULL,
    day date NOT NULL,
    theirs_minor bigint NOT NULL,
    ours_minor bigint NOT NULL,
    lines integer NOT NULL,
    line_id uuid,
    our_kind text,
    our_id uuid,
    our_number text NOT NULL,
    our_day date,
    our_subject uuid,
    state text NOT NULL,
    owner text NOT NULL,
    note text NOT NULL,
    opened_at timestamp with time zone NOT NULL,
    changed_at timestamp with time zone NOT NULL,
    run_id uuid NOT NULL,
    entry_id uuid,
    correction text,
    CONSTRAINT corrected_difference_has_its_entry CHECK ((((state = 'corrected'::text) = (entry_id IS NOT NULL)) AND ((entry_id IS NULL) = (correction IS NULL)))),
    CONSTRAINT difference_correction_is_known CHECK ((correction = ANY (ARRAY['fee'::text, 'adjustment'::text, 'loss'::text]))),
    CONSTRAINT difference_kind_is_known CHECK ((kind = ANY (ARRAY['timing'::text, 'fee'::text, 'refund'::text, 'missing_ours'::text, 'missing_theirs'::text, 'duplicate'::text, 'amount'::text]))),
    CONSTRAINT difference_names_our_line CHECK (((our_kind IS NULL) = (our_id IS NULL))),
    CONSTRAINT difference_state_is_known CHECK ((state = ANY (ARRAY['open'::text, 'told'::text, 'explained'::text, 'corrected'::text, 'matched'::text]))),
    CONSTRAINT settled_difference_says_why CHECK (((state = ANY (ARRAY['open'::text, 'matched'::text])) OR (note <> ''::text)))
);

CREATE TABLE bills.line (
    id uuid NOT NULL,
    bill_id uuid NOT NULL,
    source_id uuid NOT NULL,
    "row" integer NOT NULL,
    day date NOT NULL,
    kind text NOT NULL,
    amount_minor bigint NOT NULL,
    fee_minor bigint NOT NULL,
    number text NOT NULL,
    keys text[] NOT NULL,
    wording text NOT NULL,
    CONSTRAINT line_kind_is_known CHECK ((kind = ANY (ARRAY['payment'::text, 'refund'::text, 'fee'::text, 'payout'::text, 'other'::text]))),
    CONSTRAINT line_stands_somewhere CHECK (("row" > 0))
);

CREATE TABLE bills.paid_with (
    source_id uuid NOT NULL,
    our_kind text NOT NULL,
    our_id uuid NOT NULL,
    our_day date NOT NULL,
    line_id uuid NOT NULL
);

CREATE TABLE bills.pair (
    line_id uuid NOT NULL,
    source_id uuid NOT NULL,
    our_kind text NOT NULL,
    our_id uuid NOT NULL,
    our_day date NOT NULL,
    our_amount_minor bigint NOT NULL,
    our_number text NOT NULL,
    our_subject uuid,
    way text NOT NULL,
    probability real NOT NULL,
    run_id uuid NOT NULL,
    CONSTRAINT pair_probability_is_one CHECK (((probability >= (0)::double precision) AND (probability <= (1)::double precision))),
    CONSTRAINT pair_way_is_known CHECK ((way = ANY (ARRAY['key'::text, 'rule'::text, 'likelihood'::text])))
);

CREATE TABLE bills.run (
    id uuid NOT NULL,
    source_id uuid NOT NULL,
    first_day date NOT NULL,
    last_day date NOT NULL,
    run_at timestamp with time zone NOT NULL,
    run_by text NOT NULL,
    totals jsonb NOT NULL,
    classes jsonb NOT NULL,
    opened integer NOT NULL,
    closed integer NOT NULL,
    revision integer NOT NULL,
    CONSTRAINT run_days_in_order CHECK ((first_day <= last_day))
);

CREATE TABLE bills.source (
    id uuid NOT NULL,
    code text NOT NULL,
    name text NOT NULL,
    kind text NOT NULL,
    layout text NOT NULL,
    entity_id uuid NOT NULL,
    currency text NOT NULL,
    zone text NOT NULL,
    account text NOT NULL,
    methods text[] NOT NULL,
    channel text,
    payer text NOT NULL,
    grace_days smallint NOT NULL,
    fee_basis_points smallint NOT NULL,
    mapping jsonb,
    revision integer DEFAULT 0 NOT NULL,
    saved_at timestamp with time zone NOT NULL,
    saved_by text NOT NULL,
    CONSTRAINT source_account_is_known CHECK ((account = ANY (ARRAY['gateway'::text, 'cash'::text, 'receivable'::text]))),
    CONSTRAINT source_currency_is_a_code CHECK ((currency ~ '^[A-Z]{3}$'::text)),
    CONSTRAINT source_fee_is_a_part CHECK (((fee_basis_points >= 0) AND (fee_basis_points <= 5000))),
    CONSTRAINT source_grace_is_days CHECK (((grace_days >= 0) AND (grace_days <= 31))),
    CONSTRAINT source_has_a_name CHECK ((name <> ''::text)),
    CONSTRAINT source_kind_is_known CHECK ((kind = ANY (ARRAY['gateway'::text, 'marketplace'::text, 'bank'::text, 'carrier'::text]))),
    CONSTRAINT source_layout_is_known CHECK ((layout = ANY (ARRAY['wechat_pay'::text, 'alipay'::text, 'alipay_funds'::text, 'douyin'::text, 'jingdong'::text, 'mapped'::text])))
);

CREATE TABLE bills.step (
    difference_id uuid NOT NULL,
    at timestamp with time zone NOT NULL,
    place bigint NOT NULL,
    by text NOT NULL,
    state text NOT NULL,
    kind text NOT NULL,
    note text NOT NULL
);

ALTER TABLE bills.step ALTER COLUMN place ADD GENERATED ALWAYS AS IDENTITY (
    SEQUENCE NAME bills.step_place_seq
    START WITH 1
    INCREMENT BY 1
    NO MINVALUE
    NO MAXVALUE
    CACHE 1
);

CREATE TABLE buyers.opening (
    id uuid NOT NULL,
    at timestamp with time zone NOT NULL,
    person_id uuid NOT NULL,
    order_id uuid NOT NULL,
    purpose text NOT NULL,
    platform text,
    site_id uuid,
    refused text,
    CONSTRAINT opening_is_put_to_a_platform CHECK (((refused IS NOT NULL) OR (platform IS NOT NULL))),
    CONSTRAINT opening_purpose_is_known CHECK ((purpose = ANY (ARRAY['ship_parcel'::text, 'print_label'::text, 'customer_service_call'::text, 'fraud_check'::text, 'legal_request'::text])))
);

CREATE TABLE buyers.opening_end (
    opening_id uuid NOT NULL,
    at timestamp with time zone NOT NULL,
    outcome text NOT NULL,
    reason text,
    CONSTRAINT opening_end_has_its_reason CHECK (((outcome = 'opened'::text) = (reason IS NULL))),
    CONSTRAINT opening_outcome_is_known CHECK ((outcome = ANY (ARRAY['opened'::text, 'denied'::text, 'unanswered'::text])))
);

CREATE TABLE buyers.sealing (
    order_id uuid NOT NULL,
    platform text NOT NULL,
    ciphertext_id text,
    ciphertext text,
    masked_name text DEFAULT ''::text NOT NULL,
    masked_phone text DEFAULT ''::text NOT NULL,
    masked_address text DEFAULT ''::text NOT NULL,
    sealed_at timestamp with time zone NOT NULL,
    kept_at timestamp with time zone NOT NULL,
    renewals integer DEFAULT 0 NOT NULL,
    look_at timestamp with time zone,
    forgotten_at timestamp with time zone,
    CONSTRAINT sealing_forgotten_shows_nothing CHECK (((forgotten_at IS NULL) OR (((masked_name || masked_phone) || masked_address) = ''::text))),
    CONSTRAINT sealing_holds_something CHECK (((forgotten_at IS NULL) = (num_nonnulls(ciphertext_id, ciphertext) > 0))),
    CONSTRAINT sealing_is_looked_at_until_forgotten CHECK (((look_at IS NULL) = (forgotten_at IS NOT NULL))),
    CONSTRAINT sealing_names_its_platform CHECK ((platform <> ''::text)),
    CONSTRAINT sealing_renewals_are_counted CHECK ((renewals >= 0))
);

CREATE TABLE catalogue.product (
    id uuid NOT NULL,
    code text NOT NULL,
    name text NOT NULL,
    category text,
    season text,
    added_at timestamp with time zone NOT NULL,
    changed_at timestamp with time zone NOT NULL,
    CONSTRAINT product_code_is_normal CHECK (((code = btrim(code)) AND (code <> ''::text) AND (code !~ '[a-z]'::text)))
);

CREATE VIEW catalogue.published_product WITH (security_invoker='true') AS
 SELECT id,
    code,
    name,
    category,
    season
   FROM catalogue.product;

CREATE TABLE catalogue.sku (
    id uuid NOT NULL,
    code text NOT NULL,
    product_id uuid NOT NULL,
    name text NOT NULL,
    tax_class text NOT NULL,
    gtin text,
    is_active boolean NOT NULL,
    attributes jsonb NOT NULL,
    weight_grams integer,
    length_mm integer,
    width_mm integer,
    height_mm integer,
    is_fragile boolean NOT NULL,
    temperature_low_celsius integer,
    temperature_high_celsius integer,
    tracks_batch boolean NOT NULL,
    tracks_serial boolean NOT NULL,
    shelf_life_days integer,
    added_at timestamp with time zone NOT NULL,
    changed_at timestamp with time zone NOT NULL,
    sent_with text,
    fitting text DEFAULT 'none'::text NOT NULL,
    CONSTRAINT gtin_is_fourteen_digits_ending_in_their_check_digit CHECK (
CASE
    WHEN (gtin ~ '^[0-9]{14}$'::text) THEN ((((((((((3 * (((((((substr(gtin, 1, 1))::integer + (substr(gtin, 3, 1))::integer) + (substr(gtin, 5, 1))::integer) + (substr(gtin, 7, 1))::integer) + (substr(gtin, 9, 1))::integer) + (substr(gtin, 11, 1))::integer) + (substr(gtin, 13, 1))::integer)) + (substr(gtin, 2, 1))::integer) + (substr(gtin, 4, 1))::integer) + (substr(gtin, 6, 1))::integer) + (substr(gtin, 8, 1))::integer) + (substr(gtin, 10, 1))::integer) + (substr(gtin, 12, 1))::integer) + (substr(gtin, 14, 1))::integer) % 10) = 0)
    ELSE (gtin IS NULL)
END),
    CONSTRAINT height_is_positive CHECK ((height_mm > 0)),
    CONSTRAINT length_is_positive CHECK ((length_mm > 0)),
    CONSTRAINT sent_with_says_something CHECK ((btrim(sent_with) <> ''::text)),
    CONSTRAINT shelf_life_is_positive CHECK ((shelf_life_days > 0)),
    CONSTRAINT sku_code_is_normal CHECK (((code = btrim(code)) AND (code <> ''::text) AND (code !~ '[a-z]'::text))),
    CONSTRAINT temperatures_are_a_range CHECK ((temperature_low_celsius <= temperature_high_celsius)),
    CONSTRAINT weight_is_positive CHECK ((weight_grams > 0)),
    CONSTRAINT width_is_positive CHECK ((width_mm > 0))
);

CREATE VIEW catalogue.published_sku WITH (security_invoker='true') AS
 SELECT sku.id,
    sku.code,
    sku.name,
    sku.product_id,
    product.code AS product_code,
    product.name AS product_name,
    product.category,
    product.season,
    sku.gtin,
    sku.tax_class,
    sku.is_active,
    sku.attributes
   FROM (catalogue.sku
     JOIN catalogue.product ON ((product.id = sku.product_id)));

CREATE TABLE catalogue.tax_class (
    code text NOT NULL,
    name text NOT NULL,
    CONSTRAINT tax_class_code_is_normal CHECK ((code ~ '^[a-z][a-z0-9_]{0,31}$'::text))
);

CREATE TABLE closing.balance (
    close_id uuid NOT NULL,
    purpose text NOT NULL,
    opening_minor bigint NOT NULL,
    debit_minor bigint NOT NULL,
    credit_minor bigint NOT NULL,
    closing_minor bigint NOT NULL,
    CONSTRAINT balance_adds_up CHECK ((closing_minor = ((opening_minor + debit_minor) - credit_minor))),
    CONSTRAINT balance_credit_not_negative CHECK ((credit_minor >= 0)),
    CONSTRAINT balance_debit_not_negative CHECK ((debit_minor >= 0))
);

CREATE TABLE closing.close (
    id uuid NOT NULL,
    entity_id uuid NOT NULL,
    currency text NOT NULL,
    month date NOT NULL,
    zone text NOT NULL,
    start_at timestamp with time zone NOT NULL,
    end_at timestamp with time zone NOT NULL,
    cut integer NOT NULL,
    entries bigint NOT NULL,
    entries_of_before bigint NOT NULL,
    estimate_entry_id uuid,
    inversion_entry_id uuid,
    estimate_before_minor bigint NOT NULL,
    came_back_minor bigint NOT NULL,
    still_expected_minor bigint NOT NULL,
    notices jsonb NOT NULL,
    digest_before bytea,
    digest bytea NOT NULL,
    closed_at timestamp with time zone NOT NULL,
    closed_by text NOT NULL,
    comment text NOT NULL,
    recovery_basis_points integer DEFAULT 0 NOT NULL,
    arrives_within_days integer DEFAULT 0 NOT NULL,
    on_way jsonb DEFAULT '[]'::jsonb NOT NULL,
    CONSTRAINT close_currency_is_a_code CHECK ((currency ~ '^[A-Z]{3}$'::text)),
    CONSTRAINT close_digest_is_a_hash CHECK ((octet_length(digest) = 32)),
    CONSTRAINT close_ends_after_it_starts CHECK (((start_at < end_at) AND (end_at <= closed_at))),
    CONSTRAINT close_entries_not_negative CHECK ((entries >= 0)),
    CONSTRAINT close_entries_of_before_are_entries CHECK (((entries_of_before >= 0) AND (entries_of_before <= entries))),
    CONSTRAINT close_month_is_its_first_day CHECK ((EXTRACT(day FROM month) = (1)::numeric)),
    CONSTRAINT close_recovery_is_a_part CHECK (((recovery_basis_points >= 0) AND (recovery_basis_points <= 10000))),
    CONSTRAINT close_says_why CHECK ((comment <> ''::text)),
    CONSTRAINT close_waits_some_days CHECK (((arrives_within_days >= 0) AND (arrives_within_days <= 60)))
);

CREATE TABLE closing.expectation (
    close_id uuid NOT NULL,
    category text NOT NULL,
    units bigint NOT NULL,
    returnable_minor bigint NOT NULL,
    expected_minor bigint NOT NULL,
    basis text NOT NULL,
    seen_units bigint NOT NULL,
    seen_minor bigint NOT NULL,
    seen_back_minor bigint NOT NULL,
    right_minor bigint DEFAULT 0 NOT NULL,
    CONSTRAINT expectation_basis_is_known CHECK ((basis = ANY (ARRAY['category'::text, 'whole'::text, 'none'::text]))),
    CONSTRAINT expected_within_what_may_come_back CHECK (((expected_minor >= 0) AND (expected_minor <= returnable_minor))),
    CONSTRAINT right_to_goods_not_negative CHECK ((right_minor >= 0))
);

CREATE VIEW closing.published_balance WITH (security_invoker='true') AS
 SELECT close_id,
    purpose,
    opening_minor,
    debit_minor,
    credit_minor,
    closing_minor
   FROM closing.balance;

CREATE VIEW closing.published_close WITH (security_invoker='true') AS
 SELECT id,
    entity_id,
    currency,
    month,
    start_at,
    end_at,
    cut
   FROM closing.close;

CREATE TABLE closing.recovery (
    currency text NOT NULL,
    version integer NOT NULL,
    basis_points integer NOT NULL,
    set_at timestamp with time zone NOT NULL,
    set_by text NOT NULL,
    comment text NOT NULL,
    arrives_within_days integer DEFAULT 7 NOT NULL,
    CONSTRAINT arrives_within_some_days CHECK (((arrives_within_days >= 1) AND (arrives_within_days <= 60))),
    CONSTRAINT recovery_costs_a_part CHECK (((basis_points >= 0) AND (basis_points <= 10000))),
    CONSTRAINT recovery_currency_is_a_code CHECK ((currency ~ '^[A-Z]{3}$'::text)),
    CONSTRAINT recovery_says_why CHECK ((comment <> ''::text)),
    CONSTRAINT recovery_version_is_counted CHECK ((version >= 1))
);

CREATE TABLE customers.access (
    id uuid NOT NULL,
    at timestamp with time zone NOT NULL,
    actor text NOT NULL,
    purpose text NOT NULL,
    member_ids uuid[] NOT NULL,
    CONSTRAINT access_has_a_purpose CHECK (((purpose <> ''::text) AND (actor <> ''::text)))
);

CREATE TABLE customers.address (
    id uuid NOT NULL,
    member_id uuid NOT NULL,
    sealed bytea NOT NULL,
    is_default boolean NOT NULL,
    added_at timestamp with time zone NOT NULL
);

CREATE TABLE customers.binding (
    id bigint NOT NULL,
    member_id uuid NOT NULL,
    role text NOT NULL,
    party_id uuid NOT NULL,
    bound_at timestamp with time zone NOT NULL,
    ended_at timestamp with time zone,
    reason text NOT NULL,
    CONSTRAINT binding_ends_after_it_began CHECK ((ended_at >= bound_at)),
    CONSTRAINT binding_role_is_known CHECK ((role = ANY (ARRAY['guide'::text, 'store'::text, 'dealer'::text])))
);

ALTER TABLE customers.binding ALTER COLUMN id ADD GENERATED ALWAYS AS IDENTITY (
    SEQUENCE NAME customers.binding_id_seq
    START WITH 1
    INCREMENT BY 1
    NO MINVALUE
    NO MAXVALUE
    CACHE 1
);

CREATE TABLE customers.consent (
    member_id uuid NOT NULL,
    purpose text NOT NULL,
    channel text NOT NULL,
    receiver_id uuid NOT NULL,
    granted boolean NOT NULL,
    since timestamp with time zone NOT NULL
);

CREATE TABLE customers.consent_change (
    member_id uuid NOT NULL,
    purpose text NOT NULL,
    channel text NOT NULL,
    receiver_id uuid NOT NULL,
    at timestamp with time zone NOT NULL,
    granted boolean NOT NULL,
    source text NOT NULL,
    recorded_at timestamp with time zone NOT NULL
);

CREATE TABLE customers.delivery (
    order_id uuid NOT NULL,
    member_id uuid NOT NULL,
    sealed bytea NOT NULL,
    added_at timestamp with time zone NOT NULL
);

CREATE TABLE customers.delivery_doubt (
    order_id uuid NOT NULL,
    kinds text[] NOT NULL,
    right_at timestamp with time zone,
    right_by text,
    CONSTRAINT delivery_doubt_is_of_something CHECK ((cardinality(kinds) > 0)),
    CONSTRAINT doubted_address_is_right_by_somebody CHECK (((right_at IS NULL) = (right_by IS NULL)))
);

CREATE TABLE customers.identity (
    kind text NOT NULL,
    blind bytea NOT NULL,
    member_id uuid NOT NULL,
    value bytea NOT NULL,
    last_four bytea,
    indexed_with bigint NOT NULL,
    added_at timestamp with time zone NOT NULL
);

CREATE TABLE customers.member (
    id uuid NOT NULL,
    registered_at timestamp with time zone NOT NULL,
    channel text,
    name bytea,
    name_blind bytea,
    indexed_with bigint NOT NULL,
    erased_at timestamp with time zone,
    CONSTRAINT erased_member_has_no_name CHECK (((erased_at IS NULL) OR (name IS NULL))),
    CONSTRAINT name_is_found_and_read CHECK (((name IS NULL) = (name_blind IS NULL)))
);

CREATE TABLE customers.member_key (
    member_id uuid NOT NULL,
    wrapped bytea NOT NULL,
    sealed_with bigint NOT NULL
);

CREATE TABLE customers.moment (
    member_id uuid NOT NULL,
    at timestamp with time zone NOT NULL,
    kind text NOT NULL,
    subject uuid NOT NULL
);

CREATE VIEW customers.published_bindings WITH (security_invoker='true') AS
 SELECT member_id,
    role,
    party_id,
    bound_at,
    ended_at
   FROM customers.binding;

CREATE VIEW customers.published_consents WITH (security_invoker='true') AS
 SELECT member_id,
    purpose,
    channel,
    receiver_id,
    granted,
    since
   FROM customers.consent;

CREATE VIEW customers.published_members WITH (security_invoker='true') AS
 SELECT id AS member_id,
    registered_at,
    channel,
    erased_at
   FROM customers.member;

CREATE TABLE customers.rest (
    member_id uuid NOT NULL,
    how text NOT NULL,
    until timestamp with time zone NOT NULL,
    said_by text NOT NULL,
    said_at timestamp with time zone NOT NULL,
    CONSTRAINT rest_how_is_known CHECK ((how = ANY (ARRAY['called'::text, 'later'::text]))),
    CONSTRAINT rest_lasts CHECK ((until > said_at))
);

CREATE TABLE customers.session (
    token_hash bytea NOT NULL,
    member_id uuid NOT NULL,
    opened_at timestamp with time zone NOT NULL,
    expires_at timestamp with time zone NOT NULL,
    CONSTRAINT session_ends_after_it_began CHECK ((expires_at > opened_at))
);

CREATE TABLE customers.shown_number (
    member_id uuid NOT NULL,
    number bigint NOT NULL,
    given_at timestamp with time zone NOT NULL,
    CONSTRAINT shown_number_has_ten_digits CHECK (((number >= '9000000000'::bigint) AND (number <= '9999999999'::bigint)))
);

CREATE TABLE customers.sign_in_code (
    phone bytea NOT NULL,
    code_hash bytea NOT NULL,
    expires_at timestamp with time zone NOT NULL,
    tries integer DEFAULT 0 NOT NULL,
    CONSTRAINT tries_are_counted_up CHECK ((tries >= 0))
);

CREATE TABLE customers.sign_in_limit (
    kind text NOT NULL,
    blind bytea NOT NULL,
    moments timestamp with time zone[] NOT NULL,
    last_at timestamp with time zone NOT NULL
);

CREATE TABLE edge.answer (
    caller text NOT NULL,
    key text NOT NULL,
    content_hash bytea NOT NULL,
    status integer NOT NULL,
    body bytea NOT NULL,
    at timestamp with time zone NOT NULL,
    CONSTRAINT answer_hash_is_sha256 CHECK ((octet_length(content_hash) = 32))
);

CREATE TABLE edge.answer_conflict (
    caller text NOT NULL,
    key text NOT NULL,
    content_hash bytea NOT NULL,
    first_at timestamp with time zone NOT NULL,
    last_at timestamp with time zone NOT NULL,
    times bigint NOT NULL
);

CREATE TABLE feeds.feed (
    id uuid NOT NULL,
    code text NOT NULL,
    leaf_id uuid NOT NULL,
    site_id uuid NOT NULL,
    kind text NOT NULL,
    interval_minutes integer NOT NULL,
    stale_after integer NOT NULL,
    made_at timestamp with time zone NOT NULL,
    heard_as_at timestamp with time zone,
    heard_at timestamp with time zone,
    usual_hundredths bigint DEFAULT 0 NOT NULL,
    statements bigint DEFAULT 0 NOT NULL,
    doubt_percent integer DEFAULT 0 NOT NULL,
    CONSTRAINT feed_doubt_is_a_share CHECK (((doubt_percent >= 0) AND (doubt_percent <= 100))),
    CONSTRAINT feed_is_expected CHECK ((((interval_minutes >= 1) AND (interval_minutes <= 10080)) AND ((stale_after >= 2) AND (stale_after <= 100)))),
    CONSTRAINT feed_is_heard_at_a_moment CHECK (((heard_as_at IS NULL) = (heard_at IS NULL))),
    CONSTRAINT feed_kind_known CHECK ((kind = ANY (ARRAY['on_hand'::text, 'available'::text])))
);

CREATE TABLE feeds.record (
    feed_id uuid NOT NULL,
    day date NOT NULL,
    good bigint NOT NULL,
    bad bigint NOT NULL,
    CONSTRAINT record_counts CHECK (((good >= 0) AND (bad >= 0)))
)
WITH (fillfactor='70');

CREATE TABLE feeds.snapshot (
    id uuid NOT NULL,
    feed_id uuid NOT NULL,
    number text NOT NULL,
    content_hash bytea NOT NULL,
    as_at timestamp with time zone NOT NULL,
    heard_at timestamp with time zone NOT NULL,
    whole boolean NOT NULL,
    named integer NOT NULL,
    applied integer NOT NULL,
    unchanged integer NOT NULL,
    outdated integer NOT NULL,
    doubted integer NOT NULL
);

CREATE TABLE feeds.stated (
    feed_id uuid NOT NULL,
    leaf_id uuid NOT NULL,
    sku_id uuid NOT NULL,
    as_at timestamp with time zone NOT NULL,
    later_from uuid NOT NULL,
    units bigint NOT NULL,
    most_units bigint NOT NULL,
    CONSTRAINT stated_most_is_most CHECK (((units >= 0) AND (most_units >= units)))
)
WITH (fillfactor='70');

CREATE TABLE feeds.statement (
    snapshot_id uuid NOT NULL,
    sku_id uuid NOT NULL,
    units bigint NOT NULL,
    ours bigint,
    outcome text NOT NULL,
    CONSTRAINT statement_outcome_known CHECK ((outcome = ANY (ARRAY['applied'::text, 'outdated'::text, 'doubted'::text])))
);

CREATE TABLE feeds.suspicion (
    id uuid NOT NULL,
    feed_id uuid NOT NULL,
    leaf_id uuid NOT NULL,
    sku_id uuid NOT NULL,
    as_at timestamp with time zone NOT NULL,
    units bigint NOT NULL,
    ours bigint NOT NULL,
    why text NOT NULL,
    raised_at timestamp with time zone NOT NULL,
    state text NOT NULL,
    ended_at timestamp with time zone,
    ended_by text,
    CONSTRAINT suspicion_end_has_its_moment CHECK (((state = 'open'::text) = (ended_at IS NULL))),
    CONSTRAINT suspicion_state_known CHECK ((state = ANY (ARRAY['open'::text, 'accepted'::text, 'rejected'::text, 'overtaken'::text]))),
    CONSTRAINT suspicion_why_known CHECK ((why = ANY (ARRAY['leap'::text, 'collapse'::text, 'all_gone'::text, 'all_multiplied'::text])))
);

CREATE TABLE fulfilment.box_kind (
    site_id uuid,
    code text NOT NULL,
    name text NOT NULL,
    length_mm integer NOT NULL,
    width_mm integer NOT NULL,
    height_mm integer NOT NULL,
    grams_most integer,
    is_insulated boolean NOT NULL,
    set_at timestamp with time zone NOT NULL,
    set_by text NOT NULL,
    CONSTRAINT box_carries_something CHECK ((grams_most > 0)),
    CONSTRAINT box_has_room CHECK (((length_mm > 0) AND (width_mm > 0) AND (height_mm > 0)))
);

CREATE TABLE fulfilment.boxed (
    round_id uuid NOT NULL,
    allocation_id uuid NOT NULL,
    units integer NOT NULL,
    boxed_at timestamp with time zone NOT NULL,
    boxed_by uuid NOT NULL,
    CONSTRAINT boxed_not_negative CHECK ((units >= 0))
);

CREATE TABLE fulfilment.call (
    id uuid NOT NULL,
    order_id uuid NOT NULL,
    state text NOT NULL,
    currency text NOT NULL,
    opened_at timestamp with time zone NOT NULL,
    deadline timestamp with time zone NOT NULL,
    ended_at timestamp with time zone,
    site_id uuid,
    claimed_by uuid,
    task_id uuid,
    temperature_class text DEFAULT 'ambient'::text NOT NULL,
    CONSTRAINT call_is_open_for_a_while CHECK ((deadline > opened_at)),
    CONSTRAINT call_state_known CHECK ((state = ANY (ARRAY['open'::text, 'claimed'::text, 'lapsed'::text, 'withdrawn'::text]))),
    CONSTRAINT claimed_call_has_its_task CHECK ((((state = 'claimed'::text) = (site_id IS NOT NULL)) AND ((state = 'claimed'::text) = (task_id IS NOT NULL)) AND ((claimed_by IS NULL) OR (state = 'claimed'::text)))),
    CONSTRAINT ended_call_has_its_time CHECK (((state = 'open'::text) = (ended_at IS NULL)))
);

CREATE TABLE fulfilment.call_line (
    call_id uuid NOT NULL,
    line_id uuid NOT NULL,
    sku_id uuid NOT NULL,
    units integer NOT NULL,
    CONSTRAINT call_line_has_units CHECK ((units > 0))
);

CREATE TABLE fulfilment.call_site (
    call_id uuid NOT NULL,
    site_id uuid NOT NULL,
    metres integer,
    cost_minor bigint NOT NULL,
    CONSTRAINT call_site_cost_not_negative CHECK ((cost_minor >= 0)),
    CONSTRAINT call_site_is_somewhere CHECK ((metres >= 0))
);

CREATE TABLE fulfilment.capacity (
    site_id uuid NOT NULL,
    day date NOT NULL,
    tasks_limit integer,
    held integer DEFAULT 0 NOT NULL,
    confirmed integer DEFAULT 0 NOT NULL,
    filled_limit integer,
    filled_at timestamp with time zone,
    CONSTRAINT confirmed_not_negative CHECK ((confirmed >= 0)),
    CONSTRAINT day_limit_not_negative CHECK ((tasks_limit >= 0)),
    CONSTRAINT held_not_negative CHECK ((held >= 0))
)
WITH (fillfactor='50');

CREATE TABLE fulfilment.dark_site (
    site_id uuid NOT NULL,
    since timestamp with time zone NOT NULL,
    why text NOT NULL,
    lapsed integer NOT NULL,
    silent_minutes integer NOT NULL,
    last_life_at timestamp with time zone,
    moved_tasks integer DEFAULT 0 NOT NULL,
    ended_at timestamp with time zone,
    CONSTRAINT dark_counts_are_not_negative CHECK (((lapsed >= 0) AND (silent_minutes >= 0) AND (moved_tasks >= 0))),
    CONSTRAINT dark_ends_after_it_began CHECK ((ended_at >= since)),
    CONSTRAINT dark_reason_known CHECK ((why = ANY (ARRAY['lapsed'::text, 'silent'::text])))
);

CREATE TABLE fulfilment.label (
    task_id uuid NOT NULL,
    number text NOT NULL,
    tracking_number text,
    made_at timestamp with time zone NOT NULL,
    CONSTRAINT tracking_number_can_be_read CHECK ((tracking_number ~ '^[A-Za-z0-9-]{1,64}$'::text))
);

CREATE SEQUENCE fulfilment.label_number
    START WITH 100001
    INCREMENT BY 1
    NO MINVALUE
    NO MAXVALUE
    CACHE 1;

CREATE TABLE fulfilment.label_print (
    id bigint NOT NULL,
    task_id uuid NOT NULL,
    form text NOT NULL,
    printed_by text NOT NULL,
    printed_at timestamp with time zone NOT NULL,
    CONSTRAINT label_form_known CHECK ((form = ANY (ARRAY['pdf'::text, 'zpl'::text])))
);

ALTER TABLE fulfilment.label_print ALTER COLUMN id ADD GENERATED ALWAYS AS IDENTITY (
    SEQUENCE NAME fulfilment.label_print_id_seq
    START WITH 1
    INCREMENT BY 1
    NO MINVALUE
    NO MAXVALUE
    CACHE 1
);

CREATE TABLE fulfilment.learnt_limit (
    site_id uuid NOT NULL,
    tasks_per_day integer NOT NULL,
    version integer NOT NULL,
    set_at timestamp with time zone NOT NULL,
    CONSTRAINT learnt_limit_not_negative CHECK ((tasks_per_day >= 0))
);

CREATE TABLE fulfilment.packed_in (
    task_id uuid NOT NULL,
    box_code text,
    proposed_code text,
    materials text[] NOT NULL,
    packed_at timestamp with time zone NOT NULL,
    CONSTRAINT materials_known CHECK ((materials <@ ARRAY['padding'::text, 'ice_packs'::text, 'dry_ice'::text]))
);

CREATE TABLE fulfilment.photo (
    id uuid NOT NULL,
    task_id uuid NOT NULL,
    allocation_id uuid NOT NULL,
    taken_at timestamp with time zone NOT NULL,
    taken_by text NOT NULL,
    kept_at timestamp with time zone NOT NULL,
    media_type text NOT NULL,
    width integer NOT NULL,
    height integer NOT NULL,
    sent_hash bytea NOT NULL,
    content bytea,
    forgotten_at timestamp with time zone,
    CONSTRAINT photo_has_a_size CHECK (((width > 0) AND (height > 0))),
    CONSTRAINT photo_hash_is_sha256 CHECK ((octet_length(sent_hash) = 32)),
    CONSTRAINT photo_is_kept_or_forgotten CHECK (((content IS NULL) = (forgotten_at IS NOT NULL)))
);
ALTER TABLE ONLY fulfilment.photo ALTER COLUMN content SET STORAGE EXTERNAL;

CREATE TABLE fulfilment.photo_point (
    task_id uuid NOT NULL,
    allocation_id uuid NOT NULL,
    causes text[] NOT NULL,
    demand text NOT NULL,
    waived_reason text,
    waived_by text,
    waived_at timestamp with time zone,
    CONSTRAINT photo_is_waived_by_somebody CHECK ((((waived_reason IS NULL) = (waived_by IS NULL)) AND ((waived_reason IS NULL) = (waived_at IS NULL)))),
    CONSTRAINT photo_point_demand_known CHECK ((demand = ANY (ARRAY['asked'::text, 'required'::text]))),
    CONSTRAINT photo_point_has_a_cause CHECK ((cardinality(causes) > 0)),
    CONSTRAINT photo_waived_reason_known CHECK ((waived_reason = ANY (ARRAY['no_camera'::text, 'packed_already'::text, 'customer_waits'::text, 'nothing_to_show'::text])))
);

CREATE TABLE fulfilment.photo_rule (
    cause text NOT NULL,
    category text,
    demand text NOT NULL,
    from_minor bigint,
    set_at timestamp with time zone NOT NULL,
    set_by text NOT NULL,
    CONSTRAINT dear_begins_above_nothing CHECK ((from_minor > 0)),
    CONSTRAINT dear_begins_somewhere CHECK (((cause = 'high_value'::text) = (from_minor IS NOT NULL))),
    CONSTRAINT photo_cause_known CHECK ((cause = ANY (ARRAY['any'::text, 'high_value'::text, 'fragile'::text, 'cold'::text, 'last_units'::text]))),
    CONSTRAINT photo_demand_known CHECK ((demand = ANY (ARRAY['off'::text, 'asked'::text, 'required'::text])))
);

CREATE VIEW fulfilment.published_calls WITH (security_invoker='true') AS
 SELECT id AS call_id,
    order_id,
    state,
    opened_at,
    deadline,
    ended_at,
    site_id,
    task_id
   FROM fulfilment.call;

CREATE TABLE fulfilment.site_limit (
    site_id uuid NOT NULL,
    tasks_per_day integer NOT NULL,
    set_at timestamp with time zone NOT NULL,
    fixed_at timestamp with time zone,
    fixed_by text,
    fixed_because text,
    CONSTRAINT fixed_limit_says_by_whom_and_why CHECK ((num_nonnulls(fixed_at, fixed_by, fixed_because) = ANY (ARRAY[0, 3]))),
    CONSTRAINT tasks_per_day_not_negative CHECK ((tasks_per_day >= 0))
);

CREATE VIEW fulfilment.published_capacity WITH (security_invoker='true') AS
 SELECT capacity.site_id,
    capacity.day,
    COALESCE(capacity.tasks_limit, LEAST(site_limit.tasks_per_day, learnt_limit.tasks_per_day), 0) AS tasks_limit,
    capacity.held,
    capacity.confirmed
   FROM ((fulfilment.capacity
     LEFT JOIN fulfilment.site_limit ON ((site_limit.site_id = capacity.site_id)))
     LEFT JOIN fulfilment.learnt_limit ON ((learnt_limit.site_id = capacity.site_id)));

CREATE VIEW fulfilment.published_site_limits WITH (security_invoker='true') AS
 SELECT site_limit.site_id,
    site_limit.tasks_per_day,
    learnt_limit.tasks_per_day AS learnt_per_day,
    learnt_limit.version AS learnt_version,
    site_limit.fixed_at,
    site_limit.fixed_by,
    site_limit.fixed_because
   FROM (fulfilment.site_limit site_limit
     LEFT JOIN fulfilment.learnt_limit learnt_limit ON ((learnt_limit.site_id = site_limit.site_id)));

CREATE TABLE fulfilment.task (
    id uuid NOT NULL,
    order_id uuid NOT NULL,
    site_id uuid NOT NULL,
    kind text NOT NULL,
    day date NOT NULL,
    state text NOT NULL,
    offered_at timestamp with time zone NOT NULL,
    deadline timestamp with time zone NOT NULL,
    accepted_by uuid,
    accepted_at timestamp with time zone,
    picked_at timestamp with time zone,
    checked_at timestamp with time zone,
    packed_at timestamp with time zone,
    ended_at timestamp with time zone,
    collect_by timestamp with time zone,
    code_hash bytea,
    temperature_class text DEFAULT 'ambient'::text NOT NULL,
    CONSTRAINT ended_task_has_its_time CHECK (((state = ANY (ARRAY['handed_over'::text, 'refused'::text, 'lapsed'::text, 'cancelled'::text, 'not_collected'::text])) = (ended_at IS NOT NULL))),
    CONSTRAINT steps_have_their_times CHECK ((((accepted_at IS NOT NULL) OR (state = ANY (ARRAY['offered'::text, 'refused'::text, 'lapsed'::text, 'cancelled'::text]))) AND ((picked_at IS NULL) OR (accepted_at IS NOT NULL)) AND ((checked_at IS NULL) OR (picked_at IS NOT NULL)) AND ((packed_at IS NULL) OR (checked_at IS NOT NULL)) AND ((packed_at IS NOT NULL) OR (state <> ALL (ARRAY['packed'::text, 'handed_over'::text, 'not_collected'::text]))))),
    CONSTRAINT task_kind_known CHECK ((kind = ANY (ARRAY['deliver'::text, 'collect'::text]))),
    CONSTRAINT task_state_known CHECK ((state = ANY (ARRAY['offered'::text, 'accepted'::text, 'picking'::text, 'checked'::text, 'packed'::text, 'handed_over'::text, 'refused'::text, 'lapsed'::text, 'cancelled'::text, 'not_collected'::text]))),
    CONSTRAINT waiting_parcel_has_its_code CHECK (((kind <> 'collect'::text) OR (state <> 'packed'::text) OR ((code_hash IS NOT NULL) AND (collect_by IS NOT NULL))))
);

CREATE TABLE fulfilment.task_line (
    task_id uuid NOT NULL,
    allocation_id uuid NOT NULL,
    line_id uuid NOT NULL,
    leaf_id uuid NOT NULL,
    sku_id uuid NOT NULL,
    units integer NOT NULL,
    refused_units integer DEFAULT 0 NOT NULL,
    cancelled_units integer DEFAULT 0 NOT NULL,
    CONSTRAINT task_line_has_units CHECK ((units > 0)),
    CONSTRAINT withdrawn_within_units CHECK (((refused_units >= 0) AND (cancelled_units >= 0) AND ((refused_units + cancelled_units) <= units)))
);

CREATE VIEW fulfilment.published_task_lines WITH (security_invoker='true') AS
 SELECT task_line.task_id,
    task.order_id,
    task.site_id,
    task.state,
    task_line.allocation_id,
    task_line.line_id,
    task_line.leaf_id,
    task_line.sku_id,
    task_line.units,
    task_line.refused_units,
    task_line.cancelled_units,
    ((task_line.units - task_line.refused_units) - task_line.cancelled_units) AS left_units
   FROM (fulfilment.task_line
     JOIN fulfilment.task ON ((task.id = task_line.task_id)));

CREATE VIEW fulfilment.published_tasks WITH (security_invoker='true') AS
 SELECT id AS task_id,
    order_id,
    site_id,
    kind,
    day,
    state,
    offered_at,
    deadline,
    accepted_at,
    packed_at,
    ended_at
   FROM fulfilment.task;

CREATE TABLE fulfilment.waiting_pay (
    work_id uuid NOT NULL,
    site_id uuid NOT NULL,
    order_id uuid NOT NULL,
    profile_version integer NOT NULL,
    since timestamp with time zone NOT NULL,
    rounds smallint NOT NULL,
    extra_minor bigint NOT NULL,
    most_percent integer NOT NULL,
    fixed_at timestamp with time zone NOT NULL,
    CONSTRAINT waiting_pay_has_come_back CHECK ((rounds > 0)),
    CONSTRAINT waiting_pay_has_waited CHECK ((since <= fixed_at)),
    CONSTRAINT waiting_pay_is_something CHECK ((extra_minor > 0)),
    CONSTRAINT waiting_pay_percent_not_negative CHECK ((most_percent >= 0))
);

CREATE VIEW fulfilment.published_waiting_pay WITH (security_invoker='true') AS
 SELECT work_id,
    site_id,
    order_id,
    rounds,
    extra_minor
   FROM fulfilment.waiting_pay;

CREATE TABLE fulfilment.withdrawal (
    id uuid NOT NULL,
    allocation_id uuid NOT NULL,
    task_id uuid NOT NULL,
    cause text NOT NULL,
    reason text,
    units integer NOT NULL,
    counted_units integer,
    withdrawn_by uuid,
    at timestamp with time zone NOT NULL,
    ends_task boolean NOT NULL,
    CONSTRAINT count_comes_with_its_reason CHECK (((COALESCE(reason, ''::text) = 'count_differs'::text) = (counted_units IS NOT NULL))),
    CONSTRAINT counted_not_negative CHECK ((counted_units >= 0)),
    CONSTRAINT refused_units_have_a_reason CHECK ((((cause = 'refused'::text) = (reason IS NOT NULL)) AND ((reason IS NULL) OR (reason = ANY (ARRAY['not_found'::text, 'damaged'::text, 'display_worn'::text, 'count_differs'::text, 'no_capacity'::text]))))),
    CONSTRAINT withdrawal_cause_known CHECK ((cause = ANY (ARRAY['refused'::text, 'cancelled'::text]))),
    CONSTRAINT withdrawal_has_units CHECK ((units > 0))
);

CREATE VIEW fulfilment.published_withdrawals WITH (security_invoker='true') AS
 SELECT id AS withdrawal_id,
    allocation_id,
    task_id,
    cause,
    reason,
    units,
    at
   FROM fulfilment.withdrawal;

CREATE VIEW fulfilment.published_workers WITH (security_invoker='true') AS
 SELECT id AS task_id,
    accepted_by
   FROM fulfilment.task;

CREATE TABLE fulfilment.round (
    id uuid NOT NULL,
    site_id uuid NOT NULL,
    picker_id uuid NOT NULL,
    begun_at timestamp with time zone NOT NULL,
    taken_over_at timestamp with time zone,
    CONSTRAINT round_is_taken_over_after_it_began CHECK ((taken_over_at >= begun_at))
);

CREATE TABLE fulfilment.round_short (
    id uuid NOT NULL,
    round_id uuid NOT NULL,
    sku_id uuid NOT NULL,
    units integer NOT NULL,
    reason text NOT NULL,
    said_at timestamp with time zone NOT NULL,
    said_by uuid NOT NULL,
    CONSTRAINT short_reason_known CHECK ((reason = ANY (ARRAY['not_found'::text, 'damaged'::text, 'display_worn'::text]))),
    CONSTRAINT something_is_short CHECK ((units > 0))
);

CREATE TABLE fulfilment.round_task (
    round_id uuid NOT NULL,
    task_id uuid NOT NULL,
    box smallint NOT NULL,
    left_at timestamp with time zone,
    CONSTRAINT boxes_count_from_one CHECK ((box > 0))
);

CREATE TABLE fulfilment.site_seen (
    site_id uuid NOT NULL,
    seen_at timestamp with time zone NOT NULL
);

CREATE TABLE fulfilment.waybill (
    task_id uuid NOT NULL,
    order_id uuid NOT NULL,
    site_id uuid NOT NULL,
    tracking_number text NOT NULL,
    handed_over_at timestamp with time zone NOT NULL,
    CONSTRAINT waybill_has_a_number CHECK ((tracking_number <> ''::text))
);

CREATE TABLE inbox.message (
    id uuid NOT NULL,
    branch_id uuid NOT NULL,
    sender text NOT NULL,
    may_move_money boolean NOT NULL,
    channel text NOT NULL,
    external_id text NOT NULL,
    kind text NOT NULL,
    external_number text,
    content_hash bytea NOT NULL,
    conflicts_with uuid,
    sealed bytea,
    wrapped_key bytea,
    sealed_with bigint,
    received_at timestamp with time zone NOT NULL,
    last_seen_at timestamp with time zone NOT NULL,
    times integer DEFAULT 1 NOT NULL,
    state text NOT NULL,
    reason text,
    sentence text,
    details jsonb,
    tries integer DEFAULT 0 NOT NULL,
    next_try_at timestamp with time zone,
    order_id uuid,
    settled_at timestamp with time zone,
    CONSTRAINT message_applied_names_its_order CHECK (((state <> 'applied'::text) OR (order_id IS NOT NULL))),
    CONSTRAINT message_body_is_whole CHECK ((num_nonnulls(sealed, wrapped_key, sealed_with) = ANY (ARRAY[0, 3]))),
    CONSTRAINT message_kind_is_known CHECK ((kind = ANY (ARRAY['created'::text, 'paid'::text, 'cancelled'::text, 'unread'::text]))),
    CONSTRAINT message_open_has_a_next_try CHECK (((state = ANY (ARRAY['received'::text, 'waiting'::text])) = (next_try_at IS NOT NULL))),
    CONSTRAINT message_reason_is_whole CHECK ((num_nonnulls(reason, sentence, details) = ANY (ARRAY[0, 3]))),
    CONSTRAINT message_settled_has_its_moment CHECK (((state = ANY (ARRAY['applied'::text, 'dismissed'::text])) = (settled_at IS NOT NULL))),
    CONSTRAINT message_state_is_known CHECK ((state = ANY (ARRAY['received'::text, 'waiting'::text, 'quarantined'::text, 'applied'::text, 'dismissed'::text]))),
    CONSTRAINT message_tries_are_counted CHECK ((tries >= 0)),
    CONSTRAINT message_unsettled_has_its_body CHECK (((settled_at IS NOT NULL) OR (sealed IS NOT NULL))),
    CONSTRAINT message_waits_with_a_reason CHECK (((state = ANY (ARRAY['waiting'::text, 'quarantined'::text])) = (reason IS NOT NULL))),
    CONSTRAINT message_was_seen CHECK ((times >= 1))
);

CREATE TABLE inbox.step (
    message_id uuid NOT NULL,
    number integer NOT NULL,
    at timestamp with time zone NOT NULL,
    actor text NOT NULL,
    state text NOT NULL,
    reason text,
    note text,
    corrected bytea,
    CONSTRAINT step_is_counted CHECK ((number >= 1))
);

CREATE TABLE insight.acceptance_site (
    version integer NOT NULL,
    site_id uuid NOT NULL,
    offers integer NOT NULL,
    accepted integer NOT NULL,
    answered_minutes double precision NOT NULL,
    kilometres double precision,
    value_minor bigint NOT NULL,
    units double precision NOT NULL,
    CONSTRAINT accepted_are_among_the_offers CHECK (((accepted >= 0) AND (accepted <= offers)))
);

CREATE TABLE insight.acceptance_version (
    version integer NOT NULL,
    learnt_at timestamp with time zone NOT NULL,
    first_day date NOT NULL,
    last_day date NOT NULL,
    held_back_from date,
    offers integer NOT NULL,
    prior_probability double precision NOT NULL,
    prior_offers double precision NOT NULL,
    prior_minutes double precision NOT NULL,
    trees text,
    minute_trees text,
    measures jsonb NOT NULL,
    CONSTRAINT acceptance_days_in_order CHECK ((first_day <= last_day)),
    CONSTRAINT acceptance_prior_is_a_probability CHECK (((prior_probability > (0)::double precision) AND (prior_probability < (1)::double precision))),
    CONSTRAINT held_back_days_are_among_them CHECK (((held_back_from >= first_day) AND (held_back_from <= last_day))),
    CONSTRAINT trees_were_measured CHECK (((held_back_from IS NOT NULL) OR ((trees IS NULL) AND (minute_trees IS NULL))))
);

ALTER TABLE insight.acceptance_version ALTER COLUMN version ADD GENERATED ALWAYS AS IDENTITY (
    SEQUENCE NAME insight.acceptance_version_version_seq
    START WITH 1
    INCREMENT BY 1
    NO MINVALUE
    NO MAXVALUE
    CACHE 1
);

CREATE TABLE insight.broken_by_day (
    day date NOT NULL,
    side text NOT NULL,
    site_id uuid NOT NULL,
    cause text NOT NULL,
    lines bigint NOT NULL,
    CONSTRAINT broken_lines_not_negative CHECK ((lines >= 0)),
    CONSTRAINT broken_side_is_known CHECK ((side = ANY (ARRAY['sent'::text, 'sold'::text])))
)
WITH (fillfactor='70');

CREATE TABLE insight.capacity_site (
    version integer NOT NULL,
    site_id uuid NOT NULL,
    stated_per_day integer NOT NULL,
    learnt_per_day integer,
    days integer NOT NULL,
    full_days integer NOT NULL,
    held_back_days integer NOT NULL,
    stated_error double precision,
    learnt_error double precision,
    better_by_error double precision,
    verdict text NOT NULL,
    CONSTRAINT better_is_measured CHECK (((verdict <> ALL (ARRAY['better'::text, 'not_better'::text])) OR (num_nulls(learnt_per_day, stated_error, learnt_error, better_by_error) = 0))),
    CONSTRAINT capacity_verdict_known CHECK ((verdict = ANY (ARRAY['too_few_full_days'::text, 'never_at_its_end'::text, 'not_less'::text, 'not_measured'::text, 'not_better'::text, 'better'::text]))),
    CONSTRAINT full_days_are_days CHECK (((full_days >= 0) AND (full_days <= days)))
);

CREATE TABLE insight.capacity_version (
    version integer NOT NULL,
    learnt_at timestamp with time zone NOT NULL,
    first_day date NOT NULL,
    last_day date NOT NULL,
    held_back_from date NOT NULL,
    CONSTRAINT capacity_days_in_order CHECK (((first_day <= held_back_from) AND (held_back_from <= last_day)))
);

ALTER TABLE insight.capacity_version ALTER COLUMN version ADD GENERATED ALWAYS AS IDENTITY (
    SEQUENCE NAME insight.capacity_version_version_seq
    START WITH 1
    INCREMENT BY 1
    NO MINVALUE
    NO MAXVALUE
    CACHE 1
);

CREATE TABLE insight.handed_over_by_packer (
    day date NOT NULL,
    sent_site_id uuid NOT NULL,
    packer_id uuid NOT NULL,
    units bigint NOT NULL,
    CONSTRAINT packer_units_handed_over_not_negative CHECK ((units >= 0))
)
WITH (fillfactor='70');

CREATE TABLE insight.handed_over_by_sku (
    day date NOT NULL,
    sku_id uuid NOT NULL,
    units bigint NOT NULL,
    CONSTRAINT sku_units_handed_over_not_negative CHECK ((units >= 0))
)
WITH (fillfactor='70');

CREATE TABLE insight.happening (
    "position" bigint NOT NULL,
    type text NOT NULL,
    at timestamp with time zone NOT NULL,
    subject uuid NOT NULL,
    site_id uuid NOT NULL,
    channel text,
    currency text,
    amount_minor bigint,
    units bigint
);

CREATE TABLE insight.judged_line (
    order_id uuid NOT NULL,
    line_id uuid NOT NULL,
    sku_id uuid NOT NULL,
    day date NOT NULL,
    sent_site_id uuid NOT NULL,
    place_site_id uuid NOT NULL,
    sold_site_id uuid NOT NULL,
    packer_id uuid,
    units integer NOT NULL,
    goods text,
    "time" text,
    place text,
    person text,
    price text,
    customer text,
    known smallint GENERATED ALWAYS AS (num_nonnulls(goods, "time", place, person, price, customer)) STORED NOT NULL,
    broken smallint GENERATED ALWAYS AS ((((((COALESCE(((goods <> 'kept'::text))::integer, 0) + COALESCE((("time" <> 'kept'::text))::integer, 0)) + COALESCE(((place <> 'kept'::text))::integer, 0)) + COALESCE(((person <> 'kept'::text))::integer, 0)) + COALESCE(((price <> 'kept'::text))::integer, 0)) + COALESCE(((customer <> 'kept'::text))::integer, 0))) STORED NOT NULL,
    CONSTRAINT judged_units_not_negative CHECK ((units >= 0)),
    CONSTRAINT right_customer_has_a_known_mark CHECK ((customer = ANY (ARRAY['kept'::text, 'not_collected'::text, 'unwanted'::text, 'size'::text, 'other_reason'::text, 'bad_review'::text]))),
    CONSTRAINT right_goods_has_a_known_mark CHECK ((goods = ANY (ARRAY['kept'::text, 'wrong_item'::text, 'defect'::text, 'damaged'::text, 'not_there'::text]))),
    CONSTRAINT right_person_has_a_known_mark CHECK ((person = ANY (ARRAY['kept'::text, 'other_guide'::text, 'other_dealer'::text]))),
    CONSTRAINT right_place_has_a_known_mark CHECK ((place = ANY (ARRAY['kept'::text, 'refused_goods'::text, 'refused_capacity'::text, 'lapsed'::text, 'moved'::text, 'other_site'::text]))),
    CONSTRAINT right_price_has_a_known_mark CHECK ((price = ANY (ARRAY['kept'::text, 'above_ours'::text, 'below_ours'::text, 'money_differs'::text, 'refund_differs'::text]))),
    CONSTRAINT right_time_has_a_known_mark CHECK (("time" = ANY (ARRAY['kept'::text, 'late_source'::text, 'late_accept'::text, 'late_ready'::text, 'late_way'::text, 'late_said'::text])))
);

CREATE TABLE insight.order_stage (
    order_id uuid NOT NULL,
    site_id uuid NOT NULL,
    stage text NOT NULL
);

CREATE TABLE insight.outlet (
    outlet_id integer NOT NULL,
    site_id uuid NOT NULL,
    channel text NOT NULL,
    currency text NOT NULL,
    zone text NOT NULL
);

ALTER TABLE insight.outlet ALTER COLUMN outlet_id ADD GENERATED ALWAYS AS IDENTITY (
    SEQUENCE NAME insight.outlet_outlet_id_seq
    START WITH 1
    INCREMENT BY 1
    NO MINVALUE
    NO MAXVALUE
    CACHE 1
);

CREATE TABLE insight."placing" (
    second timestamp with time zone NOT NULL,
    process_id uuid NOT NULL,
    accepted bigint NOT NULL,
    repeated bigint NOT NULL,
    latencies bigint[] NOT NULL,
    waiting bigint NOT NULL,
    CONSTRAINT placing_counts CHECK (((accepted >= 0) AND (repeated >= 0) AND (waiting >= 0))),
    CONSTRAINT placing_latencies_by_step CHECK ((cardinality(latencies) = 24))
);

CREATE TABLE insight.placing_refused (
    second timestamp with time zone NOT NULL,
    process_id uuid NOT NULL,
    code text NOT NULL,
    orders bigint NOT NULL,
    CONSTRAINT placing_refused_counts CHECK ((orders > 0))
);

CREATE TABLE insight.returned_loss (
    number bigint NOT NULL,
    disposition text NOT NULL,
    percent integer NOT NULL,
    set_at timestamp with time zone NOT NULL,
    set_by text NOT NULL,
    CONSTRAINT returned_loss_is_a_part CHECK (((percent >= 0) AND (percent <= 100))),
    CONSTRAINT returned_loss_is_of_a_way CHECK ((disposition = ANY (ARRAY['refurbish'::text, 'outlet'::text, 'supplier'::text, 'scrap'::text])))
);

ALTER TABLE insight.returned_loss ALTER COLUMN number ADD GENERATED ALWAYS AS IDENTITY (
    SEQUENCE NAME insight.returned_loss_number_seq
    START WITH 1
    INCREMENT BY 1
    NO MINVALUE
    NO MAXVALUE
    CACHE 1
);

CREATE TABLE insight.rights_by_day (
    day date NOT NULL,
    side text NOT NULL,
    site_id uuid NOT NULL,
    lines bigint NOT NULL,
    units bigint NOT NULL,
    goods_known bigint NOT NULL,
    goods_kept bigint NOT NULL,
    time_known bigint NOT NULL,
    time_kept bigint NOT NULL,
    place_known bigint NOT NULL,
    place_kept bigint NOT NULL,
    person_known bigint NOT NULL,
    person_kept bigint NOT NULL,
    price_known bigint NOT NULL,
    price_kept bigint NOT NULL,
    customer_known bigint NOT NULL,
    customer_kept bigint NOT NULL,
    CONSTRAINT kept_rights_are_known CHECK (((goods_kept <= goods_known) AND (time_kept <= time_known) AND (place_kept <= place_known) AND (person_kept <= person_known) AND (price_kept <= price_known) AND (customer_kept <= customer_known))),
    CONSTRAINT rights_not_negative CHECK ((LEAST(lines, units, goods_kept, time_kept, place_kept, person_kept, price_kept, customer_kept) >= 0)),
    CONSTRAINT rights_side_is_known CHECK ((side = ANY (ARRAY['sent'::text, 'sold'::text])))
)
WITH (fillfactor='70');

CREATE TABLE insight.sales_by_day (
    day date NOT NULL,
    series_id integer NOT NULL,
    sold_minor bigint NOT NULL,
    cancelled_minor bigint NOT NULL,
    returned_minor bigint NOT NULL,
    adjusted_minor bigint NOT NULL,
    sold_units bigint NOT NULL,
    cancelled_units bigint NOT NULL,
    returned_units bigint NOT NULL
);

CREATE TABLE insight.sales_by_hour (
    hour timestamp with time zone NOT NULL,
    series_id integer NOT NULL,
    sold_minor bigint NOT NULL,
    cancelled_minor bigint NOT NULL,
    returned_minor bigint NOT NULL,
    adjusted_minor bigint NOT NULL,
    sold_units bigint NOT NULL,
    cancelled_units bigint NOT NULL,
    returned_units bigint NOT NULL
);

CREATE TABLE insight.sales_by_minute (
    minute timestamp with time zone NOT NULL,
    series_id integer NOT NULL,
    sold_minor bigint NOT NULL,
    cancelled_minor bigint NOT NULL,
    returned_minor bigint NOT NULL,
    adjusted_minor bigint NOT NULL,
    sold_units bigint NOT NULL,
    cancelled_units bigint NOT NULL,
    returned_units bigint NOT NULL
);

CREATE TABLE insight.series (
    series_id integer NOT NULL,
    outlet_id integer NOT NULL,
    sku_id uuid NOT NULL,
    line_kind text NOT NULL
);

ALTER TABLE insight.series ALTER COLUMN series_id ADD GENERATED ALWAYS AS IDENTITY (
    SEQUENCE NAME insight.series_series_id_seq
    START WITH 1
    INCREMENT BY 1
    NO MINVALUE
    NO MAXVALUE
    CACHE 1
);

CREATE TABLE insight.stage_count (
    site_id uuid NOT NULL,
    stage text NOT NULL,
    orders bigint NOT NULL
);

CREATE TABLE insight.takings_by_day (
    day date NOT NULL,
    outlet_id integer NOT NULL,
    orders bigint NOT NULL,
    sold_minor bigint NOT NULL,
    cancelled_minor bigint NOT NULL,
    returned_minor bigint NOT NULL,
    adjusted_minor bigint NOT NULL,
    sold_units bigint NOT NULL,
    cancelled_units bigint NOT NULL,
    returned_units bigint NOT NULL
);

CREATE TABLE insight.takings_by_hour (
    hour timestamp with time zone NOT NULL,
    outlet_id integer NOT NULL,
    orders bigint NOT NULL,
    sold_minor bigint NOT NULL,
    cancelled_minor bigint NOT NULL,
    returned_minor bigint NOT NULL,
    adjusted_minor bigint NOT NULL,
    sold_units bigint NOT NULL,
    cancelled_units bigint NOT NULL,
    returned_units bigint NOT NULL
);

CREATE TABLE insight.takings_by_minute (
    minute timestamp with time zone NOT NULL,
    outlet_id integer NOT NULL,
    orders bigint NOT NULL,
    sold_minor bigint NOT NULL,
    cancelled_minor bigint NOT NULL,
    returned_minor bigint NOT NULL,
    adjusted_minor bigint NOT NULL,
    sold_units bigint NOT NULL,
    cancelled_units bigint NOT NULL,
    returned_units bigint NOT NULL
);

CREATE TABLE invoices.document (
    id uuid NOT NULL,
    wish_id uuid NOT NULL,
    kind text NOT NULL,
    number text NOT NULL,
    of_id uuid,
    reason text,
    buyer_kind text NOT NULL,
    buyer_title text NOT NULL,
    buyer_tax_number text NOT NULL,
    net_minor bigint NOT NULL,
    tax_minor bigint NOT NULL,
    credited_net_minor bigint DEFAULT 0 NOT NULL,
    credited_tax_minor bigint DEFAULT 0 NOT NULL,
    state text NOT NULL,
    tries integer DEFAULT 0 NOT NULL,
    next_try_at timestamp with time zone,
    written_at timestamp with time zone NOT NULL,
    sent_at timestamp with time zone,
    ended_at timestamp with time zone,
    fiscal_number text,
    file_url text,
    note text,
    CONSTRAINT document_amounts_have_its_sign CHECK ((((kind = 'blue'::text) AND (net_minor >= 0) AND (tax_minor >= 0) AND ((net_minor + tax_minor) > 0)) OR ((kind = 'red'::text) AND (net_minor <= 0) AND (tax_minor <= 0) AND ((net_minor + tax_minor) < 0)))),
    CONSTRAINT document_credits_no_more_than_it_invoices CHECK ((((credited_net_minor >= 0) AND (credited_net_minor <= GREATEST(net_minor, (0)::bigint))) AND ((credited_tax_minor >= 0) AND (credited_tax_minor <= GREATEST(tax_minor, (0)::bigint))))),
    CONSTRAINT document_ends_once CHECK (((state = 'open'::text) = (ended_at IS NULL))),
    CONSTRAINT document_fiscal_number_has_digits CHECK ((fiscal_number ~ '^[0-9]{8,20}$'::text)),
    CONSTRAINT document_issued_has_a_number CHECK (((state = 'issued'::text) = (fiscal_number IS NOT NULL))),
    CONSTRAINT document_kind_is_known CHECK ((kind = ANY (ARRAY['blue'::text, 'red'::text]))),
    CONSTRAINT document_number_fits_platforms CHECK ((number ~ '^[A-Z2-7]{20}$'::text)),
    CONSTRAINT document_open_is_tried CHECK (((state = 'open'::text) = (next_try_at IS NOT NULL))),
    CONSTRAINT document_reason_is_known CHECK ((reason = ANY (ARRAY['returned'::text, 'mistake'::text]))),
    CONSTRAINT document_red_takes_back_a_blue CHECK (((kind = 'red'::text) = ((of_id IS NOT NULL) AND (reason IS NOT NULL)))),
    CONSTRAINT document_state_is_known CHECK ((state = ANY (ARRAY['open'::text, 'issued'::text, 'failed'::text])))
);

CREATE TABLE invoices.goods_code (
    kind text NOT NULL,
    category text NOT NULL,
    goods_code text NOT NULL,
    set_at timestamp with time zone NOT NULL,
    set_by text NOT NULL,
    CONSTRAINT goods_code_has_nineteen_digits CHECK ((goods_code ~ '^[0-9]{19}$'::text)),
    CONSTRAINT goods_code_kind_is_known CHECK ((kind = ANY (ARRAY['goods'::text, 'charge'::text])))
);

CREATE TABLE invoices.line (
    document_id uuid NOT NULL,
    "position" integer NOT NULL,
    line_id uuid NOT NULL,
    code text NOT NULL,
    name text NOT NULL,
    goods_code text NOT NULL,
    tax_rate_basis_points integer NOT NULL,
    units integer NOT NULL,
    net_minor bigint NOT NULL,
    tax_minor bigint NOT NULL,
    CONSTRAINT line_is_counted CHECK (("position" >= 1)),
    CONSTRAINT line_rate_is_a_part CHECK (((tax_rate_basis_points >= 0) AND (tax_rate_basis_points <= 9999)))
);

CREATE TABLE invoices.wish (
    id uuid NOT NULL,
    order_id uuid NOT NULL,
    entity_id uuid NOT NULL,
    currency text NOT NULL,
    buyer_kind text NOT NULL,
    buyer_title text NOT NULL,
    buyer_tax_number text NOT NULL,
    look_at timestamp with time zone,
    stopped text,
    note text,
    wished_at timestamp with time zone NOT NULL,
    wished_by text NOT NULL,
    CONSTRAINT wish_buyer_is_called_something CHECK ((buyer_title <> ''::text)),
    CONSTRAINT wish_buyer_is_known CHECK ((buyer_kind = ANY (ARRAY['person'::text, 'company'::text]))),
    CONSTRAINT wish_company_has_a_tax_number CHECK (((buyer_kind = 'company'::text) = (buyer_tax_number <> ''::text))),
    CONSTRAINT wish_currency_is_a_code CHECK ((currency ~ '^[A-Z]{3}$'::text)),
    CONSTRAINT wish_stop_is_known CHECK ((stopped = ANY (ARRAY['seller_has_no_tax_number'::text, 'goods_code_missing'::text, 'platform_refused'::text])))
);

CREATE VIEW invoices.published_settled WITH (security_invoker='true') AS
 SELECT wish.id AS wish_id,
    wish.order_id,
    wish.entity_id,
    line.line_id,
    (COALESCE(sum(line.net_minor), (0)::numeric))::bigint AS net_minor,
    (COALESCE(sum(line.tax_minor), (0)::numeric))::bigint AS tax_minor
   FROM ((invoices.wish wish
     LEFT JOIN invoices.document document ON (((document.wish_id = wish.id) AND (document.state = 'issued'::text))))
     LEFT JOIN invoices.line line ON ((line.document_id = document.id)))
  WHERE ((wish.look_at IS NULL) AND (wish.stopped IS NULL) AND (NOT (EXISTS ( SELECT
           FROM invoices.document open
          WHERE ((open.wish_id = wish.id) AND (open.state = 'open'::text))))))
  GROUP BY wish.id, wish.order_id, wish.entity_id, line.line_id;

CREATE TABLE ledger.account (
    id uuid NOT NULL,
    number integer NOT NULL,
    entity_id uuid NOT NULL,
    party_id uuid,
    purpose text NOT NULL,
    currency text NOT NULL,
    opened_at timestamp with time zone NOT NULL,
    CONSTRAINT account_currency_code CHECK ((currency ~ '^[A-Z]{3}$'::text)),
    CONSTRAINT account_purpose_known CHECK ((purpose = ANY (ARRAY['cash'::text, 'gateway'::text, 'customer_deposit'::text, 'receivable'::text, 'refund_payable'::text, 'revenue'::text, 'charges'::text, 'tax'::text, 'sharing_cost'::text, 'share_pending'::text, 'share_due'::text, 'voucher_liability'::text, 'adjustment'::text, 'bad_debt'::text, 'stock_loss'::text, 'payout_in_transit'::text, 'withheld_tax'::text, 'payment_fee'::text, 'supply_cost'::text, 'consigned'::text, 'supply_revenue'::text, 'intercompany'::text, 'refund_liability'::text, 'right_to_goods'::text, 'cost_of_sales'::text, 'cash_difference'::text, 'petty_cash'::text, 'reclaim_in_transit'::text, 'promotion_funded'::text, 'promotion_cost'::text, 'points_deferred'::text, 'points_liability'::text, 'revenue_on_way'::text, 'cost_on_way'::text, 'stored_value'::text, 'stored_value_bonus'::text])))
);

ALTER TABLE ledger.account ALTER COLUMN number ADD GENERATED ALWAYS AS IDENTITY (
    SEQUENCE NAME ledger.account_number_seq
    START WITH 1
    INCREMENT BY 1
    NO MINVALUE
    NO MAXVALUE
    CACHE 1
);

CREATE TABLE ledger.balance_change (
    account_number integer NOT NULL,
    amount_minor bigint NOT NULL,
    posting_count bigint NOT NULL
);

CREATE TABLE ledger.folded_balance (
    account_number integer NOT NULL,
    balance_minor bigint NOT NULL,
    posting_count bigint NOT NULL
)
WITH (fillfactor='50');

CREATE VIEW ledger.balance WITH (security_invoker='true') AS
 SELECT account.number AS account_number,
    (((COALESCE(folded.balance_minor, (0)::bigint))::numeric + COALESCE(changed.amount_minor, (0)::numeric)))::bigint AS balance_minor,
    (((COALESCE(folded.posting_count, (0)::bigint))::numeric + COALESCE(changed.posting_count, (0)::numeric)))::bigint AS posting_count
   FROM ((ledger.account account
     LEFT JOIN ledger.folded_balance folded ON ((folded.account_number = account.number)))
     LEFT JOIN ( SELECT balance_change.account_number,
            sum(balance_change.amount_minor) AS amount_minor,
            sum(balance_change.posting_count) AS posting_count
           FROM ledger.balance_change balance_change
          GROUP BY balance_change.account_number) changed ON ((changed.account_number = account.number)));

CREATE SEQUENCE ledger.cut_number
    AS integer
    START WITH 1
    INCREMENT BY 1
    NO MINVALUE
    NO MAXVALUE
    CACHE 1;

CREATE TABLE ledger.entry (
    id uuid NOT NULL,
    kind text NOT NULL,
    subject uuid NOT NULL,
    at timestamp with time zone NOT NULL,
    key text NOT NULL,
    content_hash bytea NOT NULL,
    cut integer DEFAULT (COALESCE(pg_sequence_last_value('ledger.cut_number'::regclass), (0)::bigint))::integer NOT NULL
);

CREATE TABLE ledger.entry_part (
    entry_id uuid NOT NULL,
    part_id uuid NOT NULL,
    currency text NOT NULL,
    account_numbers integer[] NOT NULL,
    amounts_minor bigint[] NOT NULL,
    CONSTRAINT amount_for_each_account CHECK (((cardinality(account_numbers) = cardinality(amounts_minor)) AND (cardinality(amounts_minor) > 0)))
);

CREATE VIEW ledger.journal_line WITH (security_invoker='true') AS
 SELECT entry.at,
    entry.id AS entry_id,
    entry.key,
    entry.kind,
    entry.subject,
    entry.cut,
    part.part_id,
    account.number,
    account.entity_id,
    account.party_id,
    account.purpose,
    part.currency,
    posting.amount_minor,
    posting."position"
   FROM (((ledger.entry entry
     JOIN ledger.entry_part part ON ((part.entry_id = entry.id)))
     CROSS JOIN LATERAL UNNEST(part.account_numbers, part.amounts_minor) WITH ORDINALITY posting(account_number, amount_minor, "position"))
     JOIN ledger.account account ON ((account.number = posting.account_number)));

CREATE VIEW ledger.posting WITH (security_invoker='true') AS
 SELECT part.entry_id,
    part.part_id,
    part.currency,
    posting."position",
    account.id AS account_id,
    posting.amount_minor
   FROM ((ledger.entry_part part
     CROSS JOIN LATERAL UNNEST(part.account_numbers, part.amounts_minor) WITH ORDINALITY posting(account_number, amount_minor, "position"))
     JOIN ledger.account account ON ((account.number = posting.account_number)));

CREATE VIEW ledger.published_balances WITH (security_invoker='true') AS
 SELECT account.id AS account_id,
    account.entity_id,
    account.party_id,
    account.purpose,
    account.currency,
    balance.balance_minor,
    balance.posting_count
   FROM (ledger.account account
     JOIN ledger.balance balance ON ((balance.account_number = account.number)));

CREATE VIEW ledger.published_postings WITH (security_invoker='true') AS
 SELECT entry.at,
    entry.kind,
    entry.subject,
    part.entry_id,
    part.part_id,
    account.entity_id,
    account.party_id,
    account.purpose,
    part.currency,
    posting.amount_minor
   FROM (((ledger.entry_part part
     JOIN ledger.entry entry ON ((entry.id = part.entry_id)))
     CROSS JOIN LATERAL UNNEST(part.account_numbers, part.amounts_minor) posting(account_number, amount_minor))
     JOIN ledger.account account ON ((account.number = posting.account_number)));

CREATE TABLE ledger.reversal (
    entry_id uuid NOT NULL,
    of_entry_id uuid NOT NULL,
    part_id uuid NOT NULL,
    units_before bigint NOT NULL,
    units bigint NOT NULL,
    CONSTRAINT reversal_takes_units CHECK (((units > 0) AND (units_before >= 0)))
);

CREATE TABLE ledger.reversed_part (
    entry_id uuid NOT NULL,
    part_id uuid NOT NULL,
    units_of bigint NOT NULL,
    units_reversed bigint DEFAULT 0 NOT NULL,
    CONSTRAINT part_has_units CHECK ((units_of > 0)),
    CONSTRAINT reversed_within_part CHECK (((units_reversed >= 0) AND (units_reversed <= units_of)))
);

CREATE SEQUENCE log.event_position
    START WITH 1
    INCREMENT BY 1
    NO MINVALUE
    NO MAXVALUE
    CACHE 1;

CREATE TABLE log.event (
    "position" bigint DEFAULT nextval('log.event_position'::regclass) NOT NULL,
    id uuid NOT NULL,
    type text NOT NULL,
    version smallint NOT NULL,
    subject uuid NOT NULL,
    at timestamp with time zone NOT NULL,
    actor text NOT NULL,
    data jsonb NOT NULL
);

CREATE TABLE log.follower (
    name text NOT NULL,
    "position" bigint DEFAULT 0 NOT NULL,
    CONSTRAINT position_not_negative CHECK (("position" >= 0))
);

CREATE TABLE log.parked_event (
    follower text NOT NULL,
    "position" bigint NOT NULL,
    subject uuid NOT NULL,
    reason text NOT NULL,
    parked_at timestamp with time zone NOT NULL
);

CREATE TABLE marketplaces.entry (
    id uuid NOT NULL,
    channel text NOT NULL,
    sku_id uuid NOT NULL,
    units bigint NOT NULL,
    cause text NOT NULL,
    cause_id uuid NOT NULL,
    at timestamp with time zone NOT NULL,
    note text,
    CONSTRAINT entry_cause_is_known CHECK ((cause = ANY (ARRAY['lent'::text, 'not_taken'::text, 'given_up'::text, 'sold'::text, 'put_back'::text, 'reinstated'::text, 'test_sold'::text, 'test_put_back'::text, 'forgiven'::text, 'written_off'::text]))),
    CONSTRAINT entry_moves_units CHECK ((units <> 0))
);

CREATE TABLE marketplaces.goods (
    sku_id uuid NOT NULL,
    turn bigint DEFAULT 0 NOT NULL,
    rooms bigint[] DEFAULT '{}'::bigint[] NOT NULL,
    is_changed boolean NOT NULL
)
WITH (fillfactor='70');

CREATE TABLE marketplaces.goods_terms (
    channel text NOT NULL,
    subject text NOT NULL,
    subject_code text NOT NULL,
    version integer NOT NULL,
    is_on boolean NOT NULL,
    weight integer,
    most_units bigint,
    buffer_units bigint,
    set_at timestamp with time zone NOT NULL,
    set_by text NOT NULL,
    note text NOT NULL,
    replaced_at timestamp with time zone,
    CONSTRAINT goods_buffer_not_negative CHECK ((buffer_units >= 0)),
    CONSTRAINT goods_most_not_negative CHECK ((most_units >= 0)),
    CONSTRAINT goods_terms_subject_is_known CHECK ((subject = ANY (ARRAY['category'::text, 'sku'::text]))),
    CONSTRAINT goods_terms_version_is_counted CHECK ((version >= 1)),
    CONSTRAINT goods_weight_not_negative CHECK ((weight >= 0))
);

CREATE TABLE marketplaces.loan (
    channel text NOT NULL,
    sku_id uuid NOT NULL,
    balance bigint NOT NULL,
    asked_back bigint NOT NULL,
    is_empty boolean DEFAULT false NOT NULL,
    refused_until timestamp with time zone,
    refused_why text,
    units bigint GENERATED ALWAYS AS (GREATEST((0)::bigint, balance)) STORED NOT NULL,
    beyond bigint GENERATED ALWAYS AS (GREATEST((0)::bigint, (- balance))) STORED NOT NULL,
    CONSTRAINT loan_asked_back_not_negative CHECK ((asked_back >= 0))
)
WITH (fillfactor='70');

CREATE TABLE marketplaces.marketplace (
    channel text NOT NULL,
    version integer NOT NULL,
    id uuid NOT NULL,
    connector text NOT NULL,
    is_on boolean NOT NULL,
    weight integer NOT NULL,
    most_units bigint,
    buffer_units bigint NOT NULL,
    puts_back boolean NOT NULL,
    ship_hours integer,
    alarm_hours integer NOT NULL,
    late_basis_points integer NOT NULL,
    late_least_minor bigint NOT NULL,
    late_most_minor bigint,
    test_prefixes text[] NOT NULL,
    set_at timestamp with time zone NOT NULL,
    set_by text NOT NULL,
    note text NOT NULL,
    replaced_at timestamp with time zone,
    CONSTRAINT marketplace_alarm_is_before CHECK ((alarm_hours >= 0)),
    CONSTRAINT marketplace_buffer_not_negative CHECK ((buffer_units >= 0)),
    CONSTRAINT marketplace_most_not_negative CHECK ((most_units >= 0)),
    CONSTRAINT marketplace_penalty_is_a_part CHECK (((late_basis_points >= 0) AND (late_basis_points <= 10000))),
    CONSTRAINT marketplace_penalty_most_is_most CHECK ((late_most_minor >= late_least_minor)),
    CONSTRAINT marketplace_penalty_not_negative CHECK ((late_least_minor >= 0)),
    CONSTRAINT marketplace_ships_within_a_time CHECK ((ship_hours > 0)),
    CONSTRAINT marketplace_version_is_counted CHECK ((version >= 1)),
    CONSTRAINT marketplace_weight_not_negative CHECK ((weight >= 0))
);

CREATE TABLE marketplaces.shipment (
    order_id uuid NOT NULL,
    channel text NOT NULL,
    placed_at timestamp with time zone NOT NULL,
    stated_by timestamp with time zone,
    ship_by timestamp with time zone,
    alarm_at timestamp with time zone,
    handed_over_at timestamp with time zone,
    ended_at timestamp with time zone,
    alarmed_at timestamp with time zone,
    missed_at timestamp with time zone
)
WITH (fillfactor='70');

CREATE TABLE marketplaces.step (
    id uuid NOT NULL,
    channel text NOT NULL,
    sku_id uuid NOT NULL,
    units bigint NOT NULL,
    made_at timestamp with time zone NOT NULL,
    tries integer DEFAULT 0 NOT NULL,
    next_try_at timestamp with time zone,
    answered_at timestamp with time zone,
    moved bigint,
    why text,
    CONSTRAINT step_answer_is_whole CHECK (((answered_at IS NULL) = (moved IS NULL))),
    CONSTRAINT step_is_open_or_answered CHECK (((next_try_at IS NULL) = (answered_at IS NOT NULL))),
    CONSTRAINT step_moved_no_more_than_told CHECK (((moved >= 0) AND (moved <= abs(units)))),
    CONSTRAINT step_moves_units CHECK ((units <> 0)),
    CONSTRAINT step_tries_are_counted CHECK ((tries >= 0))
)
WITH (fillfactor='70');

CREATE TABLE marketplaces.test_line (
    test_order_id uuid NOT NULL,
    "position" integer NOT NULL,
    sku_code text NOT NULL,
    sku_id uuid,
    units bigint NOT NULL,
    CONSTRAINT test_line_has_units CHECK ((units > 0))
);

CREATE TABLE marketplaces.test_order (
    id uuid NOT NULL,
    channel text NOT NULL,
    external_number text NOT NULL,
    because text NOT NULL,
    placed_at timestamp with time zone NOT NULL,
    received_at timestamp with time zone NOT NULL,
    paid_at timestamp with time zone,
    paid_minor bigint DEFAULT 0 NOT NULL,
    currency text,
    cancelled_at timestamp with time zone,
    CONSTRAINT test_order_cause_is_known CHECK ((because = ANY (ARRAY['said'::text, 'number'::text])))
);

CREATE TABLE migration.version (
    version_num character varying(32) NOT NULL
);

CREATE TABLE notices.gateway (
    is_one boolean NOT NULL,
    name text NOT NULL,
    since timestamp with time zone NOT NULL,
    seen_at timestamp with time zone NOT NULL,
    CONSTRAINT gateway_is_one CHECK (is_one)
);

CREATE TABLE notices.notice (
    id uuid NOT NULL,
    order_id uuid NOT NULL,
    about text NOT NULL,
    version uuid NOT NULL,
    member_id uuid NOT NULL,
    site_id uuid,
    zone text NOT NULL,
    facts jsonb NOT NULL,
    happened_at timestamp with time zone NOT NULL,
    stale_at timestamp with time zone NOT NULL,
    state text NOT NULL,
    "end" text,
    tries integer DEFAULT 0 NOT NULL,
    is_unsure boolean DEFAULT false NOT NULL,
    next_try_at timestamp with time zone,
    told_at timestamp with time zone,
    ended_at timestamp with time zone,
    language text,
    reference text,
    note text,
    CONSTRAINT notice_end_fits_its_state CHECK (
CASE state
    WHEN 'left_out'::text THEN ("end" = ANY (ARRAY['stale'::text, 'overtaken'::text, 'declined'::text, 'no_phone'::text, 'erased'::text]))
    WHEN 'failed'::text THEN ("end" = ANY (ARRAY['refused'::text, 'not_taken'::text, 'unknown'::text]))
    ELSE ("end" IS NULL)
END),
    CONSTRAINT notice_ends_once CHECK (((state = 'waiting'::text) = (ended_at IS NULL))),
    CONSTRAINT notice_is_about_something_known CHECK ((about = ANY (ARRAY['new_date'::text, 'new_ready'::text, 'goods_day'::text, 'ready'::text, 'collect_soon'::text, 'sent'::text, 'on_its_way'::text, 'called_off'::text, 'partly_called_off'::text, 'not_collected'::text, 'return_here'::text, 'refunded'::text]))),
    CONSTRAINT notice_language_is_known CHECK ((language = ANY (ARRAY['zh'::text, 'en'::text]))),
    CONSTRAINT notice_sent_was_tried CHECK (((state <> ALL (ARRAY['sent'::text, 'failed'::text])) OR ((tries > 0) AND (told_at IS NOT NULL)))),
    CONSTRAINT notice_state_is_known CHECK ((state = ANY (ARRAY['waiting'::text, 'sent'::text, 'left_out'::text, 'failed'::text]))),
    CONSTRAINT notice_tried_has_a_language CHECK (((told_at IS NULL) = (language IS NULL))),
    CONSTRAINT notice_tries_are_counted CHECK ((tries >= 0)),
    CONSTRAINT notice_waits_for_a_moment CHECK (((state = 'waiting'::text) = (next_try_at IS NOT NULL)))
);

CREATE VIEW notices.published_told WITH (security_invoker='true') AS
 SELECT id,
    order_id,
    member_id,
    state,
    told_at
   FROM notices.notice;

CREATE TABLE orders.channel (
    code text NOT NULL,
    name text NOT NULL,
    network_node_id uuid NOT NULL,
    may_state_price boolean NOT NULL,
    hold_minutes_default integer,
    time_zone text NOT NULL,
    hold_minutes_least integer,
    unpaid_per_member integer,
    unpaid_per_address integer,
    unpaid_per_device integer,
    CONSTRAINT channel_code_is_a_word CHECK ((code ~ '^[a-z][a-z0-9_]{1,39}$'::text)),
    CONSTRAINT hold_minutes_in_order CHECK (((hold_minutes_least >= 2) AND (hold_minutes_least <= hold_minutes_default))),
    CONSTRAINT hold_minutes_positive CHECK ((hold_minutes_default > 0)),
    CONSTRAINT unpaid_caps_positive CHECK ((LEAST(unpaid_per_member, unpaid_per_address, unpaid_per_device) > 0))
);

CREATE TABLE orders.conflict (
    id uuid NOT NULL,
    channel text NOT NULL,
    external_number text NOT NULL,
    order_id uuid NOT NULL,
    content_hash bytea NOT NULL,
    content jsonb NOT NULL,
    first_seen_at timestamp with time zone NOT NULL,
    last_seen_at timestamp with time zone NOT NULL,
    times integer DEFAULT 1 NOT NULL,
    CONSTRAINT conflict_was_seen CHECK ((times >= 1))
);

CREATE TABLE orders.known (
    channel text NOT NULL,
    external_number text NOT NULL,
    content_hash bytea NOT NULL,
    order_id uuid NOT NULL,
    placed_at timestamp with time zone NOT NULL,
    known_at timestamp with time zone NOT NULL,
    CONSTRAINT content_hash_has_32_bytes CHECK ((octet_length(content_hash) = 32))
)
PARTITION BY HASH (channel, external_number);

CREATE TABLE orders.known_00 (
    channel text CONSTRAINT known_channel_not_null NOT NULL,
    external_number text CONSTRAINT known_external_number_not_null NOT NULL,
    content_hash bytea CONSTRAINT known_content_hash_not_null NOT NULL,
    order_id uuid CONSTRAINT known_order_id_not_null NOT NULL,
    placed_at timestamp with time zone CONSTRAINT known_placed_at_not_null NOT NULL,
    known_at timestamp with time zone CONSTRAINT known_known_at_not_null NOT NULL,
    CONSTRAINT content_hash_has_32_bytes CHECK ((octet_length(content_hash) = 32))
);

CREATE TABLE orders.known_01 (
    channel text CONSTRAINT known_channel_not_null NOT NULL,
    external_number text CONSTRAINT known_external_number_not_null NOT NULL,
    content_hash bytea CONSTRAINT known_content_hash_not_null NOT NULL,
    order_id uuid CONSTRAINT known_order_id_not_null NOT NULL,
    placed_at timestamp with time zone CONSTRAINT known_placed_at_not_null NOT NULL,
    known_at timestamp with time zone CONSTRAINT known_known_at_not_null NOT NULL,
    CONSTRAINT content_hash_has_32_bytes CHECK ((octet_length(content_hash) = 32))
);

CREATE TABLE orders.known_02 (
    channel text CONSTRAINT known_channel_not_null NOT NULL,
    external_number text CONSTRAINT known_external_number_not_null NOT NULL,
    content_hash bytea CONSTRAINT known_content_hash_not_null NOT NULL,
    order_id uuid CONSTRAINT known_order_id_not_null NOT NULL,
    placed_at timestamp with time zone CONSTRAINT known_placed_at_not_null NOT NULL,
    known_at timestamp with time zone CONSTRAINT known_known_at_not_null NOT NULL,
    CONSTRAINT content_hash_has_32_bytes CHECK ((octet_length(content_hash) = 32))
);

CREATE TABLE orders.known_03 (
    channel text CONSTRAINT known_channel_not_null NOT NULL,
    external_number text CONSTRAINT known_external_number_not_null NOT NULL,
    content_hash bytea CONSTRAINT known_content_hash_not_null NOT NULL,
    order_id uuid CONSTRAINT known_order_id_not_null NOT NULL,
    placed_at timestamp with time zone CONSTRAINT known_placed_at_not_null NOT NULL,
    known_at timestamp with time zone CONSTRAINT known_known_at_not_null NOT NULL,
    CONSTRAINT content_hash_has_32_bytes CHECK ((octet_length(content_hash) = 32))
);

CREATE TABLE orders.known_04 (
    channel text CONSTRAINT known_channel_not_null NOT NULL,
    external_number text CONSTRAINT known_external_number_not_null NOT NULL,
    content_hash bytea CONSTRAINT known_content_hash_not_null NOT NULL,
    order_id uuid CONSTRAINT known_order_id_not_null NOT NULL,
    placed_at timestamp with time zone CONSTRAINT known_placed_at_not_null NOT NULL,
    known_at timestamp with time zone CONSTRAINT known_known_at_not_null NOT NULL,
    CONSTRAINT content_hash_has_32_bytes CHECK ((octet_length(content_hash) = 32))
);

CREATE TABLE orders.known_05 (
    channel text CONSTRAINT known_channel_not_null NOT NULL,
    external_number text CONSTRAINT known_external_number_not_null NOT NULL,
    content_hash bytea CONSTRAINT known_content_hash_not_null NOT NULL,
    order_id uuid CONSTRAINT known_order_id_not_null NOT NULL,
    placed_at timestamp with time zone CONSTRAINT known_placed_at_not_null NOT NULL,
    known_at timestamp with time zone CONSTRAINT known_known_at_not_null NOT NULL,
    CONSTRAINT content_hash_has_32_bytes CHECK ((octet_length(content_hash) = 32))
);

CREATE TABLE orders.known_06 (
    channel text CONSTRAINT known_channel_not_null NOT NULL,
    external_number text CONSTRAINT known_external_number_not_null NOT NULL,
    content_hash bytea CONSTRAINT known_content_hash_not_null NOT NULL,
    order_id uuid CONSTRAINT known_order_id_not_null NOT NULL,
    placed_at timestamp with time zone CONSTRAINT known_placed_at_not_null NOT NULL,
    known_at timestamp with time zone CONSTRAINT known_known_at_not_null NOT NULL,
    CONSTRAINT content_hash_has_32_bytes CHECK ((octet_length(content_hash) = 32))
);

CREATE TABLE orders.known_07 (
    channel text CONSTRAINT known_channel_not_null NOT NULL,
    external_number text CONSTRAINT known_external_number_not_null NOT NULL,
    content_hash bytea CONSTRAINT known_content_hash_not_null NOT NULL,
    order_id uuid CONSTRAINT known_order_id_not_null NOT NULL,
    placed_at timestamp with time zone CONSTRAINT known_placed_at_not_null NOT NULL,
    known_at timestamp with time zone CONSTRAINT known_known_at_not_null NOT NULL,
    CONSTRAINT content_hash_has_32_bytes CHECK ((octet_length(content_hash) = 32))
);

CREATE TABLE orders.known_08 (
    channel text CONSTRAINT known_channel_not_null NOT NULL,
    external_number text CONSTRAINT known_external_number_not_null NOT NULL,
    content_hash bytea CONSTRAINT known_content_hash_not_null NOT NULL,
    order_id uuid CONSTRAINT known_order_id_not_null NOT NULL,
    placed_at timestamp with time zone CONSTRAINT known_placed_at_not_null NOT NULL,
    known_at timestamp with time zone CONSTRAINT known_known_at_not_null NOT NULL,
    CONSTRAINT content_hash_has_32_bytes CHECK ((octet_length(content_hash) = 32))
);

CREATE TABLE orders.known_09 (
    channel text CONSTRAINT known_channel_not_null NOT NULL,
    external_number text CONSTRAINT known_external_number_not_null NOT NULL,
    content_hash bytea CONSTRAINT known_content_hash_not_null NOT NULL,
    order_id uuid CONSTRAINT known_order_id_not_null NOT NULL,
    placed_at timestamp with time zone CONSTRAINT known_placed_at_not_null NOT NULL,
    known_at timestamp with time zone CONSTRAINT known_known_at_not_null NOT NULL,
    CONSTRAINT content_hash_has_32_bytes CHECK ((octet_length(content_hash) = 32))
);

CREATE TABLE orders.known_10 (
    channel text CONSTRAINT known_channel_not_null NOT NULL,
    external_number text CONSTRAINT known_external_number_not_null NOT NULL,
    content_hash bytea CONSTRAINT known_content_hash_not_null NOT NULL,
    order_id uuid CONSTRAINT known_order_id_not_null NOT NULL,
    placed_at timestamp with time zone CONSTRAINT known_placed_at_not_null NOT NULL,
    known_at timestamp with time zone CONSTRAINT known_known_at_not_null NOT NULL,
    CONSTRAINT content_hash_has_32_bytes CHECK ((octet_length(content_hash) = 32))
);

CREATE TABLE orders.known_11 (
    channel text CONSTRAINT known_channel_not_null NOT NULL,
    external_number text CONSTRAINT known_external_number_not_null NOT NULL,
    content_hash bytea CONSTRAINT known_content_hash_not_null NOT NULL,
    order_id uuid CONSTRAINT known_order_id_not_null NOT NULL,
    placed_at timestamp with time zone CONSTRAINT known_placed_at_not_null NOT NULL,
    known_at timestamp with time zone CONSTRAINT known_known_at_not_null NOT NULL,
    CONSTRAINT content_hash_has_32_bytes CHECK ((octet_length(content_hash) = 32))
);

CREATE TABLE orders.known_12 (
    channel text CONSTRAINT known_channel_not_null NOT NULL,
    external_number text CONSTRAINT known_external_number_not_null NOT NULL,
    content_hash bytea CONSTRAINT known_content_hash_not_null NOT NULL,
    order_id uuid CONSTRAINT known_order_id_not_null NOT NULL,
    placed_at timestamp with time zone CONSTRAINT known_placed_at_not_null NOT NULL,
    known_at timestamp with time zone CONSTRAINT known_known_at_not_null NOT NULL,
    CONSTRAINT content_hash_has_32_bytes CHECK ((octet_length(content_hash) = 32))
);

CREATE TABLE orders.known_13 (
    channel text CONSTRAINT known_channel_not_null NOT NULL,
    external_number text CONSTRAINT known_external_number_not_null NOT NULL,
    content_hash bytea CONSTRAINT known_content_hash_not_null NOT NULL,
    order_id uuid CONSTRAINT known_order_id_not_null NOT NULL,
    placed_at timestamp with time zone CONSTRAINT known_placed_at_not_null NOT NULL,
    known_at timestamp with time zone CONSTRAINT known_known_at_not_null NOT NULL,
    CONSTRAINT content_hash_has_32_bytes CHECK ((octet_length(content_hash) = 32))
);

CREATE TABLE orders.known_14 (
    channel text CONSTRAINT known_channel_not_null NOT NULL,
    external_number text CONSTRAINT known_external_number_not_null NOT NULL,
    content_hash bytea CONSTRAINT known_content_hash_not_null NOT NULL,
    order_id uuid CONSTRAINT known_order_id_not_null NOT NULL,
    placed_at timestamp with time zone CONSTRAINT known_placed_at_not_null NOT NULL,
    known_at timestamp with time zone CONSTRAINT known_known_at_not_null NOT NULL,
    CONSTRAINT content_hash_has_32_bytes CHECK ((octet_length(content_hash) = 32))
);

CREATE TABLE orders.known_15 (
    channel text CONSTRAINT known_channel_not_null NOT NULL,
    external_number text CONSTRAINT known_external_number_not_null NOT NULL,
    content_hash bytea CONSTRAINT known_content_hash_not_null NOT NULL,
    order_id uuid CONSTRAINT known_order_id_not_null NOT NULL,
    placed_at timestamp with time zone CONSTRAINT known_placed_at_not_null NOT NULL,
    known_at timestamp with time zone CONSTRAINT known_known_at_not_null NOT NULL,
    CONSTRAINT content_hash_has_32_bytes CHECK ((octet_length(content_hash) = 32))
);

CREATE TABLE orders.line (
    order_id uuid NOT NULL,
    line_id uuid NOT NULL,
    seller_entity_id uuid NOT NULL,
    sku_id uuid,
    unit_minor bigint NOT NULL,
    amount_minor bigint NOT NULL,
    tax_minor bigint NOT NULL,
    list_unit_minor bigint,
    tax_rate_basis_points integer NOT NULL,
    units integer NOT NULL,
    parked integer DEFAULT 0 NOT NULL,
    held integer DEFAULT 0 NOT NULL,
    allocated integer DEFAULT 0 NOT NULL,
    handed_over integer DEFAULT 0 NOT NULL,
    cancelled integer DEFAULT 0 NOT NULL,
    returned integer DEFAULT 0 NOT NULL,
    lost integer DEFAULT 0 NOT NULL,
    kind text NOT NULL,
    code text NOT NULL,
    CONSTRAINT goods_have_a_sku CHECK (((kind <> 'goods'::text) OR (sku_id IS NOT NULL))),
    CONSTRAINT line_kind_is_known CHECK ((kind = ANY (ARRAY['goods'::text, 'charge'::text, 'voucher'::text]))),
    CONSTRAINT line_lost_within_handed_over CHECK (((lost >= 0) AND (lost <= handed_over))),
    CONSTRAINT line_returned_within_handed_over CHECK (((returned >= 0) AND (returned <= handed_over))),
    CONSTRAINT line_tax_within_amount CHECK (((abs(tax_minor) <= abs(amount_minor)) AND (tax_rate_basis_points >= 0))),
    CONSTRAINT line_units_add_up CHECK (
CASE kind
    WHEN 'goods'::text THEN (units = ((((parked + held) + allocated) + handed_over) + cancelled))
    ELSE ((((parked + held) + allocated) = 0) AND ((handed_over + cancelled) <= units))
END),
    CONSTRAINT line_units_not_negative CHECK ((LEAST(parked, held, allocated, handed_over, cancelled) >= 0)),
    CONSTRAINT line_units_positive CHECK ((units > 0))
)
PARTITION BY RANGE (order_id);

CREATE TABLE orders.line_default (
    order_id uuid CONSTRAINT line_order_id_not_null NOT NULL,
    line_id uuid CONSTRAINT line_line_id_not_null NOT NULL,
    seller_entity_id uuid CONSTRAINT line_seller_entity_id_not_null NOT NULL,
    sku_id uuid,
    unit_minor bigint CONSTRAINT line_unit_minor_not_null NOT NULL,
    amount_minor bigint CONSTRAINT line_amount_minor_not_null NOT NULL,
    tax_minor bigint CONSTRAINT line_tax_minor_not_null NOT NULL,
    list_unit_minor bigint,
    tax_rate_basis_points integer CONSTRAINT line_tax_rate_basis_points_not_null NOT NULL,
    units integer CONSTRAINT line_units_not_null NOT NULL,
    parked integer DEFAULT 0 CONSTRAINT line_parked_not_null NOT NULL,
    held integer DEFAULT 0 CONSTRAINT line_held_not_null NOT NULL,
    allocated integer DEFAULT 0 CONSTRAINT line_allocated_not_null NOT NULL,
    handed_over integer DEFAULT 0 CONSTRAINT line_handed_over_not_null NOT NULL,
    cancelled integer DEFAULT 0 CONSTRAINT line_cancelled_not_null NOT NULL,
    returned integer DEFAULT 0 CONSTRAINT line_returned_not_null NOT NULL,
    lost integer DEFAULT 0 CONSTRAINT line_lost_not_null NOT NULL,
    kind text CONSTRAINT line_kind_not_null NOT NULL,
    code text CONSTRAINT line_code_not_null NOT NULL,
    CONSTRAINT goods_have_a_sku CHECK (((kind <> 'goods'::text) OR (sku_id IS NOT NULL))),
    CONSTRAINT line_kind_is_known CHECK ((kind = ANY (ARRAY['goods'::text, 'charge'::text, 'voucher'::text]))),
    CONSTRAINT line_lost_within_handed_over CHECK (((lost >= 0) AND (lost <= handed_over))),
    CONSTRAINT line_returned_within_handed_over CHECK (((returned >= 0) AND (returned <= handed_over))),
    CONSTRAINT line_tax_within_amount CHECK (((abs(tax_minor) <= abs(amount_minor)) AND (tax_rate_basis_points >= 0))),
    CONSTRAINT line_units_add_up CHECK (
CASE kind
    WHEN 'goods'::text THEN (units = ((((parked + held) + allocated) + handed_over) + cancelled))
    ELSE ((((parked + held) + allocated) = 0) AND ((handed_over + cancelled) <= units))
END),
    CONSTRAINT line_units_not_negative CHECK ((LEAST(parked, held, allocated, handed_over, cancelled) >= 0)),
    CONSTRAINT line_units_positive CHECK ((units > 0))
)
WITH (fillfactor='50');

CREATE TABLE orders.named_site (
    order_id uuid NOT NULL,
    site_id uuid NOT NULL
);

CREATE TABLE orders."order" (
    id uuid NOT NULL,
    number bigint NOT NULL,
    channel text NOT NULL,
    external_number text NOT NULL,
    kind text NOT NULL,
    placed_at timestamp with time zone NOT NULL,
    written_at timestamp with time zone NOT NULL,
    changed_at timestamp with time zone NOT NULL,
    in_work_since timestamp with time zone,
    member_id uuid,
    site_id uuid,
    seller_entity_id uuid NOT NULL,
    currency text NOT NULL,
    country text NOT NULL,
    delivery text NOT NULL,
    longitude double precision,
    latitude double precision,
    on_shortage text NOT NULL,
    hold_minutes integer,
    pay_until timestamp with time zone,
    guide_id uuid,
    dealer_id uuid,
    streamer_id uuid,
    amount_minor bigint NOT NULL,
    tax_minor bigint NOT NULL,
    units bigint NOT NULL,
    parked bigint NOT NULL,
    held bigint NOT NULL,
    allocated bigint NOT NULL,
    handed_over bigint NOT NULL,
    cancelled bigint NOT NULL,
    returned bigint NOT NULL,
    lost bigint NOT NULL,
    stage text GENERATED ALWAYS AS (
CASE
    WHEN (units = 0) THEN 'handed_over'::text
    WHEN (parked > 0) THEN 'parked'::text
    WHEN (held > 0) THEN 'placed'::text
    WHEN ((allocated > 0) AND (in_work_since IS NULL)) THEN 'sourced'::text
    WHEN (allocated > 0) THEN 'accepted'::text
    WHEN (cancelled = units) THEN 'cancelled'::text
    WHEN (returned = handed_over) THEN 'returned'::text
    ELSE 'handed_over'::text
END) STORED NOT NULL,
    source_after timestamp with time zone,
    source_waits_for text,
    CONSTRAINT order_country_is_a_code CHECK ((country ~ '^[A-Z]{2}$'::text)),
    CONSTRAINT order_currency_is_a_code CHECK ((currency ~ '^[A-Z]{3}$'::text)),
    CONSTRAINT order_destination_is_a_place CHECK (((longitude IS NULL) = (latitude IS NULL))),
    CONSTRAINT order_kind_is_known CHECK ((kind = ANY (ARRAY['ask'::text, 'fact'::text]))),
    CONSTRAINT order_lost_within_handed_over CHECK (((lost >= 0) AND (lost <= handed_over))),
    CONSTRAINT order_returned_within_handed_over CHECK (((returned >= 0) AND (returned <= handed_over))),
    CONSTRAINT order_shortage_rule_is_known CHECK ((on_shortage = ANY (ARRAY['refuse'::text, 'park'::text]))),
    CONSTRAINT order_units_add_up CHECK ((units = ((((parked + held) + allocated) + handed_over) + cancelled))),
    CONSTRAINT order_units_not_negative CHECK ((LEAST(parked, held, allocated, handed_over, cancelled) >= 0)),
    CONSTRAINT order_waits_for_something CHECK (((source_after IS NULL) = (source_waits_for IS NULL)))
)
PARTITION BY RANGE (id);

CREATE TABLE orders.order_default (
    id uuid CONSTRAINT order_id_not_null NOT NULL,
    number bigint CONSTRAINT order_number_not_null NOT NULL,
    channel text CONSTRAINT order_channel_not_null NOT NULL,
    external_number text CONSTRAINT order_external_number_not_null NOT NULL,
    kind text CONSTRAINT order_kind_not_null NOT NULL,
    placed_at timestamp with time zone CONSTRAINT order_placed_at_not_null NOT NULL,
    written_at timestamp with time zone CONSTRAINT order_written_at_not_null NOT NULL,
    changed_at timestamp with time zone CONSTRAINT order_changed_at_not_null NOT NULL,
    in_work_since timestamp with time zone,
    member_id uuid,
    site_id uuid,
    seller_entity_id uuid CONSTRAINT order_seller_entity_id_not_null NOT NULL,
    currency text CONSTRAINT order_currency_not_null NOT NULL,
    country text CONSTRAINT order_country_not_null NOT NULL,
    delivery text CONSTRAINT order_delivery_not_null NOT NULL,
    longitude double precision,
    latitude double precision,
    on_shortage text CONSTRAINT order_on_shortage_not_null NOT NULL,
    hold_minutes integer,
    pay_until timestamp with time zone,
    guide_id uuid,
    dealer_id uuid,
    streamer_id uuid,
    amount_minor bigint CONSTRAINT order_amount_minor_not_null NOT NULL,
    tax_minor bigint CONSTRAINT order_tax_minor_not_null NOT NULL,
    units bigint CONSTRAINT order_units_not_null NOT NULL,
    parked bigint CONSTRAINT order_parked_not_null NOT NULL,
    held bigint CONSTRAINT order_held_not_null NOT NULL,
    allocated bigint CONSTRAINT order_allocated_not_null NOT NULL,
    handed_over bigint CONSTRAINT order_handed_over_not_null NOT NULL,
    cancelled bigint CONSTRAINT order_cancelled_not_null NOT NULL,
    returned bigint CONSTRAINT order_returned_not_null NOT NULL,
    lost bigint CONSTRAINT order_lost_not_null NOT NULL,
    stage text GENERATED ALWAYS AS (
CASE
    WHEN (units = 0) THEN 'handed_over'::text
    WHEN (parked > 0) THEN 'parked'::text
    WHEN (held > 0) THEN 'placed'::text
    WHEN ((allocated > 0) AND (in_work_since IS NULL)) THEN 'sourced'::text
    WHEN (allocated > 0) THEN 'accepted'::text
    WHEN (cancelled = units) THEN 'cancelled'::text
    WHEN (returned = handed_over) THEN 'returned'::text
    ELSE 'handed_over'::text
END) STORED CONSTRAINT order_stage_not_null NOT NULL,
    source_after timestamp with time zone,
    source_waits_for text,
    CONSTRAINT order_country_is_a_code CHECK ((country ~ '^[A-Z]{2}$'::text)),
    CONSTRAINT order_currency_is_a_code CHECK ((currency ~ '^[A-Z]{3}$'::text)),
    CONSTRAINT order_destination_is_a_place CHECK (((longitude IS NULL) = (latitude IS NULL))),
    CONSTRAINT order_kind_is_known CHECK ((kind = ANY (ARRAY['ask'::text, 'fact'::text]))),
    CONSTRAINT order_lost_within_handed_over CHECK (((lost >= 0) AND (lost <= handed_over))),
    CONSTRAINT order_returned_within_handed_over CHECK (((returned >= 0) AND (returned <= handed_over))),
    CONSTRAINT order_shortage_rule_is_known CHECK ((on_shortage = ANY (ARRAY['refuse'::text, 'park'::text]))),
    CONSTRAINT order_units_add_up CHECK ((units = ((((parked + held) + allocated) + handed_over) + cancelled))),
    CONSTRAINT order_units_not_negative CHECK ((LEAST(parked, held, allocated, handed_over, cancelled) >= 0)),
    CONSTRAINT order_waits_for_something CHECK (((source_after IS NULL) = (source_waits_for IS NULL)))
)
WITH (fillfactor='70');

CREATE SEQUENCE orders.order_number
    START WITH 1
    INCREMENT BY 1
    NO MINVALUE
    NO MAXVALUE
    CACHE 1;

CREATE TABLE orders.parking (
    order_id uuid NOT NULL,
    line_id uuid NOT NULL,
    sku_id uuid NOT NULL,
    reason text NOT NULL,
    expected_on date,
    basis text,
    since timestamp with time zone NOT NULL,
    passed_at timestamp with time zone,
    CONSTRAINT parking_basis_known CHECK ((basis = ANY (ARRAY['stated'::text, 'on_the_way'::text, 'pre_order'::text]))),
    CONSTRAINT parking_day_has_its_basis CHECK (((expected_on IS NULL) = (basis IS NULL))),
    CONSTRAINT parking_passes_a_day CHECK (((passed_at IS NULL) OR (expected_on IS NOT NULL))),
    CONSTRAINT parking_reason_known CHECK ((reason = ANY (ARRAY['no_goods'::text, 'must_ship_from'::text, 'pre_order'::text])))
);

CREATE TABLE orders.payer (
    member_id uuid NOT NULL
);

CREATE TABLE orders.preorder (
    id uuid NOT NULL,
    sku_id uuid NOT NULL,
    allowance integer NOT NULL,
    allowance_most integer NOT NULL,
    per_order integer,
    per_member integer,
    opens_at timestamp with time zone NOT NULL,
    closes_at timestamp with time zone,
    ships_on date NOT NULL,
    stated_at timestamp with time zone NOT NULL,
    changed_at timestamp with time zone NOT NULL,
    changed_by text NOT NULL,
    closed_at timestamp with time zone,
    ended_at timestamp with time zone,
    CONSTRAINT preorder_allows_no_less_than_nothing CHECK ((allowance >= 0)),
    CONSTRAINT preorder_closes_after_it_opens CHECK ((closes_at > opens_at)),
    CONSTRAINT preorder_per_member_is_counted CHECK ((per_member > 0)),
    CONSTRAINT preorder_per_order_is_counted CHECK ((per_order > 0)),
    CONSTRAINT preorder_remembers_its_most CHECK ((allowance_most >= allowance))
);

CREATE TABLE orders.preordered (
    order_id uuid NOT NULL,
    line_id uuid NOT NULL,
    preorder_id uuid NOT NULL,
    sku_id uuid NOT NULL,
    member_id uuid,
    units integer NOT NULL,
    waiting integer NOT NULL,
    covered integer DEFAULT 0 NOT NULL,
    given_back integer DEFAULT 0 NOT NULL,
    paid_at timestamp with time zone,
    CONSTRAINT preordered_adds_up CHECK (((units = ((waiting + covered) + given_back)) AND (LEAST(waiting, covered, given_back) >= 0))),
    CONSTRAINT preordered_is_something CHECK ((units > 0))
);

CREATE TABLE orders.price_ask (
    id uuid NOT NULL,
    till_id uuid NOT NULL,
    site_id uuid NOT NULL,
    sku_id uuid NOT NULL,
    units integer NOT NULL,
    currency text NOT NULL,
    before_minor bigint NOT NULL,
    unit_minor bigint NOT NULL,
    reason text NOT NULL,
    asked_by uuid NOT NULL,
    asked_at timestamp with time zone NOT NULL,
    withdrawn_at timestamp with time zone,
    decided_by uuid,
    decided_at timestamp with time zone,
    is_approved boolean,
    note text,
    order_id uuid,
    CONSTRAINT price_ask_by_another CHECK ((decided_by <> asked_by)),
    CONSTRAINT price_ask_decided_or_withdrawn CHECK (((decided_at IS NULL) OR (withdrawn_at IS NULL))),
    CONSTRAINT price_ask_decided_whole CHECK ((num_nulls(decided_by, decided_at, is_approved, note) = ANY (ARRAY[0, 4]))),
    CONSTRAINT price_ask_declined_with_a_note CHECK ((is_approved OR (length(note) > 0))),
    CONSTRAINT price_ask_is_lower CHECK (((unit_minor >= 0) AND (unit_minor < before_minor))),
    CONSTRAINT price_ask_of_something CHECK ((units >= 1)),
    CONSTRAINT price_ask_used_if_approved CHECK (((order_id IS NULL) OR (is_approved IS TRUE)))
);

CREATE TABLE orders.price_change (
    line_id uuid NOT NULL,
    order_id uuid NOT NULL,
    site_id uuid NOT NULL,
    sku_id uuid NOT NULL,
    units integer NOT NULL,
    currency text NOT NULL,
    before_minor bigint NOT NULL,
    unit_minor bigint NOT NULL,
    standing text NOT NULL,
    reason text,
    changed_by uuid NOT NULL,
    changed_at timestamp with time zone NOT NULL,
    approved_by uuid,
    ask_id uuid,
    recorded_at timestamp with time zone NOT NULL,
    CONSTRAINT price_change_alone_with_a_reason CHECK (((standing <> ALL (ARRAY['alone'::text, 'approved'::text])) OR (reason IS NOT NULL))),
    CONSTRAINT price_change_approved_by_somebody CHECK ((((standing = 'approved'::text) = (ask_id IS NOT NULL)) AND ((ask_id IS NULL) = (approved_by IS NULL)))),
    CONSTRAINT price_change_is_lower CHECK (((unit_minor >= 0) AND (unit_minor < before_minor))),
    CONSTRAINT price_change_standing_known CHECK ((standing = ANY (ARRAY['alone'::text, 'approved'::text, 'read_earlier'::text, 'not_allowed'::text])))
);

CREATE VIEW orders.published_credits WITH (security_invoker='true') AS
 SELECT id AS order_id,
    guide_id,
    dealer_id
   FROM orders."order";

CREATE VIEW orders.published_destinations WITH (security_invoker='true') AS
 SELECT id AS order_id,
    (round(((longitude * (20)::double precision))::numeric) / 20.0) AS longitude,
    (round(((latitude * (20)::double precision))::numeric) / 20.0) AS latitude
   FROM orders."order"
  WHERE (longitude IS NOT NULL);

CREATE VIEW orders.published_lines WITH (security_invoker='true') AS
 SELECT line.order_id,
    line.line_id,
    head.channel,
    head.site_id,
    head.member_id,
    head.currency,
    head.placed_at,
    head.kind AS order_kind,
    line.kind,
    line.sku_id,
    line.code,
    line.seller_entity_id,
    line.units,
    line.unit_minor,
    line.amount_minor,
    line.tax_minor,
    line.list_unit_minor,
    line.parked,
    line.held,
    line.allocated,
    line.handed_over,
    line.cancelled,
    line.returned,
    line.lost
   FROM (orders.line line
     JOIN orders."order" head ON ((head.id = line.order_id)));

CREATE VIEW orders.published_orders WITH (security_invoker='true') AS
 SELECT id AS order_id,
    number,
    channel,
    external_number,
    kind,
    placed_at,
    written_at,
    changed_at,
    member_id,
    site_id,
    seller_entity_id,
    currency,
    country,
    delivery,
    amount_minor,
    tax_minor,
    units,
    parked,
    held,
    allocated,
    handed_over,
    cancelled,
    returned,
    lost,
    stage
   FROM orders."order";

CREATE TABLE orders.quote (
    order_id uuid NOT NULL,
    derivation jsonb NOT NULL
)
PARTITION BY RANGE (order_id);

CREATE VIEW orders.published_promoted_lines WITH (security_invoker='true') AS
 SELECT quote.order_id,
    placed.line_id
   FROM (orders.quote quote
     CROSS JOIN LATERAL ( SELECT line.line_id,
            row_number() OVER (ORDER BY line.line_id) AS place
           FROM orders.line line
          WHERE (line.order_id = quote.order_id)) placed)
  WHERE ((quote.derivation @? '$."lines"[*]."discounts"'::jsonpath) AND (((quote.derivation -> 'lines'::text) -> ((placed.place)::integer - 1)) ? 'discounts'::text));

CREATE TABLE orders.quote_default (
    order_id uuid CONSTRAINT quote_order_id_not_null NOT NULL,
    derivation jsonb CONSTRAINT quote_derivation_not_null NOT NULL
);

CREATE TABLE orders.reservation (
    order_id uuid NOT NULL,
    site_id uuid NOT NULL,
    member_id uuid NOT NULL,
    made_at_site uuid NOT NULL,
    made_by uuid NOT NULL,
    made_at timestamp with time zone NOT NULL,
    until timestamp with time zone NOT NULL,
    ended_at timestamp with time zone,
    ended_as text,
    ended_by uuid,
    CONSTRAINT ended_reservation_has_its_person CHECK ((((ended_at IS NULL) = (ended_as IS NULL)) AND ((ended_at IS NULL) = (ended_by IS NULL)))),
    CONSTRAINT reservation_end_is_known CHECK ((ended_as = ANY (ARRAY['sold'::text, 'not_wanted'::text]))),
    CONSTRAINT reservation_ends_after_it_began CHECK ((until > made_at))
);

CREATE TABLE orders.till_case (
    till_id uuid NOT NULL,
    number bigint NOT NULL,
    site_id uuid NOT NULL,
    sale jsonb NOT NULL,
    reason jsonb NOT NULL,
    handed_by uuid NOT NULL,
    handed_at timestamp with time zone NOT NULL,
    settled_by uuid,
    settled_at timestamp with time zone,
    note text,
    CONSTRAINT till_case_counts_from_one CHECK ((number > 0)),
    CONSTRAINT till_case_settled_by_somebody CHECK ((((settled_at IS NULL) = (settled_by IS NULL)) AND ((settled_at IS NULL) = (note IS NULL))))
);

CREATE TABLE orders.till_sale (
    till_id uuid NOT NULL,
    number bigint NOT NULL,
    order_id uuid NOT NULL,
    site_id uuid NOT NULL,
    rung_up_by uuid NOT NULL,
    sent_by uuid NOT NULL,
    rung_up_at timestamp with time zone NOT NULL,
    arrived_at timestamp with time zone NOT NULL,
    CONSTRAINT till_counts_from_one CHECK ((number > 0))
);

CREATE TABLE orders.unpaid (
    order_id uuid NOT NULL,
    member_id uuid,
    address uuid,
    device uuid,
    pay_until timestamp with time zone NOT NULL,
    lapsed_at timestamp with time zone
);

CREATE TABLE org.api_key (
    id uuid NOT NULL,
    name text NOT NULL,
    branch_id uuid NOT NULL,
    permissions text[] NOT NULL,
    token_hash bytea NOT NULL,
    made_by uuid,
    made_at timestamp with time zone NOT NULL,
    expires_at timestamp with time zone,
    revoked_at timestamp with time zone,
    CONSTRAINT key_ends_after_its_start CHECK ((expires_at > made_at)),
    CONSTRAINT key_hash_is_sha256 CHECK ((octet_length(token_hash) = 32)),
    CONSTRAINT key_may_do_something CHECK ((cardinality(permissions) > 0))
);

CREATE TABLE org.counter_limit (
    number bigint NOT NULL,
    unit_id uuid NOT NULL,
    setting text NOT NULL,
    value bigint,
    is_open boolean DEFAULT false NOT NULL,
    comment text NOT NULL,
    set_at timestamp with time zone NOT NULL,
    set_by text NOT NULL,
    CONSTRAINT counter_limit_not_negative CHECK ((value >= 0)),
    CONSTRAINT counter_limit_says_why CHECK ((btrim(comment) <> ''::text)),
    CONSTRAINT counter_limit_setting_known CHECK ((setting = ANY (ARRAY['blind_alone_minor'::text, 'price_alone_percent'::text, 'collect_by_code_minor'::text])))
);

ALTER TABLE org.counter_limit ALTER COLUMN number ADD GENERATED ALWAYS AS IDENTITY (
    SEQUENCE NAME org.counter_limit_number_seq
    START WITH 1
    INCREMENT BY 1
    NO MINVALUE
    NO MAXVALUE
    CACHE 1
);

CREATE TABLE org.entity (
    id uuid NOT NULL,
    code text NOT NULL,
    kind text NOT NULL,
    name text NOT NULL,
    unit_id uuid NOT NULL,
    country text NOT NULL,
    currency text NOT NULL,
    tax_number text,
    added_at timestamp with time zone NOT NULL,
    CONSTRAINT entity_code_is_normal CHECK (((code = btrim(code)) AND (code <> ''::text))),
    CONSTRAINT entity_country_is_a_code CHECK ((country ~ '^[A-Z]{2}$'::text)),
    CONSTRAINT entity_currency_is_a_code CHECK ((currency ~ '^[A-Z]{3}$'::text)),
    CONSTRAINT entity_kind_is_known CHECK ((kind = ANY (ARRAY['brand_company'::text, 'dealer_company'::text, 'platform'::text])))
);

CREATE TABLE org.party (
    id uuid NOT NULL,
    code text NOT NULL,
    kind text NOT NULL,
    name text NOT NULL,
    unit_id uuid NOT NULL,
    entity_id uuid,
    person_id uuid,
    added_at timestamp with time zone NOT NULL,
    CONSTRAINT only_people_are_guides_and_streamers CHECK (((person_id IS NULL) OR (kind = ANY (ARRAY['guide'::text, 'streamer'::text])))),
    CONSTRAINT party_code_is_normal CHECK (((code = btrim(code)) AND (code <> ''::text))),
    CONSTRAINT party_kind_is_known CHECK ((kind = ANY (ARRAY['brand'::text, 'dealer'::text, 'store'::text, 'guide'::text, 'streamer'::text, 'platform'::text, 'payment_provider'::text, 'marketing_fund'::text])))
);

CREATE TABLE org.password (
    person_id uuid NOT NULL,
    hash text NOT NULL,
    set_at timestamp with time zone NOT NULL,
    CONSTRAINT password_is_argon2id CHECK ((hash ~~ '$argon2id$%'::text))
);

CREATE TABLE org.person (
    id uuid NOT NULL,
    sign_in_name text NOT NULL,
    name text NOT NULL,
    unit_id uuid NOT NULL,
    is_active boolean NOT NULL,
    added_at timestamp with time zone NOT NULL,
    CONSTRAINT sign_in_name_is_normal CHECK ((sign_in_name ~ '^[^[:space:]A-Z]{3,128}$'::text))
);

CREATE VIEW org.published_entity WITH (security_invoker='true') AS
 SELECT id,
    code,
    kind,
    name,
    unit_id,
    country,
    currency
   FROM org.entity;

CREATE VIEW org.published_party WITH (security_invoker='true') AS
 SELECT id,
    code,
    kind,
    name,
    unit_id,
    entity_id,
    person_id
   FROM org.party;

CREATE TABLE org.role (
    person_id uuid NOT NULL,
    branch_id uuid NOT NULL,
    role text NOT NULL,
    granted_at timestamp with time zone NOT NULL,
    granted_by uuid,
    CONSTRAINT role_is_known CHECK ((role = ANY (ARRAY['hq_operations'::text, 'finance'::text, 'marketing'::text, 'dealer'::text, 'store_manager'::text, 'guide'::text, 'packer'::text, 'streamer'::text, 'customer_service'::text, 'auditor'::text])))
);

CREATE TABLE org.unit (
    id uuid NOT NULL,
    code text NOT NULL,
    kind text NOT NULL,
    name text NOT NULL,
    parent_id uuid,
    path uuid[] NOT NULL,
    country text NOT NULL,
    region_code text,
    longitude double precision,
    latitude double precision,
    time_zone text NOT NULL,
    hours jsonb NOT NULL,
    industry_profile text,
    added_at timestamp with time zone NOT NULL,
    CONSTRAINT coordinates_come_in_pairs CHECK (((longitude IS NULL) = (latitude IS NULL))),
    CONSTRAINT only_a_brand_is_a_root CHECK (((parent_id IS NOT NULL) OR (kind = 'brand'::text))),
    CONSTRAINT path_ends_with_the_unit CHECK (((path[cardinality(path)] = id) IS TRUE)),
    CONSTRAINT path_passes_the_parent CHECK (
CASE
    WHEN (parent_id IS NULL) THEN (cardinality(path) = 1)
    ELSE ((cardinality(path) > 1) AND (path[(cardinality(path) - 1)] = parent_id))
END),
    CONSTRAINT unit_code_is_normal CHECK (((code = btrim(code)) AND (code <> ''::text))),
    CONSTRAINT unit_country_is_a_code CHECK ((country ~ '^[A-Z]{2}$'::text)),
    CONSTRAINT unit_industry_is_known CHECK ((industry_profile = ANY (ARRAY['fast_fashion'::text, 'home_furnishing'::text, 'lighting'::text, 'food_and_wine'::text, 'restaurant'::text, 'mall'::text, 'services'::text]))),
    CONSTRAINT unit_kind_is_known CHECK ((kind = ANY (ARRAY['brand'::text, 'region'::text, 'dealer'::text, 'store'::text, 'warehouse'::text, 'mall'::text]))),
    CONSTRAINT unit_latitude_in_range CHECK (((latitude >= ('-90'::integer)::double precision) AND (latitude <= (90)::double precision))),
    CONSTRAINT unit_longitude_in_range CHECK (((longitude >= ('-180'::integer)::double precision) AND (longitude <= (180)::double precision))),
    CONSTRAINT unit_region_is_six_digits CHECK ((region_code ~ '^[1-9][0-9]{5}$'::text))
);

CREATE VIEW org.published_scope WITH (security_invoker='true') AS
 SELECT role.person_id,
    role.role,
    unit.id AS org_unit_id
   FROM ((org.role
     JOIN org.person ON (((person.id = role.person_id) AND person.is_active)))
     JOIN org.unit ON ((unit.path @> ARRAY[role.branch_id])));

CREATE TABLE org.site (
    id uuid NOT NULL,
    code text NOT NULL,
    name text NOT NULL,
    unit_id uuid NOT NULL,
    entity_id uuid NOT NULL,
    added_at timestamp with time zone NOT NULL,
    CONSTRAINT site_code_is_normal CHECK (((code = btrim(code)) AND (code <> ''::text)))
);

CREATE VIEW org.published_site WITH (security_invoker='true') AS
 SELECT site.id,
    site.code,
    site.name,
    site.unit_id,
    site.entity_id,
    unit.path AS unit_path,
    unit.kind AS unit_kind,
    unit.longitude,
    unit.latitude,
    unit.time_zone
   FROM (org.site
     JOIN org.unit ON ((unit.id = site.unit_id)));

CREATE VIEW org.published_unit WITH (security_invoker='true') AS
 SELECT id,
    code,
    kind,
    name,
    parent_id,
    path,
    country,
    region_code,
    longitude,
    latitude,
    time_zone
   FROM org.unit;

CREATE TABLE org.session (
    token_hash bytea NOT NULL,
    person_id uuid NOT NULL,
    started_at timestamp with time zone NOT NULL,
    expires_at timestamp with time zone NOT NULL,
    CONSTRAINT session_ends_after_its_start CHECK ((expires_at > started_at)),
    CONSTRAINT token_hash_is_sha256 CHECK ((octet_length(token_hash) = 32))
);

CREATE TABLE org.sign_in_failure (
    sign_in_name text NOT NULL,
    failures integer NOT NULL,
    last_at timestamp with time zone NOT NULL,
    locked_until timestamp with time zone,
    CONSTRAINT failures_are_counted CHECK ((failures >= 0))
);

CREATE TABLE payments.exception (
    id uuid NOT NULL,
    kind text NOT NULL,
    subject text NOT NULL,
    order_id uuid,
    currency text,
    expected_minor bigint,
    found_minor bigint,
    content jsonb NOT NULL,
    opened_at timestamp with time zone NOT NULL,
    last_seen_at timestamp with time zone NOT NULL,
    times integer DEFAULT 1 NOT NULL,
    closed_at timestamp with time zone,
    closed_by text,
    note text,
    CONSTRAINT exception_is_closed_by_somebody CHECK ((((closed_at IS NULL) = (closed_by IS NULL)) AND ((closed_at IS NULL) = (note IS NULL))))
);

CREATE TABLE payments.intent (
    id uuid NOT NULL,
    key text NOT NULL,
    content_hash bytea NOT NULL,
    kind text NOT NULL,
    gateway text NOT NULL,
    order_id uuid,
    return_id uuid,
    of_intent_id uuid,
    entity_id uuid NOT NULL,
    currency text NOT NULL,
    amount_minor bigint NOT NULL,
    state text NOT NULL,
    reference text,
    reason text,
    expires_at timestamp with time zone,
    written_at timestamp with time zone NOT NULL,
    tries integer DEFAULT 0 NOT NULL,
    next_try_at timestamp with time zone,
    finished_at timestamp with time zone,
    CONSTRAINT intent_is_for_something CHECK (((order_id IS NOT NULL) OR (return_id IS NOT NULL))),
    CONSTRAINT intent_kind_is_known CHECK ((kind = ANY (ARRAY['authorise'::text, 'capture'::text, 'refund'::text]))),
    CONSTRAINT intent_moves_money CHECK ((amount_minor > 0)),
    CONSTRAINT intent_state_is_known CHECK ((state = ANY (ARRAY['written'::text, 'waiting'::text, 'done'::text, 'failed'::text]))),
    CONSTRAINT money_is_taken_for_an_order CHECK (((kind = 'refund'::text) OR (order_id IS NOT NULL))),
    CONSTRAINT only_closed_intents_are_finished CHECK (((state = ANY (ARRAY['done'::text, 'failed'::text])) = (finished_at IS NOT NULL))),
    CONSTRAINT only_open_intents_are_tried CHECK (((state = ANY (ARRAY['written'::text, 'waiting'::text])) = (next_try_at IS NOT NULL)))
);

CREATE TABLE payments.payment (
    id uuid NOT NULL,
    key text NOT NULL,
    content_hash bytea NOT NULL,
    order_id uuid NOT NULL,
    method text NOT NULL,
    entity_id uuid NOT NULL,
    currency text NOT NULL,
    amount_minor bigint NOT NULL,
    refunded_minor bigint DEFAULT 0 NOT NULL,
    taken_at timestamp with time zone NOT NULL,
    recorded_at timestamp with time zone NOT NULL,
    intent_id uuid,
    carried_from uuid,
    carried_intent_id uuid,
    drawer_entity_id uuid,
    CONSTRAINT payment_currency_is_a_code CHECK ((currency ~ '^[A-Z]{3}$'::text)),
    CONSTRAINT payment_takes_money CHECK ((amount_minor > 0)),
    CONSTRAINT refunded_within_taken CHECK (((refunded_minor >= 0) AND (refunded_minor <= amount_minor)))
)
WITH (fillfactor='80');

CREATE VIEW payments.published_exceptions WITH (security_invoker='true') AS
 SELECT id AS exception_id,
    kind,
    subject,
    order_id,
    currency,
    expected_minor,
    found_minor,
    opened_at,
    closed_at
   FROM payments.exception;

CREATE TABLE payments.refund (
    id uuid NOT NULL,
    key text NOT NULL,
    content_hash bytea NOT NULL,
    order_id uuid,
    return_id uuid,
    method text,
    entity_id uuid NOT NULL,
    currency text NOT NULL,
    amount_minor bigint NOT NULL,
    refunded_at timestamp with time zone NOT NULL,
    recorded_at timestamp with time zone NOT NULL,
    drawer_entity_id uuid,
    CONSTRAINT blind_refund_names_its_method CHECK (((order_id IS NOT NULL) OR (method IS NOT NULL))),
    CONSTRAINT refund_gives_money CHECK ((amount_minor > 0)),
    CONSTRAINT refund_is_for_something CHECK (((order_id IS NOT NULL) OR (return_id IS NOT NULL)))
);

CREATE VIEW payments.published_order_money WITH (security_invoker='true') AS
 SELECT order_id,
    entity_id,
    currency,
    (sum(taken_minor))::bigint AS taken_minor,
    (sum(refunded_minor))::bigint AS refunded_minor
   FROM ( SELECT payment.order_id,
            payment.entity_id,
            payment.currency,
            payment.amount_minor AS taken_minor,
            0 AS refunded_minor
           FROM payments.payment
        UNION ALL
         SELECT refund.order_id,
            refund.entity_id,
            refund.currency,
            0,
            refund.amount_minor
           FROM payments.refund
          WHERE (refund.order_id IS NOT NULL)) money
  GROUP BY order_id, entity_id, currency;

CREATE VIEW payments.published_refunds_under_way WITH (security_invoker='true') AS
 SELECT id AS intent_id,
    order_id,
    return_id,
    entity_id,
    gateway,
    currency,
    amount_minor,
    written_at
   FROM payments.intent
  WHERE ((kind = 'refund'::text) AND (state = ANY (ARRAY['written'::text, 'waiting'::text])));

CREATE TABLE payments.refund_part (
    refund_id uuid NOT NULL,
    payment_id uuid NOT NULL,
    amount_minor bigint NOT NULL,
    CONSTRAINT refund_part_gives_money CHECK ((amount_minor > 0))
);

CREATE TABLE payments.shift (
    id uuid NOT NULL,
    till_id uuid NOT NULL,
    site_id uuid NOT NULL,
    entity_id uuid NOT NULL,
    currency text NOT NULL,
    opened_by uuid NOT NULL,
    opened_at timestamp with time zone NOT NULL,
    float_minor bigint NOT NULL,
    float_pieces jsonb NOT NULL,
    float_note text NOT NULL,
    left_minor bigint,
    taken_over_from uuid,
    closed_by uuid,
    closed_at timestamp with time zone,
    z_number integer,
    expected_minor bigint,
    counted_minor bigint,
    counted_pieces jsonb,
    note text,
    CONSTRAINT shift_count_not_negative CHECK ((counted_minor >= 0)),
    CONSTRAINT shift_currency_is_a_code CHECK ((currency ~ '^[A-Z]{3}$'::text)),
    CONSTRAINT shift_ends_after_it_began CHECK ((closed_at >= opened_at)),
    CONSTRAINT shift_float_not_negative CHECK ((float_minor >= 0)),
    CONSTRAINT shift_is_open_or_closed CHECK ((num_nulls(closed_by, closed_at, z_number, expected_minor, counted_minor, counted_pieces, note) = ANY (ARRAY[0, 7]))),
    CONSTRAINT shift_z_counts_from_one CHECK ((z_number >= 1))
);

CREATE TABLE payments.till_move (
    id uuid NOT NULL,
    till_id uuid NOT NULL,
    shift_id uuid,
    kind text NOT NULL,
    method text NOT NULL,
    currency text NOT NULL,
    amount_minor bigint NOT NULL,
    counted text,
    source_id uuid,
    note text NOT NULL,
    moved_by text NOT NULL,
    moved_at timestamp with time zone NOT NULL,
    recorded_at timestamp with time zone NOT NULL,
    CONSTRAINT till_move_counted_in_a_shift CHECK (((shift_id IS NULL) = (counted IS NULL))),
    CONSTRAINT till_move_counted_known CHECK ((counted = ANY (ARRAY['opening'::text, 'shift'::text, 'later'::text]))),
    CONSTRAINT till_move_moves_something CHECK ((amount_minor <> 0))
);

CREATE TABLE payouts.account (
    id uuid NOT NULL,
    party_id uuid NOT NULL,
    kind text NOT NULL,
    masked text NOT NULL,
    sealed bytea NOT NULL,
    wrapped_key bytea NOT NULL,
    sealed_with bigint NOT NULL,
    added_at timestamp with time zone NOT NULL,
    added_by text NOT NULL,
    closed_at timestamp with time zone,
    CONSTRAINT account_kind_is_known CHECK ((kind = ANY (ARRAY['wechat_merchant'::text, 'wechat_person'::text, 'bank'::text])))
);

CREATE TABLE payouts.contract (
    payer_id uuid NOT NULL,
    receivers_per_request integer NOT NULL,
    requests_per_transaction integer NOT NULL,
    ratio_basis_points integer NOT NULL,
    asked_at timestamp with time zone NOT NULL,
    reclaim_within_days integer DEFAULT 0 NOT NULL,
    reclaims_per_receiver integer DEFAULT 0 NOT NULL,
    CONSTRAINT contract_allows_receivers CHECK ((receivers_per_request >= 1)),
    CONSTRAINT contract_allows_requests CHECK ((requests_per_transaction >= 1)),
    CONSTRAINT contract_ratio_is_a_part CHECK (((ratio_basis_points >= 0) AND (ratio_basis_points <= 10000))),
    CONSTRAINT contract_reclaims_are_counted CHECK ((reclaims_per_receiver >= 0)),
    CONSTRAINT contract_reclaims_within_days CHECK ((reclaim_within_days >= 0))
);

CREATE TABLE payouts.download (
    id bigint NOT NULL,
    request_id uuid NOT NULL,
    by_whom text NOT NULL,
    at timestamp with time zone NOT NULL
);

ALTER TABLE payouts.download ALTER COLUMN id ADD GENERATED ALWAYS AS IDENTITY (
    SEQUENCE NAME payouts.download_id_seq
    START WITH 1
    INCREMENT BY 1
    NO MINVALUE
    NO MAXVALUE
    CACHE 1
);

CREATE TABLE payouts.line (
    id uuid NOT NULL,
    payout_id uuid NOT NULL,
    request_id uuid NOT NULL,
    account_id uuid NOT NULL,
    gross_minor bigint NOT NULL,
    withheld_minor bigint NOT NULL,
    net_minor bigint NOT NULL,
    state text NOT NULL,
    ended_at timestamp with time zone,
    reason text,
    reclaimed_minor bigint DEFAULT 0 NOT NULL,
    CONSTRAINT line_adds_up CHECK ((gross_minor = (withheld_minor + net_minor))),
    CONSTRAINT line_ends_once CHECK (((state = 'in_transit'::text) = (ended_at IS NULL))),
    CONSTRAINT line_pays_something CHECK ((net_minor > 0)),
    CONSTRAINT line_state_is_known CHECK ((state = ANY (ARRAY['in_transit'::text, 'paid'::text, 'returned'::text]))),
    CONSTRAINT line_withholds_nothing_negative CHECK ((withheld_minor >= 0))
);

CREATE TABLE payouts.notice (
    id text NOT NULL,
    heard_at timestamp with time zone NOT NULL
);

CREATE TABLE payouts.payer (
    id uuid NOT NULL,
    entity_id uuid NOT NULL,
    currency text NOT NULL,
    way text NOT NULL,
    number text NOT NULL,
    name text NOT NULL,
    added_at timestamp with time zone NOT NULL,
    added_by text NOT NULL,
    closed_at timestamp with time zone,
    CONSTRAINT payer_currency_is_a_code CHECK ((currency ~ '^[A-Z]{3}$'::text)),
    CONSTRAINT payer_is_called_something CHECK ((name <> ''::text)),
    CONSTRAINT payer_number_is_said CHECK ((number ~ '^[0-9A-Za-z]{4,40}$'::text)),
    CONSTRAINT payer_way_is_known CHECK ((way = ANY (ARRAY['wechat_sharing'::text, 'wechat_transfer'::text, 'bank_file'::text])))
);

CREATE TABLE payouts.payout (
    id uuid NOT NULL,
    number bigint NOT NULL,
    party_id uuid NOT NULL,
    entity_id uuid NOT NULL,
    currency text NOT NULL,
    payer_id uuid NOT NULL,
    account_id uuid NOT NULL,
    gross_minor bigint NOT NULL,
    withheld_minor bigint NOT NULL,
    withheld_basis_points integer NOT NULL,
    terms_version integer NOT NULL,
    needs_second boolean NOT NULL,
    state text NOT NULL,
    made_by text NOT NULL,
    made_at timestamp with time zone NOT NULL,
    approved_by text,
    approved_at timestamp with time zone,
    look_at timestamp with time zone,
    sent_at timestamp with time zone,
    ended_at timestamp with time zone,
    ended_by text,
    reason text,
    CONSTRAINT payout_approved_by_another CHECK (((NOT needs_second) OR (approved_by IS NULL) OR (approved_by <> made_by))),
    CONSTRAINT payout_ends_once CHECK (((state = ANY (ARRAY['paid'::text, 'partly_paid'::text, 'failed'::text, 'withdrawn'::text])) = (ended_at IS NOT NULL))),
    CONSTRAINT payout_is_approved_before_it_is_sent CHECK ((((approved_by IS NULL) = (approved_at IS NULL)) AND ((state = ANY (ARRAY['planned'::text, 'withdrawn'::text])) OR (approved_by IS NOT NULL)))),
    CONSTRAINT payout_looked_at_while_approved CHECK (((state = 'approved'::text) = (look_at IS NOT NULL))),
    CONSTRAINT payout_pays_something CHECK ((gross_minor > 0)),
    CONSTRAINT payout_sent_at_a_moment CHECK (((state = ANY (ARRAY['sent'::text, 'paid'::text, 'partly_paid'::text, 'failed'::text])) = (sent_at IS NOT NULL))),
    CONSTRAINT payout_state_is_known CHECK ((state = ANY (ARRAY['planned'::text, 'approved'::text, 'sent'::text, 'paid'::text, 'partly_paid'::text, 'failed'::text, 'withdrawn'::text]))),
    CONSTRAINT payout_withholds_a_part CHECK (((withheld_minor >= 0) AND (withheld_minor <= (gross_minor - 1))))
);

ALTER TABLE payouts.payout ALTER COLUMN number ADD GENERATED ALWAYS AS IDENTITY (
    SEQUENCE NAME payouts.payout_number_seq
    START WITH 1
    INCREMENT BY 1
    NO MINVALUE
    NO MAXVALUE
    CACHE 1
);

CREATE VIEW payouts.published_line WITH (security_invoker='true') AS
 SELECT line.id AS line_id,
    payout.id AS payout_id,
    payout.party_id,
    payout.entity_id,
    payout.currency,
    line.gross_minor,
    line.withheld_minor,
    line.net_minor,
    line.state
   FROM (payouts.line line
     JOIN payouts.payout payout ON ((payout.id = line.payout_id)));

CREATE TABLE payouts.reclaim (
    id uuid NOT NULL,
    line_id uuid NOT NULL,
    amount_minor bigint NOT NULL,
    needs_second boolean NOT NULL,
    state text NOT NULL,
    made_by text NOT NULL,
    made_at timestamp with time zone NOT NULL,
    approved_by text,
    approved_at timestamp with time zone,
    asked_at timestamp with time zone,
    tries integer DEFAULT 0 NOT NULL,
    next_try_at timestamp with time zone,
    given_up_at timestamp with time zone,
    ended_at timestamp with time zone,
    ended_by text,
    reason text,
    CONSTRAINT reclaim_approved_by_another CHECK (((NOT needs_second) OR (approved_by IS NULL) OR (approved_by <> made_by))),
    CONSTRAINT reclaim_asked_at_a_moment CHECK (((state = ANY (ARRAY['asked'::text, 'came'::text, 'failed'::text])) = (asked_at IS NOT NULL))),
    CONSTRAINT reclaim_asks_for_something CHECK ((amount_minor > 0)),
    CONSTRAINT reclaim_ends_once CHECK (((state = ANY (ARRAY['came'::text, 'failed'::text, 'withdrawn'::text])) = (ended_at IS NOT NULL))),
    CONSTRAINT reclaim_is_approved_before_it_is_asked CHECK ((((approved_by IS NULL) = (approved_at IS NULL)) AND ((state = ANY (ARRAY['planned'::text, 'withdrawn'::text])) OR (approved_by IS NOT NULL)))),
    CONSTRAINT reclaim_state_is_known CHECK ((state = ANY (ARRAY['planned'::text, 'approved'::text, 'asked'::text, 'came'::text, 'failed'::text, 'withdrawn'::text]))),
    CONSTRAINT reclaim_tried_while_asked CHECK (((state = 'asked'::text) = (next_try_at IS NOT NULL)))
);

CREATE VIEW payouts.published_reclaim WITH (security_invoker='true') AS
 SELECT reclaim.id AS reclaim_id,
    payout.party_id,
    payout.entity_id,
    payout.currency,
    reclaim.amount_minor,
    reclaim.state
   FROM ((payouts.reclaim reclaim
     JOIN payouts.line line ON ((line.id = reclaim.line_id)))
     JOIN payouts.payout payout ON ((payout.id = line.payout_id)));

CREATE TABLE payouts.request (
    id uuid NOT NULL,
    payer_id uuid NOT NULL,
    way text NOT NULL,
    transaction_number text,
    state text NOT NULL,
    tries integer DEFAULT 0 NOT NULL,
    next_try_at timestamp with time zone,
    written_at timestamp with time zone NOT NULL,
    sent_at timestamp with time zone,
    given_up_at timestamp with time zone,
    given_up_by text,
    ended_at timestamp with time zone,
    reference text,
    reason text,
    content_hash bytea,
    CONSTRAINT request_ends_once CHECK (((state = 'done'::text) = (ended_at IS NOT NULL))),
    CONSTRAINT request_open_is_tried CHECK (((next_try_at IS NOT NULL) = ((state = 'open'::text) AND (way <> 'bank_file'::text)))),
    CONSTRAINT request_shares_a_transaction CHECK (((way = 'wechat_sharing'::text) = (transaction_number IS NOT NULL))),
    CONSTRAINT request_state_is_known CHECK ((state = ANY (ARRAY['open'::text, 'done'::text]))),
    CONSTRAINT request_way_is_known CHECK ((way = ANY (ARRAY['wechat_sharing'::text, 'wechat_transfer'::text, 'bank_file'::text])))
);

CREATE TABLE payouts.terms (
    currency text NOT NULL,
    version integer NOT NULL,
    least_minor bigint NOT NULL,
    second_person_above_minor bigint NOT NULL,
    withheld_basis_points integer NOT NULL,
    set_at timestamp with time zone NOT NULL,
    set_by text NOT NULL,
    comment text NOT NULL,
    CONSTRAINT terms_currency_is_a_code CHECK ((currency ~ '^[A-Z]{3}$'::text)),
    CONSTRAINT terms_least_is_an_amount CHECK ((least_minor >= 1)),
    CONSTRAINT terms_say_why CHECK ((comment <> ''::text)),
    CONSTRAINT terms_second_person_not_negative CHECK ((second_person_above_minor >= 0)),
    CONSTRAINT terms_version_is_counted CHECK ((version >= 1)),
    CONSTRAINT terms_withhold_a_part CHECK (((withheld_basis_points >= 0) AND (withheld_basis_points <= 9999)))
);

CREATE TABLE payouts.transaction (
    payer_id uuid NOT NULL,
    number text NOT NULL,
    payment_id uuid NOT NULL,
    amount_minor bigint NOT NULL,
    left_minor bigint,
    taken_at timestamp with time zone NOT NULL,
    asked_at timestamp with time zone,
    requests integer DEFAULT 0 NOT NULL,
    shared_minor bigint DEFAULT 0 NOT NULL,
    CONSTRAINT transaction_has_an_amount CHECK ((amount_minor > 0)),
    CONSTRAINT transaction_left_is_a_part CHECK (((left_minor >= 0) AND (left_minor <= amount_minor))),
    CONSTRAINT transaction_number_is_said CHECK ((number <> ''::text)),
    CONSTRAINT transaction_requests_not_negative CHECK ((requests >= 0)),
    CONSTRAINT transaction_shares_no_more_than_it_took CHECK (((shared_minor >= 0) AND (shared_minor <= amount_minor)))
);

CREATE TABLE payouts.unfreezing (
    id uuid NOT NULL,
    payer_id uuid NOT NULL,
    transaction_number text NOT NULL,
    tries integer DEFAULT 0 NOT NULL,
    next_try_at timestamp with time zone,
    written_at timestamp with time zone NOT NULL,
    ended_at timestamp with time zone,
    reason text,
    CONSTRAINT unfreezing_open_is_tried CHECK (((next_try_at IS NULL) = (ended_at IS NOT NULL)))
);

CREATE TABLE pricing.borne (
    part_id uuid NOT NULL,
    "position" integer NOT NULL,
    order_id uuid NOT NULL,
    line_id uuid NOT NULL,
    promotion_id uuid NOT NULL,
    bearer text NOT NULL,
    seller_id uuid NOT NULL,
    owed_by uuid,
    currency text NOT NULL,
    units integer NOT NULL,
    amount_minor bigint NOT NULL,
    at timestamp with time zone NOT NULL,
    CONSTRAINT bearer_is_known CHECK ((bearer = ANY (ARRAY['seller'::text, 'brand'::text, 'dealer'::text, 'platform'::text, 'party'::text]))),
    CONSTRAINT borne_is_something CHECK ((amount_minor > 0)),
    CONSTRAINT borne_of_units CHECK ((units > 0))
);

CREATE TABLE pricing.coupon (
    id uuid NOT NULL,
    batch_id uuid CONSTRAINT coupon_batch_id_not_null1 NOT NULL,
    secret text NOT NULL,
    member_id uuid,
    how text NOT NULL,
    given_by text NOT NULL,
    given_at timestamp with time zone NOT NULL,
    valid_from timestamp with time zone NOT NULL,
    valid_until timestamp with time zone NOT NULL,
    state text DEFAULT 'free'::text NOT NULL,
    order_id uuid,
    taken_at timestamp with time zone,
    off_minor bigint DEFAULT 0 NOT NULL,
    order_minor bigint DEFAULT 0 NOT NULL,
    CONSTRAINT coupon_came_about_somehow CHECK ((how = ANY (ARRAY['code'::text, 'claimed'::text, 'given'::text]))),
    CONSTRAINT coupon_ends_after_its_start CHECK ((valid_until > valid_from)),
    CONSTRAINT coupon_state_is_known CHECK ((state = ANY (ARRAY['free'::text, 'held'::text, 'spent'::text]))),
    CONSTRAINT coupon_takes_no_less_than_nothing CHECK ((off_minor >= 0)),
    CONSTRAINT taken_coupon_has_its_order CHECK (((num_nulls(order_id, taken_at) = ANY (ARRAY[0, 2])) AND ((state = 'free'::text) = (order_id IS NULL))))
);

CREATE TABLE pricing.coupon_batch (
    id uuid NOT NULL,
    code text NOT NULL,
    name text NOT NULL,
    currency text NOT NULL,
    effect jsonb NOT NULL,
    conditions jsonb NOT NULL,
    org_unit_id uuid GENERATED ALWAYS AS (((conditions ->> 'org_unit_id'::text))::uuid) STORED,
    site_id uuid GENERATED ALWAYS AS (((conditions ->> 'site_id'::text))::uuid) STORED,
    least_minor bigint NOT NULL,
    with_promotions boolean NOT NULL,
    with_coupons boolean NOT NULL,
    funders jsonb NOT NULL,
    valid_from timestamp with time zone,
    valid_until timestamp with time zone,
    days integer,
    total integer NOT NULL,
    per_person integer,
    shared_code text,
    by_staff boolean NOT NULL,
    author text NOT NULL,
    comment text NOT NULL,
    saved_at timestamp with time zone NOT NULL,
    published_at timestamp with time zone,
    published_by text,
    stopped_at timestamp with time zone,
    stopped_by text,
    given integer DEFAULT 0 NOT NULL,
    CONSTRAINT batch_code_is_normal CHECK (((code = btrim(code)) AND (code <> ''::text))),
    CONSTRAINT batch_currency_is_a_code CHECK ((currency ~ '^[A-Z]{3}$'::text)),
    CONSTRAINT batch_days_are_counted CHECK ((days > 0)),
    CONSTRAINT batch_ends_after_its_start CHECK ((valid_until > valid_from)),
    CONSTRAINT batch_ends_some_day CHECK (((valid_until IS NOT NULL) OR (days IS NOT NULL))),
    CONSTRAINT batch_gives_no_more_than_its_total CHECK (((given >= 0) AND (given <= total))),
    CONSTRAINT batch_is_borne_by_somebody CHECK ((jsonb_array_length(funders) > 0)),
    CONSTRAINT batch_needs_no_less_than_nothing CHECK ((least_minor >= 0)),
    CONSTRAINT batch_per_person_is_counted CHECK ((per_person > 0)),
    CONSTRAINT batch_says_why CHECK ((comment <> ''::text)),
    CONSTRAINT batch_total_is_counted CHECK ((total > 0)),
    CONSTRAINT batch_was_published_by_somebody CHECK ((num_nulls(published_at, published_by) = ANY (ARRAY[0, 2]))),
    CONSTRAINT batch_was_stopped_by_somebody CHECK ((num_nulls(stopped_at, stopped_by) = ANY (ARRAY[0, 2]))),
    CONSTRAINT draft_gives_nothing CHECK (((published_at IS NOT NULL) OR (given = 0))),
    CONSTRAINT stopped_batch_was_published CHECK (((stopped_at IS NULL) OR (published_at IS NOT NULL)))
);

CREATE TABLE pricing.coupon_entry (
    number bigint NOT NULL,
    coupon_id uuid NOT NULL,
    step text NOT NULL,
    order_id uuid,
    at timestamp with time zone NOT NULL,
    CONSTRAINT coupon_step_is_known CHECK ((step = ANY (ARRAY['given'::text, 'held'::text, 'spent'::text, 'back'::text]))),
    CONSTRAINT entry_names_its_order CHECK (((step = 'given'::text) = (order_id IS NULL)))
);

ALTER TABLE pricing.coupon_entry ALTER COLUMN number ADD GENERATED ALWAYS AS IDENTITY (
    SEQUENCE NAME pricing.coupon_entry_number_seq
    START WITH 1
    INCREMENT BY 1
    NO MINVALUE
    NO MAXVALUE
    CACHE 1
);

CREATE TABLE pricing.coupon_holder (
    batch_id uuid NOT NULL,
    member_id uuid NOT NULL,
    coupons integer NOT NULL,
    most integer,
    CONSTRAINT holder_has_some CHECK ((coupons > 0)),
    CONSTRAINT nobody_gets_more_than_the_limit CHECK ((coupons <= most))
);

CREATE TABLE pricing.coupon_line (
    order_id uuid NOT NULL,
    coupon_id uuid NOT NULL,
    line_id uuid NOT NULL,
    amount_minor bigint NOT NULL,
    CONSTRAINT coupon_took_something_off CHECK ((amount_minor > 0))
);

CREATE TABLE pricing.freight (
    number bigint NOT NULL,
    unit_id uuid NOT NULL,
    template jsonb,
    is_open boolean NOT NULL,
    comment text NOT NULL,
    set_at timestamp with time zone NOT NULL,
    set_by text NOT NULL,
    CONSTRAINT freight_says_why CHECK ((btrim(comment) <> ''::text))
);

ALTER TABLE pricing.freight ALTER COLUMN number ADD GENERATED ALWAYS AS IDENTITY (
    SEQUENCE NAME pricing.freight_number_seq
    START WITH 1
    INCREMENT BY 1
    NO MINVALUE
    NO MAXVALUE
    CACHE 1
);

CREATE TABLE pricing.funding_agreement (
    id uuid NOT NULL,
    party_id uuid NOT NULL,
    currency text NOT NULL,
    most_basis_points integer NOT NULL,
    valid_from timestamp with time zone NOT NULL,
    valid_until timestamp with time zone,
    comment text NOT NULL,
    agreed_by text NOT NULL,
    agreed_at timestamp with time zone NOT NULL,
    CONSTRAINT agreement_currency_is_a_code CHECK ((currency ~ '^[A-Z]{3}$'::text)),
    CONSTRAINT agreement_ends_after_its_start CHECK ((valid_until > valid_from)),
    CONSTRAINT agreement_is_to_a_part CHECK (((most_basis_points >= 1) AND (most_basis_points <= 10000))),
    CONSTRAINT agreement_says_what CHECK ((comment <> ''::text))
);

CREATE TABLE pricing.points_account (
    member_id uuid NOT NULL,
    pending bigint DEFAULT 0 NOT NULL,
    available bigint DEFAULT 0 NOT NULL,
    held bigint DEFAULT 0 NOT NULL,
    liability_minor bigint DEFAULT 0 NOT NULL,
    next_expiry_at timestamp with time zone,
    CONSTRAINT held_points_are_there CHECK ((held >= 0)),
    CONSTRAINT no_less_is_deferred_than_nothing CHECK ((liability_minor >= 0)),
    CONSTRAINT pending_points_are_there CHECK ((pending >= 0))
);

CREATE TABLE pricing.points_entry (
    number bigint NOT NULL,
    key text NOT NULL,
    member_id uuid NOT NULL,
    kind text NOT NULL,
    pending bigint NOT NULL,
    available bigint NOT NULL,
    held bigint NOT NULL,
    liability_minor bigint NOT NULL,
    lot_id uuid,
    order_id uuid,
    at timestamp with time zone NOT NULL,
    by text NOT NULL,
    reason text DEFAULT ''::text NOT NULL,
    CONSTRAINT adjusted_points_say_why CHECK (((kind <> 'adjusted'::text) OR (reason <> ''::text))),
    CONSTRAINT points_kind_is_known CHECK ((kind = ANY (ARRAY['earned'::text, 'matured'::text, 'taken_back'::text, 'held'::text, 'released'::text, 'spent'::text, 'back'::text, 'expired'::text, 'adjusted'::text]))),
    CONSTRAINT points_move_somehow CHECK (((pending <> 0) OR (available <> 0) OR (held <> 0)))
);

ALTER TABLE pricing.points_entry ALTER COLUMN number ADD GENERATED ALWAYS AS IDENTITY (
    SEQUENCE NAME pricing.points_entry_number_seq
    START WITH 1
    INCREMENT BY 1
    NO MINVALUE
    NO MAXVALUE
    CACHE 1
);

CREATE TABLE pricing.points_lot (
    id uuid NOT NULL,
    member_id uuid NOT NULL,
    programme_id uuid NOT NULL,
    order_id uuid,
    line_id uuid,
    units integer DEFAULT 1 NOT NULL,
    whole bigint NOT NULL,
    points bigint NOT NULL,
    is_pending boolean NOT NULL,
    due_at timestamp with time zone NOT NULL,
    expires_at timestamp with time zone NOT NULL,
    of_id uuid,
    CONSTRAINT lot_ends_after_it_is_due CHECK ((expires_at > due_at)),
    CONSTRAINT lot_gave_something CHECK ((whole >= 0)),
    CONSTRAINT lot_keeps_a_part CHECK (((points >= 0) AND (points <= whole))),
    CONSTRAINT lot_of_a_line_of_an_order CHECK ((num_nulls(order_id, line_id) = ANY (ARRAY[0, 2]))),
    CONSTRAINT lot_of_units CHECK ((units > 0))
);

CREATE TABLE pricing.points_programme (
    id uuid NOT NULL,
    version integer NOT NULL,
    terms jsonb NOT NULL,
    author text NOT NULL,
    comment text NOT NULL,
    saved_at timestamp with time zone NOT NULL,
    published_at timestamp with time zone,
    published_by text,
    CONSTRAINT programme_says_why CHECK ((comment <> ''::text)),
    CONSTRAINT programme_version_is_counted CHECK ((version > 0)),
    CONSTRAINT programme_was_published_by_somebody CHECK ((num_nulls(published_at, published_by) = ANY (ARRAY[0, 2])))
);

CREATE TABLE pricing.points_use (
    order_id uuid NOT NULL,
    member_id uuid NOT NULL,
    programme_id uuid NOT NULL,
    line_ids uuid[] NOT NULL,
    line_points bigint[] NOT NULL,
    is_kept boolean NOT NULL,
    held bigint NOT NULL,
    spent bigint NOT NULL,
    changes integer DEFAULT 0 NOT NULL,
    CONSTRAINT use_holds_no_less_than_nothing CHECK ((held >= 0)),
    CONSTRAINT use_is_of_lines CHECK ((cardinality(line_ids) = cardinality(line_points))),
    CONSTRAINT use_spends_no_less_than_nothing CHECK ((spent >= 0))
);

CREATE TABLE pricing.price (
    id uuid NOT NULL,
    price_list_id uuid NOT NULL,
    sku_id uuid NOT NULL,
    unit_minor bigint,
    valid_from timestamp with time zone NOT NULL,
    added_at timestamp with time zone NOT NULL,
    CONSTRAINT price_is_not_negative CHECK ((unit_minor >= 0))
);

CREATE TABLE pricing.price_list (
    id uuid NOT NULL,
    code text NOT NULL,
    name text NOT NULL,
    currency text NOT NULL,
    member_tier text,
    site_id uuid,
    org_unit_id uuid,
    channel text,
    priority integer NOT NULL,
    valid_from timestamp with time zone NOT NULL,
    valid_until timestamp with time zone,
    added_at timestamp with time zone NOT NULL,
    CONSTRAINT price_list_code_is_normal CHECK (((code = btrim(code)) AND (code <> ''::text))),
    CONSTRAINT price_list_currency_is_a_code CHECK ((currency ~ '^[A-Z]{3}$'::text)),
    CONSTRAINT price_list_ends_after_its_start CHECK ((valid_until > valid_from))
);

CREATE TABLE pricing.promotion (
    id uuid NOT NULL,
    code text NOT NULL,
    version integer NOT NULL,
    name text NOT NULL,
    currency text NOT NULL,
    effect jsonb NOT NULL,
    conditions jsonb NOT NULL,
    org_unit_id uuid GENERATED ALWAYS AS (((conditions ->> 'org_unit_id'::text))::uuid) STORED,
    site_id uuid GENERATED ALWAYS AS (((conditions ->> 'site_id'::text))::uuid) STORED,
    stack_group integer NOT NULL,
    is_exclusive boolean NOT NULL,
    most_minor bigint,
    funders jsonb NOT NULL,
    valid_from timestamp with time zone,
    valid_until timestamp with time zone,
    author text NOT NULL,
    comment text NOT NULL,
    saved_at timestamp with time zone NOT NULL,
    tried_at timestamp with time zone,
    published_at timestamp with time zone,
    published_by text,
    CONSTRAINT promotion_code_is_normal CHECK (((code = btrim(code)) AND (code <> ''::text))),
    CONSTRAINT promotion_currency_is_a_code CHECK ((currency ~ '^[A-Z]{3}$'::text)),
    CONSTRAINT promotion_group_is_counted CHECK (((stack_group >= 1) AND (stack_group <= 9))),
    CONSTRAINT promotion_is_borne_by_somebody CHECK ((jsonb_array_length(funders) > 0)),
    CONSTRAINT promotion_says_why CHECK ((comment <> ''::text)),
    CONSTRAINT promotion_takes_something_at_most CHECK ((most_minor > 0)),
    CONSTRAINT promotion_version_is_counted CHECK ((version >= 1)),
    CONSTRAINT published_promotion_has_a_beginning CHECK (((num_nulls(published_at, published_by) = ANY (ARRAY[0, 2])) AND ((published_at IS NULL) OR (valid_from >= published_at)))),
    CONSTRAINT published_promotion_was_tried CHECK (((published_at IS NULL) OR (tried_at IS NOT NULL)))
);

CREATE VIEW pricing.published_price WITH (security_invoker='true') AS
 SELECT period.id,
    period.price_list_id,
    period.sku_id,
    period.unit_minor,
    list.currency,
    GREATEST(period.valid_from, list.valid_from) AS starts_at,
    LEAST(period.superseded_at, list.valid_until) AS ends_at
   FROM (( SELECT price.id,
            price.price_list_id,
            price.sku_id,
            price.unit_minor,
            price.valid_from,
            lead(price.valid_from) OVER (PARTITION BY price.price_list_id, price.sku_id ORDER BY price.valid_from, price.id) AS superseded_at
           FROM pricing.price) period
     JOIN pricing.price_list list ON ((list.id = period.price_list_id)))
  WHERE ((period.unit_minor IS NOT NULL) AND ((LEAST(period.superseded_at, list.valid_until) IS NULL) OR (LEAST(period.superseded_at, list.valid_until) > GREATEST(period.valid_from, list.valid_from))));

CREATE TABLE pricing.tax_rate (
    id uuid NOT NULL,
    tax_class text NOT NULL,
    country text NOT NULL,
    valid_from date NOT NULL,
    rate_basis_points integer NOT NULL,
    added_at timestamp with time zone NOT NULL,
    seller_id uuid,
    region text DEFAULT ''::text NOT NULL,
    CONSTRAINT tax_rate_country_is_a_code CHECK ((country ~ '^[A-Z]{2}$'::text)),
    CONSTRAINT tax_rate_is_a_share CHECK (((rate_basis_points >= 0) AND (rate_basis_points <= 10000))),
    CONSTRAINT tax_rate_region_is_a_code CHECK ((region ~ '^([0-9]{2,6})?$'::text))
);

CREATE TABLE promises.arrival (
    task_id uuid NOT NULL,
    order_id uuid NOT NULL,
    arrived_at timestamp with time zone NOT NULL,
    told_at timestamp with time zone NOT NULL,
    told_by text NOT NULL
);

CREATE TABLE promises.held_back (
    version integer NOT NULL,
    stage text NOT NULL,
    since timestamp with time zone NOT NULL,
    aim_percent smallint NOT NULL,
    observed integer NOT NULL,
    covered integer NOT NULL,
    minutes_mean integer NOT NULL,
    told_covered integer NOT NULL,
    told_minutes_mean integer NOT NULL,
    CONSTRAINT held_back_aims_at_a_share CHECK (((aim_percent >= 1) AND (aim_percent <= 100))),
    CONSTRAINT held_back_covered_is_a_part CHECK (((covered >= 0) AND (covered <= observed))),
    CONSTRAINT held_back_is_observed CHECK ((observed > 0)),
    CONSTRAINT held_back_takes_time CHECK ((minutes_mean > 0)),
    CONSTRAINT held_back_told_covered_is_a_part CHECK (((told_covered >= 0) AND (told_covered <= observed))),
    CONSTRAINT held_back_told_takes_time CHECK ((told_minutes_mean > 0))
);

CREATE TABLE promises.learning (
    version integer NOT NULL,
    learnt_at timestamp with time zone NOT NULL,
    since timestamp with time zone NOT NULL,
    promises integer NOT NULL,
    kept integer NOT NULL,
    CONSTRAINT learning_kept_is_a_part CHECK (((kept >= 0) AND (kept <= promises))),
    CONSTRAINT learning_promises_not_negative CHECK ((promises >= 0)),
    CONSTRAINT learning_version_is_counted CHECK ((version >= 1))
);

CREATE TABLE promises.pace (
    version integer NOT NULL,
    stage text NOT NULL,
    site_id uuid,
    band smallint,
    minutes integer NOT NULL,
    observed integer NOT NULL,
    told integer NOT NULL,
    CONSTRAINT pace_band_not_negative CHECK ((band >= 0)),
    CONSTRAINT pace_is_observed CHECK ((observed > 0)),
    CONSTRAINT pace_takes_time CHECK ((minutes > 0)),
    CONSTRAINT pace_was_told CHECK ((told > 0))
);

CREATE TABLE promises.promise (
    id uuid NOT NULL,
    order_id uuid NOT NULL,
    kind text NOT NULL,
    site_id uuid,
    promised_at timestamp with time zone NOT NULL,
    due_at timestamp with time zone NOT NULL,
    first_due_at timestamp with time zone NOT NULL,
    starts_at timestamp with time zone,
    source_by timestamp with time zone NOT NULL,
    accept_by timestamp with time zone NOT NULL,
    hand_over_by timestamp with time zone NOT NULL,
    ready_minutes integer NOT NULL,
    lane_minutes integer NOT NULL,
    band smallint,
    terms_version integer NOT NULL,
    pace_version integer NOT NULL,
    sourced_at timestamp with time zone,
    accepted_at timestamp with time zone,
    handed_over_at timestamp with time zone,
    arrived_at timestamp with time zone,
    by_site_id uuid,
    risk text,
    risk_at timestamp with time zone,
    look_at timestamp with time zone,
    state text NOT NULL,
    ended_at timestamp with time zone,
    replaces_id uuid,
    CONSTRAINT promise_band_not_negative CHECK ((band >= 0)),
    CONSTRAINT promise_kept_in_time CHECK (((state <> 'kept'::text) OR (COALESCE(arrived_at, handed_over_at) <= due_at))),
    CONSTRAINT promise_lane_not_negative CHECK ((lane_minutes >= 0)),
    CONSTRAINT promise_milestones_in_order CHECK (((promised_at <= source_by) AND (source_by <= accept_by) AND (accept_by <= hand_over_by) AND (hand_over_by <= due_at))),
    CONSTRAINT promise_of_an_appointment_has_its_hour CHECK (((kind = 'appointment'::text) = (starts_at IS NOT NULL))),
    CONSTRAINT promise_ready_takes_time CHECK ((ready_minutes > 0)),
    CONSTRAINT promise_risk_has_its_moment CHECK (((risk IS NULL) = (risk_at IS NULL))),
    CONSTRAINT promise_risk_is_known CHECK ((risk = ANY (ARRAY['source'::text, 'accept'::text, 'hand_over'::text, 'arrive'::text]))),
    CONSTRAINT promise_state_is_known CHECK ((state = ANY (ARRAY['open'::text, 'kept'::text, 'broken'::text, 'replaced'::text, 'void'::text, 'untold'::text]))),
    CONSTRAINT promise_that_ended_is_not_looked_at CHECK ((((state = 'open'::text) = (ended_at IS NULL)) AND ((state = 'open'::text) OR (look_at IS NULL))))
);

CREATE VIEW promises.published_promises WITH (security_invoker='true') AS
 SELECT id AS promise_id,
    order_id,
    kind,
    state,
    source_by,
    accept_by,
    hand_over_by,
    first_due_at,
    sourced_at,
    accepted_at,
    handed_over_at,
        CASE
            WHEN (kind = ANY (ARRAY['deliver'::text, 'courier'::text, 'fitting'::text])) THEN arrived_at
            ELSE handed_over_at
        END AS fact_at,
    (replaces_id IS NULL) AS is_first,
    (NOT (EXISTS ( SELECT
           FROM promises.promise later
          WHERE (later.replaces_id = promise.id)))) AS is_last
   FROM promises.promise;

CREATE TABLE promises.terms (
    version integer NOT NULL,
    set_at timestamp with time zone NOT NULL,
    set_by text NOT NULL,
    comment text NOT NULL,
    terms jsonb NOT NULL,
    CONSTRAINT terms_say_why CHECK ((comment <> ''::text)),
    CONSTRAINT terms_version_is_counted CHECK ((version >= 1))
);

CREATE TABLE remembered.mark (
    topic text NOT NULL,
    made_at timestamp with time zone DEFAULT clock_timestamp() NOT NULL,
    stamp bigint NOT NULL
);

CREATE TABLE returns.announced (
    id uuid NOT NULL,
    channel text NOT NULL,
    external_number text NOT NULL,
    content_hash bytea NOT NULL,
    order_id uuid NOT NULL,
    member_id uuid,
    announced_at timestamp with time zone NOT NULL,
    ended_at timestamp with time zone,
    how_ended text,
    CONSTRAINT announced_end_has_its_moment CHECK (((ended_at IS NULL) = (how_ended IS NULL))),
    CONSTRAINT announced_end_known CHECK ((how_ended = ANY (ARRAY['received'::text, 'withdrawn'::text])))
);

CREATE TABLE returns.announced_line (
    announced_id uuid NOT NULL,
    "position" smallint NOT NULL,
    line_id uuid NOT NULL,
    code text NOT NULL,
    sku_id uuid,
    units bigint NOT NULL,
    reason text NOT NULL,
    CONSTRAINT announced_line_has_units CHECK ((units > 0)),
    CONSTRAINT announced_reason_known CHECK ((reason = ANY (ARRAY['unwanted'::text, 'defect'::text, 'damaged_in_transit'::text, 'wrong_item'::text, 'late'::text, 'size'::text, 'other'::text])))
);

CREATE TABLE returns.announced_way (
    announced_id uuid NOT NULL,
    way text NOT NULL,
    code text NOT NULL,
    site_id uuid,
    cost_minor bigint NOT NULL,
    currency text NOT NULL,
    sent_at timestamp with time zone,
    sent_by text,
    tracking_number text,
    is_awaited boolean DEFAULT true NOT NULL,
    CONSTRAINT announced_way_is_sent_by_somebody CHECK (((sent_at IS NULL) = (sent_by IS NULL))),
    CONSTRAINT announced_way_known CHECK ((way = ANY (ARRAY['store'::text, 'courier'::text, 'parcel'::text]))),
    CONSTRAINT announced_way_tracked_once_sent CHECK (((tracking_number IS NULL) OR (sent_at IS NOT NULL))),
    CONSTRAINT nothing_is_sent_that_is_brought CHECK (((way <> 'store'::text) OR (sent_at IS NULL)))
);

CREATE TABLE returns.exchange (
    id uuid NOT NULL,
    content_hash bytea NOT NULL,
    order_id uuid NOT NULL,
    new_order_id uuid,
    currency text NOT NULL,
    credit_minor bigint DEFAULT 0 NOT NULL,
    asked_at timestamp with time zone NOT NULL,
    asked_by text NOT NULL,
    done_at timestamp with time zone,
    CONSTRAINT credit_comes_with_the_goods CHECK (((credit_minor = 0) OR ((done_at IS NOT NULL) AND (new_order_id IS NOT NULL)))),
    CONSTRAINT credit_not_negative CHECK ((credit_minor >= 0))
);

CREATE TABLE returns.grading (
    id uuid NOT NULL,
    return_line_id uuid NOT NULL,
    units bigint NOT NULL,
    grade text NOT NULL,
    disposition text NOT NULL,
    graded_by text NOT NULL,
    note text NOT NULL,
    at timestamp with time zone NOT NULL,
    CONSTRAINT disposition_known CHECK ((disposition = ANY (ARRAY['restock'::text, 'refurbish'::text, 'outlet'::text, 'supplier'::text, 'scrap'::text]))),
    CONSTRAINT fakes_are_never_sold CHECK (((grade <> 'fake'::text) OR (disposition = 'scrap'::text))),
    CONSTRAINT grade_known CHECK ((grade = ANY (ARRAY['as_new'::text, 'open'::text, 'tail'::text, 'damaged'::text, 'wrong'::text, 'fake'::text]))),
    CONSTRAINT grading_has_units CHECK ((units > 0))
);

CREATE TABLE returns.match (
    return_line_id uuid NOT NULL,
    "position" smallint NOT NULL,
    order_id uuid NOT NULL,
    line_id uuid NOT NULL,
    units bigint NOT NULL,
    how text NOT NULL,
    sold_unit_minor bigint NOT NULL,
    CONSTRAINT match_has_units CHECK ((units > 0)),
    CONSTRAINT match_how_known CHECK ((how = ANY (ARRAY['price'::text, 'code'::text])))
);

CREATE TABLE returns.photo (
    id uuid NOT NULL,
    return_id uuid NOT NULL,
    order_id uuid,
    line_id uuid,
    by_customer boolean NOT NULL,
    taken_by text NOT NULL,
    kept_at timestamp with time zone NOT NULL,
    media_type text NOT NULL,
    width integer NOT NULL,
    height integer NOT NULL,
    sent_hash bytea NOT NULL,
    content bytea,
    forgotten_at timestamp with time zone,
    CONSTRAINT return_photo_has_a_size CHECK (((width > 0) AND (height > 0))),
    CONSTRAINT return_photo_hash_is_sha256 CHECK ((octet_length(sent_hash) = 32)),
    CONSTRAINT return_photo_is_kept_or_forgotten CHECK (((content IS NULL) = (forgotten_at IS NOT NULL)))
);
ALTER TABLE ONLY returns.photo ALTER COLUMN content SET STORAGE EXTERNAL;

CREATE TABLE returns.photo_rule (
    about text NOT NULL,
    value text NOT NULL,
    demand text NOT NULL,
    set_at timestamp with time zone NOT NULL,
    set_by text NOT NULL,
    CONSTRAINT return_photo_demand_known CHECK ((demand = ANY (ARRAY['off'::text, 'asked'::text, 'required'::text]))),
    CONSTRAINT return_photo_rule_is_about_something CHECK ((about = ANY (ARRAY['grade'::text, 'reason'::text])))
);

CREATE TABLE returns.photo_waived (
    return_id uuid NOT NULL,
    line_id uuid NOT NULL,
    reason text NOT NULL,
    waived_by text NOT NULL,
    waived_at timestamp with time zone NOT NULL,
    CONSTRAINT return_photo_waived_reason_known CHECK ((reason = ANY (ARRAY['no_camera'::text, 'customer_waits'::text, 'nothing_to_show'::text])))
);

CREATE VIEW returns.published_gradings WITH (security_invoker='true') AS
 SELECT id AS grading_id,
    return_line_id,
    units,
    grade,
    disposition,
    at
   FROM returns.grading grading;

CREATE TABLE returns.return (
    id uuid NOT NULL,
    channel text NOT NULL,
    external_number text NOT NULL,
    content_hash bytea NOT NULL,
    kind text NOT NULL,
    order_id uuid,
    member_id uuid,
    site_id uuid NOT NULL,
    currency text NOT NULL,
    at timestamp with time zone NOT NULL,
    opened_at timestamp with time zone NOT NULL,
    taken_in_by text,
    CONSTRAINT return_currency_code CHECK ((currency ~ '^[A-Z]{3}$'::text)),
    CONSTRAINT return_kind_known CHECK ((kind = ANY (ARRAY['ask'::text, 'fact'::text])))
);

CREATE TABLE returns.return_line (
    id uuid NOT NULL,
    return_id uuid NOT NULL,
    "position" smallint NOT NULL,
    code text NOT NULL,
    sku_id uuid,
    units bigint NOT NULL,
    stated_unit_minor bigint,
    reason text NOT NULL,
    matched_units bigint NOT NULL,
    received_units bigint DEFAULT 0 NOT NULL,
    graded_units bigint DEFAULT 0 NOT NULL,
    blind_state text NOT NULL,
    blind_refund_unit_minor bigint,
    blind_decided_by text,
    blind_decided_at timestamp with time zone,
    blind_decision_reason text,
    CONSTRAINT blind_refund_not_negative CHECK ((blind_refund_unit_minor >= 0)),
    CONSTRAINT blind_state_fits_units CHECK (
CASE blind_state
    WHEN 'none'::text THEN (matched_units = units)
    WHEN 'waiting'::text THEN ((matched_units < units) AND (num_nonnulls(blind_decided_by, blind_decided_at) = 0))
    WHEN 'accepted'::text THEN ((matched_units < units) AND (num_nonnulls(blind_refund_unit_minor, blind_decided_by, blind_decided_at) = 3))
    WHEN 'refused'::text THEN ((matched_units < units) AND (num_nonnulls(blind_decided_by, blind_decided_at) = 2))
    ELSE false
END),
    CONSTRAINT graded_within_received CHECK (((graded_units >= 0) AND (graded_units <= received_units))),
    CONSTRAINT matched_within_units CHECK (((matched_units >= 0) AND (matched_units <= units))),
    CONSTRAINT received_within_units CHECK (((received_units >= 0) AND (received_units <= units))),
    CONSTRAINT return_line_has_units CHECK ((units > 0)),
    CONSTRAINT return_reason_known CHECK ((reason = ANY (ARRAY['unwanted'::text, 'defect'::text, 'damaged_in_transit'::text, 'wrong_item'::text, 'late'::text, 'size'::text, 'other'::text]))),
    CONSTRAINT stated_price_not_negative CHECK ((stated_unit_minor >= 0))
);

CREATE VIEW returns.published_lines WITH (security_invoker='true') AS
 SELECT return_line.id AS return_line_id,
    return_line.return_id,
    return.channel,
    return.external_number,
    return.kind,
    return.member_id,
    return.site_id,
    return.at,
    return.currency,
    return_line.code,
    return_line.sku_id,
    return_line.units,
    return_line.matched_units,
    (return_line.units - return_line.matched_units) AS blind_units,
    return_line.blind_state,
    return_line.blind_refund_unit_minor,
    return_line.stated_unit_minor,
    return_line.reason,
    return_line.received_units,
    return_line.graded_units
   FROM (returns.return_line return_line
     JOIN returns.return return ON ((return.id = return_line.return_id)));

CREATE VIEW returns.published_matches WITH (security_invoker='true') AS
 SELECT return_line_id,
    "position",
    order_id,
    line_id,
    units,
    how,
    sold_unit_minor
   FROM returns.match match;

CREATE VIEW returns.published_ways WITH (security_invoker='true') AS
 SELECT announced_id AS return_id,
    way,
    cost_minor,
    currency
   FROM returns.announced_way;

CREATE TABLE returns.receipt (
    id uuid NOT NULL,
    return_line_id uuid NOT NULL,
    units bigint NOT NULL,
    site_id uuid NOT NULL,
    at timestamp with time zone NOT NULL,
    CONSTRAINT receipt_has_units CHECK ((units > 0))
);

CREATE TABLE returns.return_window (
    id uuid NOT NULL,
    channel text,
    category text,
    days integer NOT NULL,
    effective_from timestamp with time zone NOT NULL,
    CONSTRAINT window_days_in_range CHECK (((days >= 0) AND (days <= 3660)))
);

CREATE TABLE returns.way_terms (
    number bigint NOT NULL,
    way text NOT NULL,
    is_offered boolean NOT NULL,
    cost_minor bigint NOT NULL,
    currency text NOT NULL,
    set_at timestamp with time zone NOT NULL,
    set_by text NOT NULL,
    CONSTRAINT way_costs_nothing_negative CHECK ((cost_minor >= 0)),
    CONSTRAINT way_currency_code CHECK ((currency ~ '^[A-Z]{3}$'::text)),
    CONSTRAINT way_known CHECK ((way = ANY (ARRAY['store'::text, 'courier'::text, 'parcel'::text])))
);

ALTER TABLE returns.way_terms ALTER COLUMN number ADD GENERATED ALWAYS AS IDENTITY (
    SEQUENCE NAME returns.way_terms_number_seq
    START WITH 1
    INCREMENT BY 1
    NO MINVALUE
    NO MAXVALUE
    CACHE 1
);

CREATE TABLE reviews.alert (
    review_id uuid NOT NULL,
    site_id uuid NOT NULL,
    raised_at timestamp with time zone NOT NULL,
    ended_at timestamp with time zone,
    ended_as text,
    ended_by text,
    CONSTRAINT alert_ends_in_a_known_way CHECK ((ended_as = ANY (ARRAY['answered'::text, 'seen'::text, 'hidden'::text, 'better'::text]))),
    CONSTRAINT ended_alert_says_how CHECK (((ended_at IS NULL) = (ended_as IS NULL)))
);

CREATE TABLE reviews.decision (
    id uuid NOT NULL,
    review_id uuid NOT NULL,
    is_hidden boolean NOT NULL,
    reason text NOT NULL,
    actor text NOT NULL,
    at timestamp with time zone NOT NULL,
    CONSTRAINT decision_has_a_reason CHECK (((char_length(reason) >= 1) AND (char_length(reason) <= 2000)))
);

CREATE TABLE reviews.mood_model (
    version integer NOT NULL,
    learnt_at timestamp with time zone NOT NULL,
    learnt_by text NOT NULL,
    texts integer NOT NULL,
    languages text[] NOT NULL,
    measures jsonb NOT NULL,
    weights bytea NOT NULL,
    digest text NOT NULL,
    published_at timestamp with time zone,
    published_by text,
    comment text,
    withdrawn_at timestamp with time zone,
    CONSTRAINT mood_model_is_small CHECK ((octet_length(weights) <= 20971520)),
    CONSTRAINT mood_model_versions_count_up CHECK ((version >= 1)),
    CONSTRAINT mood_model_was_learnt_from_something CHECK ((texts > 0)),
    CONSTRAINT published_mood_model_has_its_person CHECK ((((published_at IS NULL) = (published_by IS NULL)) AND ((published_at IS NULL) = (comment IS NULL)))),
    CONSTRAINT withdrawn_mood_model_was_published CHECK (((withdrawn_at IS NULL) OR (published_at IS NOT NULL)))
);

CREATE TABLE reviews.picture (
    id uuid NOT NULL,
    review_id uuid NOT NULL,
    "position" smallint NOT NULL,
    added_at timestamp with time zone NOT NULL,
    media_type text NOT NULL,
    width integer NOT NULL,
    height integer NOT NULL,
    sent_hash bytea NOT NULL,
    content bytea,
    small bytea,
    forgotten_at timestamp with time zone,
    CONSTRAINT few_pictures_a_review CHECK ((("position" >= 1) AND ("position" <= 4))),
    CONSTRAINT picture_has_a_size CHECK (((width > 0) AND (height > 0))),
    CONSTRAINT picture_hash_is_sha256 CHECK ((octet_length(sent_hash) = 32)),
    CONSTRAINT picture_is_kept_or_forgotten CHECK ((((content IS NULL) = (forgotten_at IS NOT NULL)) AND ((small IS NULL) = (forgotten_at IS NOT NULL))))
);
ALTER TABLE ONLY reviews.picture ALTER COLUMN content SET STORAGE EXTERNAL;
ALTER TABLE ONLY reviews.picture ALTER COLUMN small SET STORAGE EXTERNAL;

CREATE TABLE reviews.review (
    id uuid NOT NULL,
    about text NOT NULL,
    order_id uuid NOT NULL,
    line_id uuid,
    product_id uuid,
    sku_id uuid,
    site_id uuid,
    site_unit_id uuid,
    member_id uuid,
    receipt_id uuid,
    stars smallint NOT NULL,
    text text NOT NULL,
    language text NOT NULL,
    written_at timestamp with time zone NOT NULL,
    changed_at timestamp with time zone NOT NULL,
    version integer NOT NULL,
    reply text,
    replied_at timestamp with time zone,
    hidden_at timestamp with time zone,
    hidden_reason text,
    returned_at timestamp with time zone,
    CONSTRAINT hidden_has_a_reason CHECK (((hidden_at IS NULL) = (hidden_reason IS NULL))),
    CONSTRAINT reply_has_its_moment CHECK (((reply IS NULL) = (replied_at IS NULL))),
    CONSTRAINT review_has_a_buyer CHECK ((num_nonnulls(member_id, receipt_id) >= 1)),
    CONSTRAINT review_is_about_something_known CHECK ((about = ANY (ARRAY['product'::text, 'store'::text, 'experience'::text]))),
    CONSTRAINT review_language_is_known CHECK ((language = ANY (ARRAY['zh'::text, 'en'::text]))),
    CONSTRAINT review_of_a_product_is_of_a_line CHECK ((((about = 'product'::text) = (line_id IS NOT NULL)) AND ((about = 'product'::text) = (product_id IS NOT NULL)))),
    CONSTRAINT review_of_a_store_names_it CHECK (((about <> 'store'::text) OR (site_id IS NOT NULL))),
    CONSTRAINT review_text_has_some_length CHECK (((char_length(text) >= 1) AND (char_length(text) <= 2000))),
    CONSTRAINT review_versions_count_up CHECK ((version >= 1)),
    CONSTRAINT stars_are_one_to_five CHECK (((stars >= 1) AND (stars <= 5)))
);

CREATE VIEW reviews.published_reviews WITH (security_invoker='true') AS
 SELECT id AS review_id,
    about,
    order_id,
    line_id,
    product_id,
    sku_id,
    site_id,
    member_id,
    (receipt_id IS NOT NULL) AS has_receipt,
    stars,
    language,
    written_at,
    changed_at,
    hidden_at,
    returned_at
   FROM reviews.review;

CREATE TABLE reviews.reading (
    review_id uuid NOT NULL,
    review_version integer NOT NULL,
    mood text NOT NULL,
    good_permille smallint,
    is_bad boolean NOT NULL,
    model_version integer NOT NULL,
    themes_version integer NOT NULL,
    sender_id uuid,
    packer_id uuid,
    words text[] NOT NULL,
    read_at timestamp with time zone NOT NULL,
    CONSTRAINT good_is_a_share CHECK (((good_permille >= 0) AND (good_permille <= 1000))),
    CONSTRAINT mood_by_words_has_its_model CHECK (((good_permille IS NULL) OR (model_version > 0))),
    CONSTRAINT mood_is_known CHECK ((mood = ANY (ARRAY['good'::text, 'mixed'::text, 'bad'::text])))
)
WITH (fillfactor='80');

CREATE TABLE reviews.reply (
    id uuid NOT NULL,
    review_id uuid NOT NULL,
    text text,
    actor text NOT NULL,
    at timestamp with time zone NOT NULL,
    CONSTRAINT reply_text_has_some_length CHECK (((char_length(text) >= 1) AND (char_length(text) <= 2000)))
);

CREATE TABLE reviews.said (
    review_id uuid NOT NULL,
    theme text NOT NULL,
    mood text NOT NULL,
    CONSTRAINT said_mood_is_known CHECK ((mood = ANY (ARRAY['good'::text, 'mixed'::text, 'bad'::text])))
);

CREATE TABLE reviews.tally (
    about text NOT NULL,
    subject_id uuid NOT NULL,
    ones bigint DEFAULT 0 NOT NULL,
    twos bigint DEFAULT 0 NOT NULL,
    threes bigint DEFAULT 0 NOT NULL,
    fours bigint DEFAULT 0 NOT NULL,
    fives bigint DEFAULT 0 NOT NULL,
    CONSTRAINT tally_is_about_something_known CHECK ((about = ANY (ARRAY['product'::text, 'store'::text, 'experience'::text]))),
    CONSTRAINT tally_not_negative CHECK ((LEAST(ones, twos, threes, fours, fives) >= 0))
)
WITH (fillfactor='70');

CREATE TABLE reviews.theme_list (
    version integer NOT NULL,
    themes jsonb NOT NULL,
    written_at timestamp with time zone NOT NULL,
    written_by text NOT NULL,
    comment text NOT NULL,
    CONSTRAINT theme_list_has_a_comment CHECK (((char_length(comment) >= 1) AND (char_length(comment) <= 2000))),
    CONSTRAINT theme_list_versions_count_up CHECK ((version >= 1))
);

CREATE TABLE reviews.version (
    review_id uuid NOT NULL,
    version integer NOT NULL,
    stars smallint NOT NULL,
    text text NOT NULL,
    language text NOT NULL,
    at timestamp with time zone NOT NULL
);

CREATE TABLE search.order_document (
    order_id uuid NOT NULL,
    placed_at timestamp with time zone NOT NULL,
    number text NOT NULL,
    channel text NOT NULL,
    external_number text NOT NULL,
    kind text NOT NULL,
    delivery text NOT NULL,
    stage text NOT NULL,
    site_id uuid,
    seller_entity_id uuid NOT NULL,
    member_id uuid,
    currency text NOT NULL,
    amount_minor bigint NOT NULL,
    taken_minor bigint NOT NULL,
    refunded_minor bigint NOT NULL,
    units bigint NOT NULL,
    lines integer NOT NULL,
    names text[] NOT NULL
)
WITH (fillfactor='80');

CREATE TABLE search.order_site (
    site_id uuid NOT NULL,
    placed_at timestamp with time zone NOT NULL,
    order_id uuid NOT NULL,
    sells boolean NOT NULL,
    sends boolean NOT NULL,
    CONSTRAINT order_site_does_something CHECK ((sells OR sends))
);

CREATE TABLE search.order_words (
    order_id uuid NOT NULL,
    words tsvector NOT NULL
);

CREATE TABLE search.product_document (
    product_id uuid NOT NULL,
    code text NOT NULL,
    name text NOT NULL,
    category text,
    season text,
    is_active boolean NOT NULL,
    skus integer NOT NULL,
    codes text[] NOT NULL,
    words tsvector NOT NULL
);

CREATE TABLE sharing.claw_back (
    reference uuid NOT NULL,
    line_id uuid NOT NULL,
    part_id uuid NOT NULL,
    units_before bigint NOT NULL,
    units bigint NOT NULL,
    from_due boolean NOT NULL,
    amounts_minor bigint[] NOT NULL,
    at timestamp with time zone NOT NULL,
    CONSTRAINT claw_back_takes_units CHECK (((units > 0) AND (units_before >= 0)))
);

CREATE TABLE sharing.evaluation (
    id uuid NOT NULL,
    ladder_id uuid NOT NULL,
    party_id uuid NOT NULL,
    entity_id uuid NOT NULL,
    funder_id uuid NOT NULL,
    currency text NOT NULL,
    month date NOT NULL,
    number integer NOT NULL,
    volume_minor bigint NOT NULL,
    bonus_minor bigint NOT NULL,
    change_minor bigint NOT NULL,
    at timestamp with time zone NOT NULL,
    CONSTRAINT evaluation_changes_something CHECK ((change_minor <> 0)),
    CONSTRAINT funder_is_somebody_else CHECK ((funder_id <> party_id))
);

CREATE TABLE sharing.ladder (
    id uuid NOT NULL,
    code text NOT NULL,
    role text NOT NULL,
    currency text NOT NULL,
    way text NOT NULL,
    steps jsonb NOT NULL,
    from_month date NOT NULL,
    author_id uuid NOT NULL,
    comment text NOT NULL,
    channels text[] NOT NULL,
    categories text[] NOT NULL,
    published_at timestamp with time zone NOT NULL,
    published_by uuid,
    trial jsonb,
    untried_because text,
    CONSTRAINT ladder_begins_with_a_month CHECK ((EXTRACT(day FROM from_month) = (1)::numeric)),
    CONSTRAINT ladder_currency_code CHECK ((currency ~ '^[A-Z]{3}$'::text)),
    CONSTRAINT ladder_tried_or_says_why CHECK (((num_nonnulls(trial, untried_because) = 1) AND ((untried_because IS NULL) OR (untried_because ~ '[^[:space:]]'::text)))),
    CONSTRAINT ladder_way_is_known CHECK ((way = ANY (ARRAY['whole'::text, 'above'::text])))
);

CREATE TABLE sharing.ladder_draft (
    code text NOT NULL,
    id uuid NOT NULL,
    role text NOT NULL,
    currency text NOT NULL,
    way text NOT NULL,
    steps jsonb NOT NULL,
    from_month date NOT NULL,
    author_id uuid NOT NULL,
    comment text NOT NULL,
    channels text[] NOT NULL,
    categories text[] NOT NULL,
    saved_at timestamp with time zone NOT NULL,
    trial jsonb,
    CONSTRAINT ladder_draft_begins_with_a_month CHECK ((EXTRACT(day FROM from_month) = (1)::numeric)),
    CONSTRAINT ladder_draft_currency_code CHECK ((currency ~ '^[A-Z]{3}$'::text)),
    CONSTRAINT ladder_draft_way_is_known CHECK ((way = ANY (ARRAY['whole'::text, 'above'::text])))
);

CREATE TABLE sharing.line_kind (
    id uuid NOT NULL,
    channel text NOT NULL,
    category text NOT NULL,
    delivery text NOT NULL,
    region text NOT NULL,
    campaign text NOT NULL,
    owner text NOT NULL,
    bound text[] NOT NULL,
    roles text[] NOT NULL,
    party_ids uuid[] NOT NULL,
    own text[] DEFAULT '{}'::text[] NOT NULL,
    CONSTRAINT line_kind_has_a_party_for_each_role CHECK ((cardinality(roles) = cardinality(party_ids)))
);

CREATE TABLE sharing.own_member (
    party_id uuid NOT NULL,
    member_id uuid NOT NULL,
    noted_by uuid NOT NULL,
    noted_at timestamp with time zone NOT NULL
);

CREATE TABLE sharing.pending_part (
    due_at timestamp with time zone NOT NULL,
    line_id uuid NOT NULL,
    part_id uuid NOT NULL
);

CREATE TABLE sharing.split (
    line_id uuid NOT NULL,
    part_id uuid NOT NULL,
    order_id uuid NOT NULL,
    rule_set_id uuid NOT NULL,
    entity_id uuid NOT NULL,
    currency text NOT NULL,
    units bigint NOT NULL,
    base_minor bigint NOT NULL,
    due_at timestamp with time zone NOT NULL,
    party_ids uuid[] NOT NULL,
    rule_rows smallint[] NOT NULL,
    amounts_minor bigint[] NOT NULL,
    kind_id uuid,
    placed_at timestamp with time zone,
    sold_at timestamp with time zone,
    facts bigint[],
    waited_since timestamp with time zone,
    waited_rounds smallint,
    waited_version integer,
    CONSTRAINT amount_for_each_party CHECK (((cardinality(party_ids) = cardinality(amounts_minor)) AND (cardinality(rule_rows) = cardinality(amounts_minor)))),
    CONSTRAINT facts_are_whole CHECK ((num_nulls(kind_id, placed_at, sold_at, facts) = ANY (ARRAY[0, 4]))),
    CONSTRAINT split_base_not_negative CHECK ((base_minor >= 0)),
    CONSTRAINT split_has_units CHECK ((units > 0))
);

CREATE VIEW sharing.published_goods_costs WITH (security_invoker='true') AS
 SELECT line_id,
    part_id,
    currency,
    units,
        CASE
            WHEN (facts[3] >= 0) THEN facts[3]
            ELSE NULL::bigint
        END AS cost_minor
   FROM sharing.split;

CREATE TABLE sharing.rule_row (
    rule_set_id uuid NOT NULL,
    "position" smallint NOT NULL,
    role text NOT NULL,
    level smallint NOT NULL,
    channels text[] NOT NULL,
    categories text[] NOT NULL,
    deliveries text[] NOT NULL,
    bound boolean,
    basis_points integer,
    amount_minor bigint,
    remainder boolean NOT NULL,
    regions text[] DEFAULT '{}'::text[] NOT NULL,
    campaigns text[] DEFAULT '{}'::text[] NOT NULL,
    owners text[] DEFAULT '{}'::text[] NOT NULL,
    sold_from timestamp with time zone,
    sold_until timestamp with time zone,
    base text DEFAULT 'net'::text NOT NULL,
    floor_minor bigint,
    cap_minor bigint,
    per text DEFAULT 'unit'::text NOT NULL,
    CONSTRAINT rule_row_amount_not_negative CHECK ((amount_minor >= 0)),
    CONSTRAINT rule_row_base_is_of_a_percentage CHECK (((base = 'net'::text) OR (basis_points IS NOT NULL))),
    CONSTRAINT rule_row_base_known CHECK ((base = ANY (ARRAY['list'::text, 'paid'::text, 'net'::text, 'margin'::text, 'funded'::text]))),
    CONSTRAINT rule_row_basis_points_in_range CHECK (((basis_points >= 0) AND (basis_points <= 10000))),
    CONSTRAINT rule_row_bounds_are_of_a_percentage CHECK (((basis_points IS NOT NULL) OR (num_nonnulls(floor_minor, cap_minor) = 0))),
    CONSTRAINT rule_row_bounds_in_order CHECK (((floor_minor >= 0) AND (cap_minor >= COALESCE(floor_minor, (0)::bigint)))),
    CONSTRAINT rule_row_level_positive CHECK ((level >= 1)),
    CONSTRAINT rule_row_per_is_of_an_amount CHECK (((per = 'unit'::text) OR (amount_minor IS NOT NULL))),
    CONSTRAINT rule_row_per_known CHECK ((per = ANY (ARRAY['unit'::text, 'parcel'::text, 'order'::text]))),
    CONSTRAINT rule_row_position_counts_from_one CHECK (("position" >= 1)),
    CONSTRAINT rule_row_role_known CHECK ((role = ANY (ARRAY['brand'::text, 'dealer'::text, 'store'::text, 'guide'::text, 'shipping_site'::text, 'streamer'::text, 'platform'::text, 'introducer'::text, 'territory'::text, 'goods_owner'::text, 'payment_fee'::text, 'marketing_fund'::text]))),
    CONSTRAINT rule_row_takes_one_thing CHECK (((num_nonnulls(basis_points, amount_minor) + (remainder)::integer) = 1)),
    CONSTRAINT rule_row_time_in_order CHECK ((sold_from < sold_until))
);

CREATE VIEW sharing.share WITH (security_invoker='true') AS
 SELECT split.order_id,
    split.line_id,
    split.part_id,
    split.rule_set_id,
    share.rule_row,
        CASE
            WHEN (share.rule_row = 0) THEN 'shipping_site'::text
            ELSE rule_row.role
        END AS role,
    share.party_id,
    split.entity_id,
    split.currency,
    share.amount_minor,
    (COALESCE(taken.cancelled_minor, (0)::numeric))::bigint AS cancelled_minor,
    (COALESCE(taken.clawed_back_minor, (0)::numeric))::bigint AS clawed_back_minor,
    split.due_at,
        CASE
            WHEN (pending_part.line_id IS NULL) THEN 'due'::text
            ELSE 'pending'::text
        END AS state,
        CASE
            WHEN (share.rule_row = 0) THEN split.waited_since
            ELSE NULL::timestamp with time zone
        END AS waited_since,
        CASE
            WHEN (share.rule_row = 0) THEN split.waited_rounds
            ELSE NULL::smallint
        END AS waited_rounds,
        CASE
            WHEN (share.rule_row = 0) THEN split.waited_version
            ELSE NULL::integer
        END AS waited_version
   FROM ((((sharing.split split
     CROSS JOIN LATERAL UNNEST(split.party_ids, split.rule_rows, split.amounts_minor) WITH ORDINALITY share(party_id, rule_row, amount_minor, "position"))
     LEFT JOIN sharing.rule_row rule_row ON (((rule_row.rule_set_id = split.rule_set_id) AND (rule_row."position" = share.rule_row))))
     LEFT JOIN sharing.pending_part pending_part ON (((pending_part.due_at = split.due_at) AND (pending_part.line_id = split.line_id) AND (pending_part.part_id = split.part_id))))
     LEFT JOIN LATERAL ( SELECT sum(claw_back.amounts_minor[share."position"]) FILTER (WHERE (NOT claw_back.from_due)) AS cancelled_minor,
            sum(claw_back.amounts_minor[share."position"]) FILTER (WHERE claw_back.from_due) AS clawed_back_minor
           FROM sharing.claw_back claw_back
          WHERE ((claw_back.line_id = split.line_id) AND (claw_back.part_id = split.part_id))) taken ON (true));

CREATE VIEW sharing.published_shares WITH (security_invoker='true') AS
 SELECT order_id,
    line_id,
    part_id,
    rule_set_id,
    rule_row,
    role,
    party_id,
    entity_id,
    currency,
    amount_minor,
    cancelled_minor,
    clawed_back_minor,
    due_at,
    state
   FROM sharing.share share;

CREATE VIEW sharing.published_unearned WITH (security_invoker='true') AS
 SELECT claw_back.line_id,
    claw_back.part_id,
    split.currency,
    claw_back.units,
    (COALESCE(( SELECT sum(taken.amount_minor) AS sum
           FROM (UNNEST(split.rule_rows, claw_back.amounts_minor) taken(rule_row, amount_minor)
             LEFT JOIN sharing.rule_row ON (((rule_row.rule_set_id = split.rule_set_id) AND (rule_row."position" = taken.rule_row))))
          WHERE (rule_row.role IS DISTINCT FROM 'brand'::text)), (0)::numeric))::bigint AS minor
   FROM (sharing.claw_back
     JOIN sharing.split ON (((split.line_id = claw_back.line_id) AND (split.part_id = claw_back.part_id))));

CREATE TABLE sharing.release (
    id uuid NOT NULL,
    at timestamp with time zone NOT NULL,
    parts bigint NOT NULL
);

CREATE TABLE sharing.released_amount (
    release_id uuid NOT NULL,
    entity_id uuid NOT NULL,
    party_id uuid NOT NULL,
    currency text NOT NULL,
    due_on date NOT NULL,
    amount_minor bigint NOT NULL
);

CREATE TABLE sharing.returned_part (
    line_id uuid NOT NULL,
    part_id uuid NOT NULL,
    units_returned bigint DEFAULT 0 NOT NULL,
    CONSTRAINT returned_not_negative CHECK ((units_returned >= 0))
);

CREATE TABLE sharing.rule_set (
    id uuid NOT NULL,
    version integer NOT NULL,
    state text NOT NULL,
    currency text NOT NULL,
    author_id uuid NOT NULL,
    comment text NOT NULL,
    drafted_at timestamp with time zone NOT NULL,
    published_by uuid,
    published_at timestamp with time zone,
    effective_from timestamp with time zone,
    method smallint DEFAULT 1 NOT NULL,
    trial_id uuid,
    untried_because text,
    accepted_limits jsonb,
    own_earns boolean NOT NULL,
    CONSTRAINT publication_is_complete CHECK ((num_nonnulls(published_by, published_at, effective_from) =
CASE state
    WHEN 'published'::text THEN 3
    ELSE 0
END)),
    CONSTRAINT rule_set_currency_code CHECK ((currency ~ '^[A-Z]{3}$'::text)),
    CONSTRAINT rule_set_method_counts CHECK ((method >= 1)),
    CONSTRAINT rule_set_state_known CHECK ((state = ANY (ARRAY['draft'::text, 'published'::text]))),
    CONSTRAINT untried_says_why CHECK ((untried_because ~ '[^[:space:]]'::text))
);

ALTER TABLE sharing.rule_set ALTER COLUMN version ADD GENERATED ALWAYS AS IDENTITY (
    SEQUENCE NAME sharing.rule_set_version_seq
    START WITH 1
    INCREMENT BY 1
    NO MINVALUE
    NO MAXVALUE
    CACHE 1
);

CREATE TABLE sharing.trial (
    id uuid NOT NULL,
    rule_set_id uuid NOT NULL,
    asked_by uuid NOT NULL,
    asked_at timestamp with time zone NOT NULL,
    sold_from timestamp with time zone NOT NULL,
    sold_until timestamp with time zone NOT NULL,
    done_parts bigint DEFAULT 0 NOT NULL,
    all_parts bigint,
    ended_at timestamp with time zone,
    result jsonb,
    failure text,
    CONSTRAINT trial_ends_in_one_way CHECK ((((ended_at IS NULL) AND (num_nonnulls(result, failure) = 0)) OR ((ended_at IS NOT NULL) AND (num_nonnulls(result, failure) = 1)))),
    CONSTRAINT trial_time_in_order CHECK ((sold_from < sold_until))
);

CREATE TABLE simulator.replay (
    name text NOT NULL,
    seed bigint NOT NULL,
    source_hash bytea NOT NULL,
    invoices bigint NOT NULL,
    under_way bigint NOT NULL,
    steps integer NOT NULL,
    returned bigint NOT NULL,
    counts jsonb NOT NULL,
    finished_at_invoices bigint,
    CONSTRAINT batch_is_counted CHECK ((under_way >= 0)),
    CONSTRAINT finished_where_it_is CHECK ((finished_at_invoices <= invoices)),
    CONSTRAINT invoices_are_counted CHECK ((invoices >= 0)),
    CONSTRAINT returned_are_placed CHECK (((returned >= 0) AND (returned <= (invoices + under_way)))),
    CONSTRAINT source_hash_is_sha256 CHECK ((octet_length(source_hash) = 32)),
    CONSTRAINT steps_are_counted CHECK ((steps >= 0))
);

CREATE TABLE simulator.world (
    name text NOT NULL,
    seed bigint NOT NULL,
    is_real_time boolean NOT NULL,
    reached timestamp with time zone NOT NULL,
    told jsonb NOT NULL,
    told_at timestamp with time zone NOT NULL
);

CREATE TABLE slots.booking (
    order_id uuid NOT NULL,
    way text NOT NULL,
    site_id uuid NOT NULL,
    starts_at timestamp with time zone NOT NULL,
    ends_at timestamp with time zone NOT NULL,
    state text NOT NULL,
    moves smallint NOT NULL,
    carrier text,
    made_at timestamp with time zone NOT NULL,
    CONSTRAINT booking_state_known CHECK ((state = ANY (ARRAY['held'::text, 'released'::text])))
);

CREATE TABLE slots.code_failure (
    order_id uuid NOT NULL,
    failures integer NOT NULL,
    last_at timestamp with time zone NOT NULL,
    locked_until timestamp with time zone,
    CONSTRAINT code_failures_are_counted CHECK ((failures >= 0))
);

CREATE TABLE slots.setting (
    number bigint NOT NULL,
    unit_id uuid NOT NULL,
    way text NOT NULL,
    terms jsonb,
    comment text NOT NULL,
    set_at timestamp with time zone NOT NULL,
    set_by text NOT NULL,
    CONSTRAINT setting_says_why CHECK ((btrim(comment) <> ''::text))
);

ALTER TABLE slots.setting ALTER COLUMN number ADD GENERATED ALWAYS AS IDENTITY (
    SEQUENCE NAME slots.setting_number_seq
    START WITH 1
    INCREMENT BY 1
    NO MINVALUE
    NO MAXVALUE
    CACHE 1
);

CREATE TABLE slots.slot (
    site_id uuid NOT NULL,
    way text NOT NULL,
    starts_at timestamp with time zone NOT NULL,
    ends_at timestamp with time zone NOT NULL,
    taken integer NOT NULL,
    CONSTRAINT slot_ends_after_it_begins CHECK ((starts_at < ends_at)),
    CONSTRAINT slot_taken_not_negative CHECK ((taken >= 0))
);

CREATE TABLE slots.visit (
    order_id uuid NOT NULL,
    number smallint NOT NULL,
    site_id uuid NOT NULL,
    by text NOT NULL,
    taken_at timestamp with time zone NOT NULL,
    set_out_at timestamp with time zone,
    ended_at timestamp with time zone,
    outcome text,
    reason text,
    proof text,
    signed_by text,
    CONSTRAINT visit_done_is_proven CHECK (((NOT (outcome IS DISTINCT FROM 'done'::text)) = (proof IS NOT NULL))),
    CONSTRAINT visit_ends_after_it_set_out CHECK (((outcome IS NULL) OR (outcome = 'called_off'::text) OR (set_out_at IS NOT NULL))),
    CONSTRAINT visit_ends_with_an_outcome CHECK (((ended_at IS NULL) = (outcome IS NULL))),
    CONSTRAINT visit_not_done_says_why CHECK (((NOT (outcome IS DISTINCT FROM 'not_done'::text)) = (reason IS NOT NULL))),
    CONSTRAINT visit_outcome_is_known CHECK ((outcome = ANY (ARRAY['done'::text, 'not_done'::text, 'called_off'::text]))),
    CONSTRAINT visit_proof_is_known CHECK ((proof = ANY (ARRAY['code'::text, 'signature'::text]))),
    CONSTRAINT visit_reason_is_known CHECK ((reason = ANY (ARRAY['nobody_home'::text, 'not_ready'::text, 'does_not_fit'::text, 'not_wanted'::text, 'damaged'::text])))
);

CREATE TABLE sourcing.day_price (
    version integer NOT NULL,
    site_id uuid NOT NULL,
    sku_id uuid,
    category text,
    price_minor bigint NOT NULL,
    CONSTRAINT day_price_is_of_one_thing CHECK (((sku_id IS NULL) OR (category IS NULL))),
    CONSTRAINT day_price_is_positive CHECK ((price_minor > 0))
);

CREATE TABLE sourcing.day_price_sku (
    version integer NOT NULL,
    sku_id uuid NOT NULL,
    asked_units bigint NOT NULL
);

CREATE TABLE sourcing.day_prices (
    version integer NOT NULL,
    day date NOT NULL,
    currency text NOT NULL,
    learnt_at timestamp with time zone NOT NULL,
    learnt_by text NOT NULL,
    solver text NOT NULL,
    profile_version integer,
    first_order_id uuid NOT NULL,
    last_order_id uuid NOT NULL,
    orders integer NOT NULL,
    sites integer NOT NULL,
    unfilled_units integer NOT NULL,
    cost_minor bigint NOT NULL,
    bound_minor bigint NOT NULL,
    CONSTRAINT day_prices_version_positive CHECK ((version > 0)),
    CONSTRAINT priced_day_had_orders CHECK ((orders > 0))
);

CREATE TABLE sourcing.decision (
    order_id uuid NOT NULL,
    wave_id uuid NOT NULL,
    method text NOT NULL,
    cost_minor bigint NOT NULL,
    verdicts text NOT NULL,
    prices_minor bigint[] NOT NULL,
    parcels jsonb NOT NULL,
    unfilled jsonb,
    overrides jsonb,
    parcel_classes text[],
    late_minor bigint[],
    CONSTRAINT decision_method_known CHECK ((method = ANY (ARRAY['exact'::text, 'greedy'::text, 'optimised'::text]))),
    CONSTRAINT every_verdict_has_its_price CHECK ((length(verdicts) = cardinality(prices_minor)))
);

CREATE TABLE sourcing.override (
    unit_id uuid NOT NULL,
    setting text NOT NULL,
    value bigint NOT NULL,
    set_at timestamp with time zone NOT NULL,
    set_by text NOT NULL,
    comment text,
    CONSTRAINT override_comment_says_something CHECK ((btrim(comment) <> ''::text))
);

CREATE TABLE sourcing.override_change (
    number bigint NOT NULL,
    unit_id uuid NOT NULL,
    setting text NOT NULL,
    value bigint,
    set_at timestamp with time zone NOT NULL,
    set_by text NOT NULL,
    comment text,
    CONSTRAINT override_change_comment_says_something CHECK ((btrim(comment) <> ''::text))
);

ALTER TABLE sourcing.override_change ALTER COLUMN number ADD GENERATED ALWAYS AS IDENTITY (
    SEQUENCE NAME sourcing.override_change_number_seq
    START WITH 1
    INCREMENT BY 1
    NO MINVALUE
    NO MAXVALUE
    CACHE 1
);

CREATE TABLE sourcing.profile (
    version integer NOT NULL,
    based_on integer,
    state text NOT NULL,
    settings jsonb NOT NULL,
    comment text,
    written_at timestamp with time zone NOT NULL,
    written_by text NOT NULL,
    published_at timestamp with time zone,
    published_by text,
    CONSTRAINT profile_comment_says_something CHECK ((btrim(comment) <> ''::text)),
    CONSTRAINT profile_state_known CHECK ((state = ANY (ARRAY['draft'::text, 'published'::text, 'dropped'::text]))),
    CONSTRAINT profile_version_positive CHECK ((version > 0)),
    CONSTRAINT published_profile_says_when_and_why CHECK (((state = 'published'::text) = ((published_at IS NOT NULL) AND (published_by IS NOT NULL) AND (comment IS NOT NULL))))
);

CREATE TABLE sourcing.wave (
    id uuid NOT NULL,
    decided_at timestamp with time zone NOT NULL,
    solver text NOT NULL,
    currency text NOT NULL,
    site_ids uuid[] NOT NULL,
    profile_version integer,
    orders integer,
    parcels integer,
    unfilled_units integer,
    cost_minor bigint,
    bound_minor bigint,
    seconds double precision,
    terms jsonb,
    day_prices_version integer
);

CREATE VIEW sourcing.published_decisions WITH (security_invoker='true') AS
 SELECT decision.order_id,
    decision.wave_id,
    wave.decided_at,
    wave.solver,
    wave.currency,
    decision.method,
    decision.cost_minor,
    jsonb_array_length(decision.parcels) AS parcels,
    (decision.unfilled IS NOT NULL) AS is_short
   FROM (sourcing.decision
     JOIN sourcing.wave ON ((wave.id = decision.wave_id)));

CREATE TABLE sourcing.site_cost (
    site_id uuid NOT NULL,
    currency text NOT NULL,
    handling_minor bigint NOT NULL,
    hundred_kilometres_minor bigint NOT NULL,
    kilogram_minor bigint NOT NULL,
    set_at timestamp with time zone NOT NULL,
    CONSTRAINT site_cost_not_negative CHECK (((handling_minor >= 0) AND (hundred_kilometres_minor >= 0) AND (kilogram_minor >= 0)))
);

CREATE VIEW sourcing.published_handling WITH (security_invoker='true') AS
 SELECT site_id,
    currency,
    handling_minor
   FROM sourcing.site_cost;

CREATE VIEW sourcing.published_parcels WITH (security_invoker='true') AS
 SELECT decision.order_id,
    decision.wave_id,
    wave.currency,
    wave.site_ids[(((parcel.value ->> 0))::integer + 1)] AS site_id,
    ((parcel.value ->> 1))::bigint AS units,
    ((parcel.value ->> 2))::bigint AS handling_minor,
    (((parcel.value ->> 3))::bigint + ((parcel.value ->> 4))::bigint) AS freight_minor
   FROM ((sourcing.decision
     JOIN sourcing.wave ON ((wave.id = decision.wave_id)))
     CROSS JOIN LATERAL jsonb_array_elements(decision.parcels) parcel(value));

CREATE TABLE sourcing.site_equipment (
    number bigint NOT NULL,
    site_id uuid NOT NULL,
    temperature_class text NOT NULL,
    since timestamp with time zone NOT NULL,
    declared_by text NOT NULL,
    until timestamp with time zone,
    withdrawn_by text,
    CONSTRAINT ended_equipment_says_by_whom CHECK (((until IS NULL) = (withdrawn_by IS NULL))),
    CONSTRAINT equipment_ends_after_it_begins CHECK ((until >= since)),
    CONSTRAINT equipment_is_for_a_cold_class CHECK ((temperature_class = ANY (ARRAY['cool'::text, 'frozen'::text])))
);

ALTER TABLE sourcing.site_equipment ALTER COLUMN number ADD GENERATED ALWAYS AS IDENTITY (
    SEQUENCE NAME sourcing.site_equipment_number_seq
    START WITH 1
    INCREMENT BY 1
    NO MINVALUE
    NO MAXVALUE
    CACHE 1
);

CREATE TABLE sourcing.trial (
    id uuid NOT NULL,
    version integer NOT NULL,
    against integer,
    from_day date NOT NULL,
    until_day date NOT NULL,
    asked_at timestamp with time zone NOT NULL,
    asked_by text NOT NULL,
    done_days integer DEFAULT 0 NOT NULL,
    report jsonb,
    failure text,
    ended_at timestamp with time zone,
    CONSTRAINT ended_trial_says_how CHECK (((ended_at IS NULL) = ((report IS NULL) AND (failure IS NULL)))),
    CONSTRAINT trial_days_in_order CHECK ((from_day <= until_day))
);

CREATE TABLE sourcing.wave_price (
    wave_id uuid NOT NULL,
    site_id uuid NOT NULL,
    sku_id uuid,
    price_minor bigint NOT NULL,
    CONSTRAINT price_is_positive CHECK ((price_minor > 0))
);

CREATE TABLE statements.dispute (
    id uuid NOT NULL,
    party_id uuid NOT NULL,
    entry_id uuid NOT NULL,
    part_id uuid NOT NULL,
    currency text NOT NULL,
    entity_id uuid NOT NULL,
    pending_minor bigint NOT NULL,
    due_minor bigint NOT NULL,
    order_number text,
    state text NOT NULL,
    opened_at timestamp with time zone NOT NULL,
    opened_by uuid NOT NULL,
    decided_at timestamp with time zone,
    decided_by uuid,
    reversal_entry_id uuid,
    correction_entry_id uuid,
    borne_minor bigint DEFAULT 0 NOT NULL,
    CONSTRAINT dispute_corrected_by_entries CHECK (((state = 'corrected'::text) = (reversal_entry_id IS NOT NULL))),
    CONSTRAINT dispute_decision_is_complete CHECK ((num_nonnulls(decided_at, decided_by) =
CASE
    WHEN (state = ANY (ARRAY['open'::text, 'answered'::text])) THEN 0
    ELSE 2
END)),
    CONSTRAINT dispute_state_is_known CHECK ((state = ANY (ARRAY['open'::text, 'answered'::text, 'rejected'::text, 'corrected'::text, 'withdrawn'::text])))
);

CREATE TABLE statements.dispute_word (
    dispute_id uuid NOT NULL,
    number integer NOT NULL,
    kind text NOT NULL,
    said_at timestamp with time zone NOT NULL,
    said_by uuid NOT NULL,
    said text NOT NULL,
    CONSTRAINT dispute_word_is_counted CHECK ((number >= 1)),
    CONSTRAINT dispute_word_kind_is_known CHECK ((kind = ANY (ARRAY['question'::text, 'answer'::text, 'reply'::text, 'rejection'::text, 'correction'::text, 'withdrawal'::text]))),
    CONSTRAINT dispute_word_says_something CHECK ((said <> ''::text))
);

CREATE TABLE statements.leaf (
    party_id uuid NOT NULL,
    day date NOT NULL,
    line_count bigint NOT NULL,
    lines_root bytea NOT NULL,
    opening jsonb NOT NULL,
    moved jsonb NOT NULL,
    kinds jsonb NOT NULL,
    CONSTRAINT leaf_holds_a_line CHECK ((line_count > 0)),
    CONSTRAINT leaf_lines_root_is_a_hash CHECK ((octet_length(lines_root) = 32))
);

CREATE TABLE statements.page (
    party_id uuid NOT NULL,
    day date NOT NULL,
    number integer NOT NULL,
    line_count integer NOT NULL,
    entry_ids uuid[] NOT NULL,
    lines text NOT NULL,
    CONSTRAINT page_holds_a_line CHECK ((line_count > 0)),
    CONSTRAINT page_is_counted CHECK ((number >= 0)),
    CONSTRAINT page_names_the_entry_of_each_line CHECK ((cardinality(entry_ids) = line_count))
);

CREATE TABLE statements.seal (
    day date NOT NULL,
    secret bytea NOT NULL,
    tree_size integer NOT NULL,
    lines bigint NOT NULL,
    leaf_hashes bytea NOT NULL,
    tree_root bytea NOT NULL,
    previous_root bytea NOT NULL,
    root bytea NOT NULL,
    sealed_at timestamp with time zone NOT NULL,
    CONSTRAINT seal_keeps_its_leaf_hashes CHECK ((octet_length(leaf_hashes) = (32 * tree_size))),
    CONSTRAINT seal_lines_not_negative CHECK ((lines >= 0)),
    CONSTRAINT seal_previous_is_a_hash CHECK ((octet_length(previous_root) = 32)),
    CONSTRAINT seal_root_is_a_hash CHECK ((octet_length(root) = 32)),
    CONSTRAINT seal_secret_is_long CHECK ((octet_length(secret) = 32)),
    CONSTRAINT seal_tree_not_negative CHECK ((tree_size >= 0)),
    CONSTRAINT seal_tree_root_is_a_hash CHECK ((octet_length(tree_root) = 32))
);

CREATE TABLE statements.sealed_party (
    party_id uuid NOT NULL,
    "position" integer NOT NULL,
    since_day date NOT NULL,
    code text NOT NULL,
    CONSTRAINT sealed_party_position_not_negative CHECK (("position" >= 0))
);

CREATE TABLE stock.allocation (
    id uuid NOT NULL,
    order_id uuid NOT NULL,
    line_id uuid NOT NULL,
    leaf_id uuid NOT NULL,
    sku_id uuid NOT NULL,
    hold_node_id uuid NOT NULL,
    units bigint NOT NULL,
    CONSTRAINT allocation_has_units CHECK ((units > 0))
)
WITH (fillfactor='90');

CREATE TABLE stock.asked_count (
    id uuid NOT NULL,
    leaf_id uuid NOT NULL,
    sku_id uuid NOT NULL,
    note text NOT NULL,
    asked_at timestamp with time zone NOT NULL,
    asked_by text NOT NULL,
    ended_at timestamp with time zone,
    how_ended text,
    ended_by text,
    count_id uuid,
    CONSTRAINT asked_count_end_has_its_moment CHECK (((ended_at IS NULL) = (how_ended IS NULL))),
    CONSTRAINT asked_count_end_is_known CHECK ((how_ended = ANY (ARRAY['counted'::text, 'withdrawn'::text]))),
    CONSTRAINT withdrawn_asked_count_has_its_person CHECK (((ended_by IS NOT NULL) = (NOT (how_ended IS DISTINCT FROM 'withdrawn'::text))))
);

CREATE TABLE stock.count_line (
    id uuid NOT NULL,
    count_id uuid NOT NULL,
    sku_id uuid NOT NULL,
    lot_id uuid,
    units bigint NOT NULL,
    expected bigint NOT NULL,
    counted_at timestamp with time zone NOT NULL,
    counted_by text NOT NULL,
    CONSTRAINT count_line_not_negative CHECK ((units >= 0))
);

CREATE TABLE stock.count_session (
    id uuid NOT NULL,
    leaf_id uuid NOT NULL,
    opened_at timestamp with time zone NOT NULL,
    opened_by text NOT NULL,
    ended_at timestamp with time zone,
    how_ended text,
    CONSTRAINT count_end_has_its_moment CHECK (((ended_at IS NULL) = (how_ended IS NULL))),
    CONSTRAINT count_end_known CHECK ((how_ended = ANY (ARRAY['posted'::text, 'dropped'::text])))
);

CREATE TABLE stock.doubt (
    leaf_id uuid NOT NULL,
    sku_id uuid NOT NULL,
    units bigint NOT NULL,
    wanted bigint NOT NULL,
    CONSTRAINT doubt_not_negative CHECK ((units >= 0)),
    CONSTRAINT doubt_within_wanted CHECK ((wanted >= units))
)
WITH (fillfactor='70');

CREATE TABLE stock.hold (
    line_id uuid NOT NULL,
    order_id uuid NOT NULL,
    node_id uuid NOT NULL,
    sku_id uuid NOT NULL,
    units bigint NOT NULL,
    expires_at timestamp with time zone,
    CONSTRAINT hold_has_units CHECK ((units > 0))
)
WITH (fillfactor='90');

CREATE TABLE stock.leaf_lot (
    leaf_id uuid NOT NULL,
    sku_id uuid NOT NULL,
    lot_id uuid NOT NULL,
    units bigint DEFAULT 0 NOT NULL,
    damaged bigint DEFAULT 0 NOT NULL,
    planned bigint DEFAULT 0 NOT NULL,
    is_recalled boolean DEFAULT false NOT NULL,
    is_expired boolean DEFAULT false NOT NULL,
    is_serial boolean DEFAULT false NOT NULL,
    sell_until date,
    unsellable bigint GENERATED ALWAYS AS (
CASE
    WHEN (is_recalled OR is_expired) THEN units
    ELSE damaged
END) STORED,
    CONSTRAINT lot_damaged_not_negative CHECK ((damaged >= 0)),
    CONSTRAINT lot_planned_not_negative CHECK ((planned >= 0)),
    CONSTRAINT lot_planned_within_sellable CHECK (((lot_id = sku_id) OR (planned <= (units - unsellable)))),
    CONSTRAINT named_lot_has_its_units CHECK (((lot_id = sku_id) OR ((units >= 0) AND (damaged <= units)))),
    CONSTRAINT serial_is_one_unit CHECK (((NOT is_serial) OR (units <= 1))),
    CONSTRAINT unnamed_lot_is_never_locked CHECK (((lot_id <> sku_id) OR (NOT (is_recalled OR is_expired))))
)
WITH (fillfactor='80');

CREATE TABLE stock.leaf_stock (
    leaf_id uuid NOT NULL,
    sku_id uuid NOT NULL,
    on_hand bigint DEFAULT 0 NOT NULL,
    allocated bigint DEFAULT 0 NOT NULL,
    unsellable bigint DEFAULT 0 NOT NULL,
    safety bigint DEFAULT 0 NOT NULL,
    held bigint DEFAULT 0 NOT NULL,
    short bigint DEFAULT 0 NOT NULL,
    overheld bigint DEFAULT 0 NOT NULL,
    sellable bigint GENERATED ALWAYS AS (GREATEST((0)::bigint, (((on_hand - allocated) - unsellable) - safety))) STORED,
    missing bigint GENERATED ALWAYS AS (GREATEST((0)::bigint, ((allocated + unsellable) - on_hand))) STORED,
    quotas integer DEFAULT 0 NOT NULL,
    in_lots boolean DEFAULT false NOT NULL,
    CONSTRAINT leaf_allocated_not_negative CHECK ((allocated >= 0)),
    CONSTRAINT leaf_held_not_negative CHECK ((held >= 0)),
    CONSTRAINT leaf_held_within_sellable CHECK ((overheld = GREATEST((0)::bigint, (held - sellable)))),
    CONSTRAINT leaf_missing_is_short CHECK ((short = missing)),
    CONSTRAINT leaf_quotas_not_negative CHECK ((quotas >= 0)),
    CONSTRAINT leaf_safety_not_negative CHECK ((safety >= 0)),
    CONSTRAINT leaf_unsellable_not_negative CHECK ((unsellable >= 0))
)
WITH (fillfactor='70');

CREATE TABLE stock.lot (
    id uuid NOT NULL,
    sku_id uuid NOT NULL,
    code text NOT NULL,
    batch text NOT NULL,
    is_serial boolean DEFAULT false NOT NULL,
    made_on date,
    expires_on date,
    recalled_at timestamp with time zone,
    recall_reason text,
    CONSTRAINT lot_made_before_it_expires CHECK ((made_on <= expires_on)),
    CONSTRAINT recall_has_its_reason CHECK (((recalled_at IS NULL) = (recall_reason IS NULL))),
    CONSTRAINT unnamed_lot_has_the_id_of_its_sku CHECK (((id = sku_id) = (code = ''::text))),
    CONSTRAINT unnamed_lot_says_nothing CHECK (((id <> sku_id) OR ((NOT is_serial) AND (made_on IS NULL) AND (expires_on IS NULL) AND (recalled_at IS NULL))))
);

CREATE TABLE stock.lot_movement (
    movement_id uuid NOT NULL,
    lot_id uuid NOT NULL,
    leaf_id uuid NOT NULL,
    sku_id uuid NOT NULL,
    units bigint NOT NULL,
    unsellable bigint NOT NULL,
    gone bigint NOT NULL,
    order_id uuid,
    line_id uuid,
    at timestamp with time zone NOT NULL,
    CONSTRAINT gone_to_an_order CHECK (((gone >= 0) AND ((gone > 0) = (order_id IS NOT NULL))))
);

CREATE TABLE stock.lot_plan (
    allocation_id uuid NOT NULL,
    lot_id uuid NOT NULL,
    leaf_id uuid NOT NULL,
    sku_id uuid NOT NULL,
    units bigint NOT NULL,
    CONSTRAINT lot_plan_has_units CHECK ((units > 0))
);

CREATE TABLE stock.movement (
    id uuid NOT NULL,
    at timestamp with time zone NOT NULL,
    leaf_id uuid NOT NULL,
    sku_id uuid NOT NULL,
    reason text NOT NULL,
    on_hand bigint NOT NULL,
    allocated bigint NOT NULL,
    unsellable bigint NOT NULL,
    safety bigint NOT NULL,
    reference uuid,
    CONSTRAINT movement_moves CHECK (((on_hand <> 0) OR (allocated <> 0) OR (unsellable <> 0) OR (safety <> 0))),
    CONSTRAINT movement_reason_known CHECK ((reason = ANY (ARRAY['opening'::text, 'receipt'::text, 'sale'::text, 'returned'::text, 'count'::text, 'damage'::text, 'expiry'::text, 'recall'::text, 'scrap'::text, 'transfer_in'::text, 'transfer_out'::text, 'adjustment'::text, 'not_found'::text, 'regraded'::text, 'stated'::text, 'allocated'::text, 'allocation_released'::text, 'handed_over'::text, 'safety_set'::text, 'doubt_set'::text])))
);

CREATE TABLE stock.movement_note (
    movement_id uuid NOT NULL,
    cause text,
    note text,
    noted_at timestamp with time zone NOT NULL,
    noted_by text NOT NULL,
    CONSTRAINT note_cause_known CHECK ((cause = ANY (ARRAY['sold_unbooked'::text, 'misplaced'::text, 'damaged'::text, 'stolen'::text, 'booked_wrongly'::text, 'display'::text]))),
    CONSTRAINT note_is_short CHECK (((char_length(note) >= 1) AND (char_length(note) <= 200))),
    CONSTRAINT note_says_something CHECK (((cause IS NOT NULL) OR (note IS NOT NULL)))
);

CREATE TABLE stock.node (
    id uuid NOT NULL,
    kind text NOT NULL,
    name text NOT NULL,
    parent_id uuid,
    path uuid[] NOT NULL,
    depth smallint GENERATED ALWAYS AS ((cardinality(path) - 1)) STORED,
    site_id uuid,
    owner_id uuid,
    CONSTRAINT brand_is_root CHECK (((kind = 'brand'::text) = (parent_id IS NULL))),
    CONSTRAINT leaf_has_owner CHECK (((owner_id IS NOT NULL) = (kind = 'leaf'::text))),
    CONSTRAINT node_kind_known CHECK ((kind = ANY (ARRAY['brand'::text, 'network'::text, 'site'::text, 'leaf'::text]))),
    CONSTRAINT path_leads_to_node CHECK ((path[cardinality(path)] = id)),
    CONSTRAINT path_passes_parent CHECK (((parent_id IS NULL) OR (path[(cardinality(path) - 1)] = parent_id))),
    CONSTRAINT site_where_goods_are CHECK (((site_id IS NOT NULL) = (kind = ANY (ARRAY['site'::text, 'leaf'::text]))))
);

CREATE TABLE stock.node_stock (
    node_id uuid NOT NULL,
    sku_id uuid NOT NULL,
    free bigint DEFAULT 0 NOT NULL,
    held bigint DEFAULT 0 NOT NULL,
    overheld bigint DEFAULT 0 NOT NULL,
    quotas integer DEFAULT 0 NOT NULL,
    CONSTRAINT node_free_not_negative CHECK ((free >= 0)),
    CONSTRAINT node_held_not_negative CHECK ((held >= 0)),
    CONSTRAINT node_held_within_free CHECK ((overheld = GREATEST((0)::bigint, (held - free)))),
    CONSTRAINT node_quotas_not_negative CHECK ((quotas >= 0))
)
WITH (fillfactor='70');

CREATE VIEW stock.published_allocation WITH (security_invoker='true') AS
 SELECT id,
    order_id,
    line_id,
    leaf_id,
    sku_id,
    units
   FROM stock.allocation;

CREATE VIEW stock.published_hold WITH (security_invoker='true') AS
 SELECT line_id,
    order_id,
    node_id,
    sku_id,
    units,
    expires_at
   FROM stock.hold;

CREATE VIEW stock.published_leaf_stock WITH (security_invoker='true') AS
 SELECT stock.leaf_id,
    leaf.site_id,
    leaf.owner_id,
    stock.sku_id,
    stock.on_hand,
    stock.allocated,
    stock.unsellable,
    stock.safety,
    stock.held,
    stock.sellable,
    stock.missing
   FROM (stock.leaf_stock stock
     JOIN stock.node leaf ON ((leaf.id = stock.leaf_id)));

CREATE VIEW stock.published_lots_sent WITH (security_invoker='true') AS
 SELECT moved.order_id,
    moved.line_id,
    moved.lot_id,
    lot.batch,
    moved.gone AS units,
    moved.at
   FROM (stock.lot_movement moved
     JOIN stock.lot ON ((lot.id = moved.lot_id)))
  WHERE ((moved.gone > 0) AND (lot.id <> lot.sku_id));

CREATE VIEW stock.published_node WITH (security_invoker='true') AS
 SELECT id,
    kind,
    name,
    parent_id,
    depth,
    site_id,
    owner_id
   FROM stock.node;

CREATE TABLE stock.shortfall (
    id uuid NOT NULL,
    kind text NOT NULL,
    node_id uuid NOT NULL,
    sku_id uuid NOT NULL,
    units bigint NOT NULL,
    units_most bigint NOT NULL,
    opened_at timestamp with time zone NOT NULL,
    changed_at timestamp with time zone NOT NULL,
    closed_at timestamp with time zone,
    CONSTRAINT shortfall_closed_when_covered CHECK (((units >= 0) AND ((units = 0) = (closed_at IS NOT NULL)))),
    CONSTRAINT shortfall_kind_known CHECK ((kind = ANY (ARRAY['missing'::text, 'overheld'::text]))),
    CONSTRAINT shortfall_most_is_most CHECK (((units_most >= units) AND (units_most > 0)))
);

CREATE VIEW stock.published_shortfall WITH (security_invoker='true') AS
 SELECT id,
    kind,
    node_id,
    sku_id,
    units,
    units_most,
    opened_at,
    changed_at,
    closed_at
   FROM stock.shortfall;

CREATE TABLE stock.quota (
    id uuid NOT NULL,
    kind text NOT NULL,
    code text NOT NULL,
    node_id uuid NOT NULL,
    sku_id uuid NOT NULL,
    set_aside bigint NOT NULL,
    remaining bigint NOT NULL,
    drawn bigint DEFAULT 0 NOT NULL,
    used bigint DEFAULT 0 NOT NULL,
    returned bigint DEFAULT 0 NOT NULL,
    starts_at timestamp with time zone NOT NULL,
    ends_at timestamp with time zone NOT NULL,
    reserve_id uuid,
    then_free boolean NOT NULL,
    opened_at timestamp with time zone NOT NULL,
    ended_at timestamp with time zone,
    CONSTRAINT quota_adds_up CHECK ((set_aside = (((remaining + drawn) + used) + returned))),
    CONSTRAINT quota_drawn_not_negative CHECK ((drawn >= 0)),
    CONSTRAINT quota_ends_after_start CHECK ((ends_at > starts_at)),
    CONSTRAINT quota_is_not_its_reserve CHECK ((reserve_id <> id)),
    CONSTRAINT quota_kind_known CHECK ((kind = ANY (ARRAY['live_room'::text, 'channel'::text, 'event'::text]))),
    CONSTRAINT quota_remaining_not_negative CHECK ((remaining >= 0)),
    CONSTRAINT quota_returned_not_negative CHECK ((returned >= 0)),
    CONSTRAINT quota_that_ended_has_nothing CHECK (((ended_at IS NULL) OR ((remaining = 0) AND (drawn = 0)))),
    CONSTRAINT quota_used_not_negative CHECK ((used >= 0))
)
WITH (fillfactor='70');

CREATE TABLE stock.quota_draw (
    line_id uuid NOT NULL,
    quota_id uuid NOT NULL,
    units bigint NOT NULL,
    is_reserve boolean NOT NULL,
    CONSTRAINT draw_has_units CHECK ((units > 0))
)
WITH (fillfactor='90');

CREATE TABLE stock.restock (
    id uuid NOT NULL,
    sku_id uuid NOT NULL,
    site_id uuid,
    units bigint,
    expected_on date NOT NULL,
    note text DEFAULT ''::text NOT NULL,
    stated_at timestamp with time zone NOT NULL,
    stated_by text NOT NULL,
    ended_at timestamp with time zone,
    ended_by text,
    how_ended text,
    CONSTRAINT restock_brings_something CHECK ((units > 0)),
    CONSTRAINT restock_end_is_whole CHECK ((num_nonnulls(ended_at, ended_by, how_ended) = ANY (ARRAY[0, 3]))),
    CONSTRAINT restock_end_known CHECK ((how_ended = ANY (ARRAY['replaced'::text, 'withdrawn'::text, 'came'::text]))),
    CONSTRAINT restock_note_short CHECK ((char_length(note) <= 200))
);

CREATE TABLE stock.shelf_life (
    sku_id uuid NOT NULL,
    days_before_expiry smallint NOT NULL,
    CONSTRAINT days_before_expiry_not_negative CHECK (((days_before_expiry >= 0) AND (days_before_expiry <= 3650)))
);

CREATE TABLE stock.shelf_place (
    site_id uuid NOT NULL,
    sku_id uuid NOT NULL,
    place text NOT NULL,
    set_at timestamp with time zone NOT NULL,
    set_by text NOT NULL,
    CONSTRAINT shelf_place_is_a_short_word CHECK ((place ~ '^[^[:space:][:cntrl:]]([^[:cntrl:]]{0,22}[^[:space:][:cntrl:]])?$'::text))
);

CREATE TABLE stock.transfer (
    id uuid NOT NULL,
    from_leaf_id uuid NOT NULL,
    to_leaf_id uuid NOT NULL,
    sent_at timestamp with time zone NOT NULL,
    sent_by text NOT NULL,
    CONSTRAINT transfer_goes_elsewhere CHECK ((from_leaf_id <> to_leaf_id))
);

CREATE TABLE stock.transfer_arrival (
    id uuid NOT NULL,
    transfer_id uuid NOT NULL,
    sku_id uuid NOT NULL,
    lot_id uuid,
    received bigint NOT NULL,
    unsellable bigint NOT NULL,
    lost bigint NOT NULL,
    reason text,
    at timestamp with time zone NOT NULL,
    by text NOT NULL,
    CONSTRAINT arrival_loss_has_reason CHECK (((lost > 0) = (reason IS NOT NULL))),
    CONSTRAINT arrival_reason_known CHECK ((reason = ANY (ARRAY['missing'::text, 'broken'::text, 'stolen'::text]))),
    CONSTRAINT arrival_says_something CHECK (((received >= 0) AND (lost >= 0) AND ((received + lost) > 0))),
    CONSTRAINT arrival_unsellable_came CHECK (((unsellable >= 0) AND (unsellable <= received)))
);

CREATE TABLE stock.transfer_line (
    transfer_id uuid NOT NULL,
    sku_id uuid NOT NULL,
    lot_id uuid,
    sent bigint NOT NULL,
    received bigint DEFAULT 0 NOT NULL,
    lost bigint DEFAULT 0 NOT NULL,
    in_transit bigint GENERATED ALWAYS AS (((sent - received) - lost)) STORED,
    CONSTRAINT transfer_line_adds_up CHECK (((received >= 0) AND (lost >= 0) AND ((received + lost) <= sent))),
    CONSTRAINT transfer_line_sends CHECK ((sent > 0))
);

CREATE TABLE stored_value.account (
    id uuid NOT NULL,
    member_id uuid NOT NULL,
    entity_id uuid NOT NULL,
    currency text NOT NULL,
    principal_minor bigint DEFAULT 0 NOT NULL,
    bonus_minor bigint DEFAULT 0 NOT NULL,
    CONSTRAINT bonus_is_there CHECK ((bonus_minor >= 0)),
    CONSTRAINT principal_is_there CHECK ((principal_minor >= 0))
);

CREATE TABLE stored_value.cash_out (
    id uuid NOT NULL,
    account_id uuid NOT NULL,
    method text NOT NULL,
    state text NOT NULL,
    amount_minor bigint NOT NULL,
    asked_at timestamp with time zone NOT NULL,
    asked_by text NOT NULL,
    decided_at timestamp with time zone,
    decided_by text,
    CONSTRAINT cash_out_asks_for_something CHECK ((amount_minor > 0)),
    CONSTRAINT cash_out_is_decided_by_somebody CHECK ((((state = 'asked'::text) = (decided_at IS NULL)) AND ((decided_at IS NULL) = (decided_by IS NULL)))),
    CONSTRAINT cash_out_state_is_known CHECK ((state = ANY (ARRAY['asked'::text, 'paid'::text, 'dropped'::text])))
);

CREATE TABLE stored_value.movement (
    number bigint NOT NULL,
    kind text NOT NULL,
    ref uuid NOT NULL,
    account_id uuid NOT NULL,
    principal_minor bigint NOT NULL,
    bonus_minor bigint NOT NULL,
    method text DEFAULT ''::text NOT NULL,
    order_id uuid,
    at timestamp with time zone NOT NULL,
    by text NOT NULL,
    CONSTRAINT movement_kind_is_known CHECK ((kind = ANY (ARRAY['topped_up'::text, 'used'::text, 'given_back'::text, 'paid_out'::text, 'ended'::text]))),
    CONSTRAINT value_moves_somehow CHECK (((principal_minor <> 0) OR (bonus_minor <> 0)))
);

ALTER TABLE stored_value.movement ALTER COLUMN number ADD GENERATED ALWAYS AS IDENTITY (
    SEQUENCE NAME stored_value.movement_number_seq
    START WITH 1
    INCREMENT BY 1
    NO MINVALUE
    NO MAXVALUE
    CACHE 1
);

CREATE TABLE stored_value.terms (
    number bigint NOT NULL,
    entity_id uuid NOT NULL,
    currency text NOT NULL,
    terms jsonb NOT NULL,
    set_at timestamp with time zone NOT NULL,
    set_by text NOT NULL,
    CONSTRAINT terms_currency_code CHECK ((currency ~ '^[A-Z]{3}$'::text))
);

ALTER TABLE stored_value.terms ALTER COLUMN number ADD GENERATED ALWAYS AS IDENTITY (
    SEQUENCE NAME stored_value.terms_number_seq
    START WITH 1
    INCREMENT BY 1
    NO MINVALUE
    NO MAXVALUE
    CACHE 1
);

CREATE TABLE stored_value.use (
    id uuid NOT NULL,
    account_id uuid NOT NULL,
    order_id uuid NOT NULL,
    amount_minor bigint NOT NULL,
    bonus_minor bigint NOT NULL,
    back_minor bigint DEFAULT 0 NOT NULL,
    back_bonus_minor bigint DEFAULT 0 NOT NULL,
    CONSTRAINT no_more_goes_back_than_was_used CHECK ((((back_minor >= 0) AND (back_minor <= amount_minor)) AND ((back_bonus_minor >= 0) AND (back_bonus_minor <= bonus_minor)) AND (((back_minor - back_bonus_minor) >= 0) AND ((back_minor - back_bonus_minor) <= (amount_minor - bonus_minor))))),
    CONSTRAINT use_is_of_principal_and_bonus CHECK (((bonus_minor >= 0) AND (bonus_minor <= amount_minor))),
    CONSTRAINT use_pays_something CHECK ((amount_minor > 0))
);

CREATE TABLE supply.noted (
    part_id uuid NOT NULL,
    order_id uuid NOT NULL,
    line_id uuid NOT NULL,
    owner_id uuid NOT NULL,
    buyer_id uuid NOT NULL,
    sku_id uuid NOT NULL,
    currency text NOT NULL,
    units integer NOT NULL,
    units_of integer NOT NULL,
    list_minor bigint NOT NULL,
    net_minor bigint NOT NULL,
    placed_at timestamp with time zone NOT NULL,
    at timestamp with time zone NOT NULL,
    CONSTRAINT noted_is_between_two CHECK ((owner_id <> buyer_id)),
    CONSTRAINT noted_units_are_a_part CHECK ((((units >= 0) AND (units <= units_of)) AND (units_of > 0)))
);

CREATE TABLE supply.term (
    id uuid NOT NULL,
    owner_id uuid NOT NULL,
    buyer_id uuid NOT NULL,
    sku_id uuid,
    currency text NOT NULL,
    kind text NOT NULL,
    base text,
    basis_points integer,
    unit_minor bigint,
    from_at timestamp with time zone NOT NULL,
    agreed_at timestamp with time zone NOT NULL,
    agreed_by text NOT NULL,
    comment text NOT NULL,
    CONSTRAINT cost_is_of_units CHECK (((kind <> 'cost'::text) OR ((sku_id IS NOT NULL) AND (unit_minor IS NOT NULL)))),
    CONSTRAINT cost_is_one_companys CHECK (((kind = 'cost'::text) = (owner_id = buyer_id))),
    CONSTRAINT term_base_is_known CHECK ((base = ANY (ARRAY['list'::text, 'net'::text]))),
    CONSTRAINT term_is_a_part CHECK (((basis_points >= 0) AND (basis_points <= 10000))),
    CONSTRAINT term_is_one_thing CHECK (((basis_points IS NULL) <> (unit_minor IS NULL))),
    CONSTRAINT term_kind_is_known CHECK ((kind = ANY (ARRAY['purchase'::text, 'consignment'::text, 'cost'::text]))),
    CONSTRAINT term_percentage_has_its_base CHECK (((base IS NULL) = (basis_points IS NULL))),
    CONSTRAINT term_takes_nothing_away CHECK ((unit_minor >= 0))
);

CREATE TABLE touchpoints.archive (
    id uuid NOT NULL,
    asked_by text NOT NULL,
    asked_at timestamp with time zone NOT NULL,
    place text NOT NULL,
    codes integer NOT NULL,
    drawn integer DEFAULT 0 NOT NULL,
    to_draw jsonb NOT NULL,
    content bytea NOT NULL,
    ended_at timestamp with time zone,
    CONSTRAINT archive_holds_no_more_than_all CHECK (((drawn >= 0) AND (drawn <= codes))),
    CONSTRAINT archive_holds_something CHECK ((codes > 0)),
    CONSTRAINT whole_archive_has_ended CHECK (((drawn < codes) OR (ended_at IS NOT NULL)))
);

CREATE TABLE touchpoints.attribution (
    order_id uuid NOT NULL,
    member_id uuid,
    visitor uuid,
    live_room_id uuid,
    placed_at timestamp with time zone NOT NULL,
    touches jsonb NOT NULL,
    credits jsonb NOT NULL,
    recorded_at timestamp with time zone NOT NULL
);

CREATE TABLE touchpoints.attribution_rule (
    role text NOT NULL,
    effective_from timestamp with time zone NOT NULL,
    window_minutes integer NOT NULL,
    touch text NOT NULL,
    binding_wins boolean NOT NULL,
    author text NOT NULL,
    CONSTRAINT attribution_role_is_known CHECK ((role = ANY (ARRAY['guide'::text, 'dealer'::text, 'streamer'::text]))),
    CONSTRAINT attribution_touch_is_known CHECK ((touch = ANY (ARRAY['first'::text, 'last'::text]))),
    CONSTRAINT attribution_window_is_some_minutes CHECK (((window_minutes >= 0) AND (window_minutes <= 525600)))
);

CREATE TABLE touchpoints.binding_rule (
    kind text NOT NULL,
    role text NOT NULL,
    effective_from timestamp with time zone NOT NULL,
    is_active boolean NOT NULL,
    protection_days integer NOT NULL,
    may_take_over boolean NOT NULL,
    author text NOT NULL,
    CONSTRAINT binding_rule_role_is_known CHECK ((role = ANY (ARRAY['guide'::text, 'store'::text, 'dealer'::text]))),
    CONSTRAINT protection_is_some_days CHECK (((protection_days >= 0) AND (protection_days <= 3650)))
);

CREATE TABLE touchpoints.claim (
    scan_id uuid NOT NULL,
    member_id uuid NOT NULL,
    at timestamp with time zone NOT NULL,
    claimed_at timestamp with time zone NOT NULL
);

CREATE TABLE touchpoints.live_room (
    id uuid NOT NULL,
    code text NOT NULL,
    name text NOT NULL,
    streamer_id uuid NOT NULL,
    unit_id uuid NOT NULL,
    starts_at timestamp with time zone NOT NULL,
    started_at timestamp with time zone,
    ended_at timestamp with time zone,
    added_at timestamp with time zone NOT NULL,
    CONSTRAINT live_room_ends_after_it_started CHECK (((ended_at IS NULL) OR (ended_at >= started_at)))
);

CREATE TABLE touchpoints.live_room_sku (
    live_room_id uuid NOT NULL,
    "position" integer NOT NULL,
    sku_id uuid NOT NULL,
    sku_code text NOT NULL
);

CREATE TABLE touchpoints.logo (
    id smallint DEFAULT 1 NOT NULL,
    media_type text NOT NULL,
    content bytea NOT NULL,
    set_at timestamp with time zone NOT NULL,
    set_by text NOT NULL,
    CONSTRAINT logo_is_a_picture CHECK ((media_type = ANY (ARRAY['image/png'::text, 'image/svg+xml'::text]))),
    CONSTRAINT logo_is_one CHECK ((id = 1)),
    CONSTRAINT logo_is_small CHECK ((octet_length(content) <= 262144))
);

CREATE TABLE touchpoints.scan (
    id uuid NOT NULL,
    touchpoint_id uuid NOT NULL,
    visitor uuid NOT NULL,
    member_id uuid,
    channel text NOT NULL,
    at timestamp with time zone NOT NULL,
    received_at timestamp with time zone NOT NULL,
    CONSTRAINT scan_channel_is_known CHECK ((channel = ANY (ARRAY['wechat'::text, 'browser'::text, 'mini_program'::text])))
);

CREATE TABLE touchpoints.touchpoint (
    id uuid NOT NULL,
    code text NOT NULL,
    kind text NOT NULL,
    label text NOT NULL,
    site_id uuid,
    site_code text,
    unit_id uuid,
    product_id uuid,
    product_code text,
    sku_id uuid,
    sku_code text,
    party_id uuid,
    party_code text,
    order_id uuid,
    order_number text,
    live_room_id uuid,
    live_room_code text,
    gtin text,
    guide_id uuid,
    store_id uuid,
    dealer_id uuid,
    streamer_id uuid,
    added_at timestamp with time zone NOT NULL,
    retired_at timestamp with time zone,
    CONSTRAINT touchpoint_kind_is_known CHECK ((kind = ANY (ARRAY['store'::text, 'shelf'::text, 'sample'::text, 'product'::text, 'guide'::text, 'table'::text, 'parcel'::text, 'receipt'::text, 'live_room'::text, 'poster'::text]))),
    CONSTRAINT touchpoint_names_what_its_kind_needs CHECK (
CASE kind
    WHEN 'guide'::text THEN (party_code IS NOT NULL)
    WHEN 'product'::text THEN (product_code IS NOT NULL)
    WHEN 'sample'::text THEN ((product_code IS NOT NULL) AND (site_code IS NOT NULL))
    WHEN 'parcel'::text THEN (order_number IS NOT NULL)
    WHEN 'receipt'::text THEN (order_number IS NOT NULL)
    WHEN 'live_room'::text THEN (live_room_code IS NOT NULL)
    WHEN 'poster'::text THEN (num_nonnulls(product_code, site_code, party_code) > 0)
    ELSE (site_code IS NOT NULL)
END)
);

CREATE VIEW touchpoints.published_scans WITH (security_invoker='true') AS
 SELECT scan.id AS scan_id,
    scan.touchpoint_id,
    touchpoint.kind,
    touchpoint.site_id,
    touchpoint.product_id,
    COALESCE(scan.member_id, claim.member_id) AS member_id,
    scan.channel,
    scan.at
   FROM ((touchpoints.scan scan
     JOIN touchpoints.touchpoint touchpoint ON ((touchpoint.id = scan.touchpoint_id)))
     LEFT JOIN touchpoints.claim claim ON ((claim.scan_id = scan.id)));

CREATE TABLE touchpoints.scan_count (
    touchpoint_id uuid NOT NULL,
    day date NOT NULL,
    scans bigint NOT NULL,
    of_members bigint NOT NULL,
    CONSTRAINT scans_are_counted_up CHECK (((scans > 0) AND ((of_members >= 0) AND (of_members <= scans))))
)
WITH (fillfactor='70');

CREATE TABLE touchpoints.tie (
    scan_id uuid NOT NULL,
    role text NOT NULL,
    member_id uuid NOT NULL,
    party_id uuid NOT NULL,
    outcome text NOT NULL,
    was_bound_to uuid,
    rule_kind text NOT NULL,
    rule_from timestamp with time zone NOT NULL,
    protected_until timestamp with time zone,
    may_take_over boolean NOT NULL,
    at timestamp with time zone NOT NULL,
    CONSTRAINT tie_outcome_is_known CHECK ((outcome = ANY (ARRAY['bound'::text, 'taken_over'::text, 'protected'::text, 'kept'::text]))),
    CONSTRAINT tie_that_binds_is_protected CHECK (((outcome = ANY (ARRAY['bound'::text, 'taken_over'::text])) = (protected_until IS NOT NULL)))
);

CREATE TABLE touchpoints.unit_guess (
    asker bytea NOT NULL,
    hour timestamp with time zone NOT NULL,
    wrong integer NOT NULL,
    CONSTRAINT unit_guesses_are_counted_up CHECK ((wrong > 0))
);

CREATE TABLE touchpoints.unit_scan (
    unit_id uuid NOT NULL,
    visitor uuid NOT NULL,
    first_at timestamp with time zone NOT NULL,
    last_at timestamp with time zone NOT NULL,
    scans integer NOT NULL,
    CONSTRAINT unit_scan_ends_after_it_began CHECK ((last_at >= first_at)),
    CONSTRAINT unit_scans_are_counted_up CHECK ((scans > 0))
);

CREATE TABLE webhooks.delivery (
    id uuid NOT NULL,
    subscription_id uuid NOT NULL,
    event_id uuid NOT NULL,
    type text NOT NULL,
    body text NOT NULL,
    state text NOT NULL,
    tries integer DEFAULT 0 NOT NULL,
    next_try_at timestamp with time zone,
    last_status integer,
    last_error text,
    made_at timestamp with time zone NOT NULL,
    delivered_at timestamp with time zone,
    CONSTRAINT delivered_has_its_moment CHECK (((state = 'delivered'::text) = (delivered_at IS NOT NULL))),
    CONSTRAINT delivery_state_is_known CHECK ((state = ANY (ARRAY['waiting'::text, 'delivered'::text, 'given_up'::text]))),
    CONSTRAINT tries_are_counted CHECK ((tries >= 0)),
    CONSTRAINT waiting_has_a_next_try CHECK (((state = 'waiting'::text) = (next_try_at IS NOT NULL)))
);

CREATE TABLE webhooks.subscription (
    id uuid NOT NULL,
    name text NOT NULL,
    url text NOT NULL,
    branch_id uuid NOT NULL,
    types text[] NOT NULL,
    state text NOT NULL,
    secret_version integer NOT NULL,
    secret_renewed_at timestamp with time zone,
    made_at timestamp with time zone NOT NULL,
    failing_since timestamp with time zone,
    stopped_because text,
    CONSTRAINT secret_versions_are_counted CHECK ((secret_version > 0)),
    CONSTRAINT subscription_state_is_known CHECK ((state = ANY (ARRAY['active'::text, 'paused'::text, 'stopped'::text]))),
    CONSTRAINT subscription_wants_something CHECK ((cardinality(types) > 0))
);

ALTER TABLE ONLY orders.known ATTACH PARTITION orders.known_00 FOR VALUES WITH (modulus 16, remainder 0);

ALTER TABLE ONLY orders.known ATTACH PARTITION orders.known_01 FOR VALUES WITH (modulus 16, remainder 1);

ALTER TABLE ONLY orders.known ATTACH PARTITION orders.known_02 FOR VALUES WITH (modulus 16, remainder 2);

ALTER TABLE ONLY orders.known ATTACH PARTITION orders.known_03 FOR VALUES WITH (modulus 16, remainder 3);

ALTER TABLE ONLY orders.known ATTACH PARTITION orders.known_04 FOR VALUES WITH (modulus 16, remainder 4);

ALTER TABLE ONLY orders.known ATTACH PARTITION orders.known_05 FOR VALUES WITH (modulus 16, remainder 5);

ALTER TABLE ONLY orders.known ATTACH PARTITION orders.known_06 FOR VALUES WITH (modulus 16, remainder 6);

ALTER TABLE ONLY orders.known ATTACH PARTITION orders.known_07 FOR VALUES WITH (modulus 16, remainder 7);

ALTER TABLE ONLY orders.known ATTACH PARTITION orders.known_08 FOR VALUES WITH (modulus 16, remainder 8);

ALTER TABLE ONLY orders.known ATTACH PARTITION orders.known_09 FOR VALUES WITH (modulus 16, remainder 9);

ALTER TABLE ONLY orders.known ATTACH PARTITION orders.known_10 FOR VALUES WITH (modulus 16, remainder 10);

ALTER TABLE ONLY orders.known ATTACH PARTITION orders.known_11 FOR VALUES WITH (modulus 16, remainder 11);

ALTER TABLE ONLY orders.known ATTACH PARTITION orders.known_12 FOR VALUES WITH (modulus 16, remainder 12);

ALTER TABLE ONLY orders.known ATTACH PARTITION orders.known_13 FOR VALUES WITH (modulus 16, remainder 13);

ALTER TABLE ONLY orders.known ATTACH PARTITION orders.known_14 FOR VALUES WITH (modulus 16, remainder 14);

ALTER TABLE ONLY orders.known ATTACH PARTITION orders.known_15 FOR VALUES WITH (modulus 16, remainder 15);

ALTER TABLE ONLY orders.line ATTACH PARTITION orders.line_default DEFAULT;

ALTER TABLE ONLY orders."order" ATTACH PARTITION orders.order_default DEFAULT;

ALTER TABLE ONLY orders.quote ATTACH PARTITION orders.quote_default DEFAULT;

ALTER TABLE ONLY bills.bill
    ADD CONSTRAINT bill_is_taken_in_once UNIQUE (source_id, content_hash);

ALTER TABLE ONLY bills.bill
    ADD CONSTRAINT bill_pkey PRIMARY KEY (id);

ALTER TABLE ONLY bills.difference
    ADD CONSTRAINT difference_is_kept_once UNIQUE (source_id, subject);

ALTER TABLE ONLY bills.difference
    ADD CONSTRAINT difference_pkey PRIMARY KEY (id);

ALTER TABLE ONLY bills.line
    ADD CONSTRAINT line_pkey PRIMARY KEY (id);

ALTER TABLE ONLY bills.paid_with
    ADD CONSTRAINT our_line_is_paid_once PRIMARY KEY (source_id, our_kind, our_id);

ALTER TABLE ONLY bills.pair
    ADD CONSTRAINT our_line_is_paired_once UNIQUE (source_id, our_kind, our_id);

ALTER TABLE ONLY bills.pair
    ADD CONSTRAINT pair_pkey PRIMARY KEY (line_id);

ALTER TABLE ONLY bills.run
    ADD CONSTRAINT run_pkey PRIMARY KEY (id);

ALTER TABLE ONLY bills.source
    ADD CONSTRAINT source_code_is_one_source UNIQUE (code);

ALTER TABLE ONLY bills.source
    ADD CONSTRAINT source_pkey PRIMARY KEY (id);

ALTER TABLE ONLY bills.step
    ADD CONSTRAINT step_in_its_place PRIMARY KEY (difference_id, place);

ALTER TABLE ONLY buyers.opening_end
    ADD CONSTRAINT opening_end_pkey PRIMARY KEY (opening_id);

ALTER TABLE ONLY buyers.opening
    ADD CONSTRAINT opening_pkey PRIMARY KEY (id);

ALTER TABLE ONLY buyers.sealing
    ADD CONSTRAINT sealing_pkey PRIMARY KEY (order_id);

ALTER TABLE ONLY catalogue.sku
    ADD CONSTRAINT gtin_is_unique UNIQUE (gtin) DEFERRABLE;

ALTER TABLE ONLY catalogue.product
    ADD CONSTRAINT product_code_is_unique UNIQUE (code);

ALTER TABLE ONLY catalogue.product
    ADD CONSTRAINT product_pkey PRIMARY KEY (id);

ALTER TABLE ONLY catalogue.sku
    ADD CONSTRAINT sku_code_is_unique UNIQUE (code);

ALTER TABLE catalogue.sku
    ADD CONSTRAINT sku_fitting_is_known CHECK ((fitting = ANY (ARRAY['none'::text, 'offered'::text, 'needed'::text]))) NOT VALID;

ALTER TABLE ONLY catalogue.sku
    ADD CONSTRAINT sku_pkey PRIMARY KEY (id);

ALTER TABLE ONLY catalogue.tax_class
    ADD CONSTRAINT tax_class_pkey PRIMARY KEY (code);

ALTER TABLE ONLY closing.balance
    ADD CONSTRAINT balance_pkey PRIMARY KEY (close_id, purpose);

ALTER TABLE ONLY closing.close
    ADD CONSTRAINT close_follows_one_other UNIQUE NULLS NOT DISTINCT (entity_id, currency, digest_before);

ALTER TABLE ONLY closing.close
    ADD CONSTRAINT close_pkey PRIMARY KEY (id);

ALTER TABLE ONLY closing.expectation
    ADD CONSTRAINT expectation_pkey PRIMARY KEY (close_id, category);

ALTER TABLE ONLY closing.close
    ADD CONSTRAINT month_closed_once UNIQUE (entity_id, currency, month);

ALTER TABLE ONLY closing.recovery
    ADD CONSTRAINT recovery_pkey PRIMARY KEY (currency, version);

ALTER TABLE ONLY customers.access
    ADD CONSTRAINT access_pkey PRIMARY KEY (id);

ALTER TABLE ONLY customers.address
    ADD CONSTRAINT address_pkey PRIMARY KEY (id);

ALTER TABLE ONLY customers.binding
    ADD CONSTRAINT binding_pkey PRIMARY KEY (id);

ALTER TABLE ONLY customers.consent_change
    ADD CONSTRAINT consent_change_pkey PRIMARY KEY (member_id, purpose, channel, receiver_id, at, granted);

ALTER TABLE ONLY customers.consent
    ADD CONSTRAINT consent_pkey PRIMARY KEY (member_id, purpose, channel, receiver_id);

ALTER TABLE ONLY customers.delivery_doubt
    ADD CONSTRAINT delivery_doubt_pkey PRIMARY KEY (order_id);

ALTER TABLE ONLY customers.delivery
    ADD CONSTRAINT delivery_pkey PRIMARY KEY (order_id);

ALTER TABLE ONLY customers.identity
    ADD CONSTRAINT identity_is_one_members PRIMARY KEY (kind, blind);

ALTER TABLE ONLY customers.member_key
    ADD CONSTRAINT member_key_pkey PRIMARY KEY (member_id);

ALTER TABLE ONLY customers.member
    ADD CONSTRAINT member_pkey PRIMARY KEY (id);

ALTER TABLE ONLY customers.moment
    ADD CONSTRAINT moment_pkey PRIMARY KEY (member_id, at, kind, subject);

ALTER TABLE ONLY customers.rest
    ADD CONSTRAINT rest_pkey PRIMARY KEY (member_id);

ALTER TABLE ONLY customers.session
    ADD CONSTRAINT session_pkey PRIMARY KEY (token_hash);

ALTER TABLE ONLY customers.shown_number
    ADD CONSTRAINT shown_number_is_one_members UNIQUE (number);

ALTER TABLE ONLY customers.shown_number
    ADD CONSTRAINT shown_number_pkey PRIMARY KEY (member_id);

ALTER TABLE ONLY customers.sign_in_code
    ADD CONSTRAINT sign_in_code_pkey PRIMARY KEY (phone);

ALTER TABLE ONLY customers.sign_in_limit
    ADD CONSTRAINT sign_in_limit_pkey PRIMARY KEY (kind, blind);

ALTER TABLE ONLY edge.answer_conflict
    ADD CONSTRAINT answer_conflict_pkey PRIMARY KEY (caller, key, content_hash);

ALTER TABLE ONLY edge.answer
    ADD CONSTRAINT answer_pkey PRIMARY KEY (caller, key);

ALTER TABLE ONLY feeds.feed
    ADD CONSTRAINT feed_code_once UNIQUE (code);

ALTER TABLE ONLY feeds.feed
    ADD CONSTRAINT feed_pkey PRIMARY KEY (id);

ALTER TABLE ONLY feeds.feed
    ADD CONSTRAINT leaf_has_one_feed UNIQUE (leaf_id);

ALTER TABLE ONLY feeds.record
    ADD CONSTRAINT record_pkey PRIMARY KEY (feed_id, day);

ALTER TABLE ONLY feeds.snapshot
    ADD CONSTRAINT snapshot_number_once UNIQUE (feed_id, number);

ALTER TABLE ONLY feeds.snapshot
    ADD CONSTRAINT snapshot_pkey PRIMARY KEY (id);

ALTER TABLE ONLY feeds.stated
    ADD CONSTRAINT stated_pkey PRIMARY KEY (leaf_id, sku_id);

ALTER TABLE ONLY feeds.statement
    ADD CONSTRAINT statement_pkey PRIMARY KEY (snapshot_id, sku_id);

ALTER TABLE ONLY feeds.suspicion
    ADD CONSTRAINT suspicion_pkey PRIMARY KEY (id);

ALTER TABLE ONLY fulfilment.box_kind
    ADD CONSTRAINT box_kind_key UNIQUE NULLS NOT DISTINCT (site_id, code);

ALTER TABLE ONLY fulfilment.boxed
    ADD CONSTRAINT boxed_key PRIMARY KEY (round_id, allocation_id);

ALTER TABLE fulfilment.call
    ADD CONSTRAINT call_class_known CHECK ((temperature_class = ANY (ARRAY['ambient'::text, 'cool'::text, 'frozen'::text]))) NOT VALID;

ALTER TABLE ONLY fulfilment.call_line
    ADD CONSTRAINT call_line_key PRIMARY KEY (call_id, line_id);

ALTER TABLE ONLY fulfilment.call
    ADD CONSTRAINT call_pkey PRIMARY KEY (id);

ALTER TABLE ONLY fulfilment.call_site
    ADD CONSTRAINT call_site_key PRIMARY KEY (call_id, site_id);

ALTER TABLE fulfilment.capacity
    ADD CONSTRAINT capacity_filled_has_its_moment CHECK (((filled_limit IS NULL) = (filled_at IS NULL))) NOT VALID;

ALTER TABLE fulfilment.capacity
    ADD CONSTRAINT capacity_filled_limit_not_negative CHECK ((filled_limit >= 0)) NOT VALID;

ALTER TABLE ONLY fulfilment.capacity
    ADD CONSTRAINT capacity_key PRIMARY KEY (site_id, day);

ALTER TABLE ONLY fulfilment.dark_site
    ADD CONSTRAINT dark_site_key PRIMARY KEY (site_id, since);

ALTER TABLE ONLY fulfilment.label
    ADD CONSTRAINT label_number_is_one_parcels UNIQUE (number);

ALTER TABLE ONLY fulfilment.label
    ADD CONSTRAINT label_pkey PRIMARY KEY (task_id);

ALTER TABLE ONLY fulfilment.label_print
    ADD CONSTRAINT label_print_pkey PRIMARY KEY (id);

ALTER TABLE ONLY fulfilment.learnt_limit
    ADD CONSTRAINT learnt_limit_pkey PRIMARY KEY (site_id);

ALTER TABLE ONLY fulfilment.packed_in
    ADD CONSTRAINT packed_in_pkey PRIMARY KEY (task_id);

ALTER TABLE ONLY fulfilment.photo
    ADD CONSTRAINT photo_key PRIMARY KEY (id);

ALTER TABLE ONLY fulfilment.photo_point
    ADD CONSTRAINT photo_point_key PRIMARY KEY (task_id, allocation_id);

ALTER TABLE ONLY fulfilment.photo_rule
    ADD CONSTRAINT photo_rule_key UNIQUE NULLS NOT DISTINCT (cause, category);

ALTER TABLE ONLY fulfilment.round_task
    ADD CONSTRAINT round_has_one_task_per_box UNIQUE (round_id, box);

ALTER TABLE ONLY fulfilment.round
    ADD CONSTRAINT round_pkey PRIMARY KEY (id);

ALTER TABLE ONLY fulfilment.round_short
    ADD CONSTRAINT round_short_pkey PRIMARY KEY (id);

ALTER TABLE ONLY fulfilment.round_task
    ADD CONSTRAINT round_task_key PRIMARY KEY (round_id, task_id);

ALTER TABLE ONLY fulfilment.site_limit
    ADD CONSTRAINT site_limit_pkey PRIMARY KEY (site_id);

ALTER TABLE ONLY fulfilment.site_seen
    ADD CONSTRAINT site_seen_key PRIMARY KEY (site_id);

ALTER TABLE fulfilment.task
    ADD CONSTRAINT task_class_known CHECK ((temperature_class = ANY (ARRAY['ambient'::text, 'cool'::text, 'frozen'::text]))) NOT VALID;

ALTER TABLE ONLY fulfilment.task_line
    ADD CONSTRAINT task_line_key PRIMARY KEY (task_id, allocation_id);

ALTER TABLE ONLY fulfilment.task
    ADD CONSTRAINT task_pkey PRIMARY KEY (id);

ALTER TABLE ONLY fulfilment.waiting_pay
    ADD CONSTRAINT waiting_pay_pkey PRIMARY KEY (work_id, site_id);

ALTER TABLE ONLY fulfilment.waybill
    ADD CONSTRAINT waybill_of_one_parcel PRIMARY KEY (task_id);

ALTER TABLE ONLY fulfilment.withdrawal
    ADD CONSTRAINT withdrawal_key PRIMARY KEY (id, allocation_id);

ALTER TABLE ONLY inbox.message
    ADD CONSTRAINT message_content_is_kept_once UNIQUE (branch_id, channel, external_id, content_hash);

ALTER TABLE ONLY inbox.message
    ADD CONSTRAINT message_pkey PRIMARY KEY (id);

ALTER TABLE ONLY inbox.step
    ADD CONSTRAINT step_pkey PRIMARY KEY (message_id, number);

ALTER TABLE ONLY insight.acceptance_site
    ADD CONSTRAINT acceptance_site_key PRIMARY KEY (version, site_id);

ALTER TABLE ONLY insight.acceptance_version
    ADD CONSTRAINT acceptance_version_pkey PRIMARY KEY (version);

ALTER TABLE ONLY insight.broken_by_day
    ADD CONSTRAINT broken_by_day_pkey PRIMARY KEY (day, side, site_id, cause);

ALTER TABLE ONLY insight.capacity_site
    ADD CONSTRAINT capacity_site_pkey PRIMARY KEY (version, site_id);

ALTER TABLE ONLY insight.capacity_version
    ADD CONSTRAINT capacity_version_pkey PRIMARY KEY (version);

ALTER TABLE ONLY insight.handed_over_by_packer
    ADD CONSTRAINT handed_over_by_packer_pkey PRIMARY KEY (day, sent_site_id, packer_id);

ALTER TABLE ONLY insight.handed_over_by_sku
    ADD CONSTRAINT handed_over_by_sku_pkey PRIMARY KEY (day, sku_id);

ALTER TABLE ONLY insight.happening
    ADD CONSTRAINT happening_pkey PRIMARY KEY ("position");

ALTER TABLE ONLY insight.judged_line
    ADD CONSTRAINT judged_line_pkey PRIMARY KEY (order_id, line_id);

ALTER TABLE ONLY insight.order_stage
    ADD CONSTRAINT order_stage_pkey PRIMARY KEY (order_id);

ALTER TABLE ONLY insight.outlet
    ADD CONSTRAINT outlet_is_named_once UNIQUE (site_id, channel, currency);

ALTER TABLE ONLY insight.outlet
    ADD CONSTRAINT outlet_pkey PRIMARY KEY (outlet_id);

ALTER TABLE ONLY insight."placing"
    ADD CONSTRAINT placing_pkey PRIMARY KEY (second, process_id);

ALTER TABLE ONLY insight.placing_refused
    ADD CONSTRAINT placing_refused_pkey PRIMARY KEY (second, process_id, code);

ALTER TABLE ONLY insight.returned_loss
    ADD CONSTRAINT returned_loss_pkey PRIMARY KEY (number);

ALTER TABLE ONLY insight.rights_by_day
    ADD CONSTRAINT rights_by_day_pkey PRIMARY KEY (day, side, site_id);

ALTER TABLE ONLY insight.sales_by_day
    ADD CONSTRAINT sales_by_day_pkey PRIMARY KEY (day, series_id);

ALTER TABLE ONLY insight.sales_by_hour
    ADD CONSTRAINT sales_by_hour_pkey PRIMARY KEY (hour, series_id);

ALTER TABLE ONLY insight.sales_by_minute
    ADD CONSTRAINT sales_by_minute_pkey PRIMARY KEY (minute, series_id);

ALTER TABLE ONLY insight.series
    ADD CONSTRAINT series_is_named_once UNIQUE (outlet_id, sku_id, line_kind);

ALTER TABLE ONLY insight.series
    ADD CONSTRAINT series_pkey PRIMARY KEY (series_id);

ALTER TABLE ONLY insight.stage_count
    ADD CONSTRAINT stage_count_pkey PRIMARY KEY (site_id, stage);

ALTER TABLE ONLY insight.takings_by_day
    ADD CONSTRAINT takings_by_day_pkey PRIMARY KEY (day, outlet_id);

ALTER TABLE ONLY insight.takings_by_hour
    ADD CONSTRAINT takings_by_hour_pkey PRIMARY KEY (hour, outlet_id);

ALTER TABLE ONLY insight.takings_by_minute
    ADD CONSTRAINT takings_by_minute_pkey PRIMARY KEY (minute, outlet_id);

ALTER TABLE ONLY invoices.document
    ADD CONSTRAINT document_number_unique UNIQUE (number);

ALTER TABLE ONLY invoices.document
    ADD CONSTRAINT document_pkey PRIMARY KEY (id);

ALTER TABLE ONLY invoices.goods_code
    ADD CONSTRAINT goods_code_pkey PRIMARY KEY (kind, category);

ALTER TABLE ONLY invoices.line
    ADD CONSTRAINT line_pkey PRIMARY KEY (document_id, "position");

ALTER TABLE ONLY invoices.wish
    ADD CONSTRAINT wish_of_a_seller_once UNIQUE (order_id, entity_id);

ALTER TABLE ONLY invoices.wish
    ADD CONSTRAINT wish_pkey PRIMARY KEY (id);

ALTER TABLE ONLY ledger.account
    ADD CONSTRAINT account_is_one_of_its_kind UNIQUE NULLS NOT DISTINCT (entity_id, purpose, currency, party_id);

ALTER TABLE ONLY ledger.account
    ADD CONSTRAINT account_number_unique UNIQUE (number);

ALTER TABLE ONLY ledger.account
    ADD CONSTRAINT account_pkey PRIMARY KEY (id);

ALTER TABLE ONLY ledger.entry
    ADD CONSTRAINT entry_key_once UNIQUE (key);

ALTER TABLE ledger.entry
    ADD CONSTRAINT entry_kind_known CHECK ((kind = ANY (ARRAY['sale'::text, 'charge'::text, 'voucher'::text, 'payment'::text, 'refund'::text, 'share'::text, 'share_release'::text, 'share_claw_back'::text, 'reversal'::text, 'blind_return'::text, 'adjustment'::text, 'opening'::text, 'payout'::text, 'payout_paid'::text, 'payout_returned'::text, 'fee'::text, 'supply'::text, 'bonus'::text, 'expected_returns'::text, 'paid_for_another'::text, 'drawer'::text, 'reclaim'::text, 'reclaim_came'::text, 'reclaim_failed'::text, 'promotion'::text, 'points'::text, 'on_way'::text, 'stored_value'::text]))) NOT VALID;

ALTER TABLE ONLY ledger.entry
    ADD CONSTRAINT entry_pkey PRIMARY KEY (id);

ALTER TABLE ONLY ledger.folded_balance
    ADD CONSTRAINT folded_balance_pkey PRIMARY KEY (account_number);

ALTER TABLE ONLY ledger.entry_part
    ADD CONSTRAINT part_of_entry_once PRIMARY KEY (part_id, entry_id, currency);

ALTER TABLE ONLY ledger.reversal
    ADD CONSTRAINT reversal_pkey PRIMARY KEY (entry_id);

ALTER TABLE ONLY ledger.reversal
    ADD CONSTRAINT reversal_step_once UNIQUE (part_id, of_entry_id, units_before);

ALTER TABLE ONLY ledger.reversed_part
    ADD CONSTRAINT reversed_part_pkey PRIMARY KEY (part_id, entry_id);

ALTER TABLE ONLY log.event
    ADD CONSTRAINT event_pkey PRIMARY KEY ("position");

ALTER TABLE ONLY log.follower
    ADD CONSTRAINT follower_pkey PRIMARY KEY (name);

ALTER TABLE ONLY log.parked_event
    ADD CONSTRAINT parked_event_pkey PRIMARY KEY (follower, "position");

ALTER TABLE ONLY marketplaces.entry
    ADD CONSTRAINT entry_pkey PRIMARY KEY (id);

ALTER TABLE ONLY marketplaces.goods
    ADD CONSTRAINT goods_pkey PRIMARY KEY (sku_id);

ALTER TABLE ONLY marketplaces.goods_terms
    ADD CONSTRAINT goods_terms_pkey PRIMARY KEY (channel, subject, subject_code, version);

ALTER TABLE ONLY marketplaces.loan
    ADD CONSTRAINT loan_pkey PRIMARY KEY (channel, sku_id);

ALTER TABLE ONLY marketplaces.marketplace
    ADD CONSTRAINT marketplace_pkey PRIMARY KEY (channel, version);

ALTER TABLE ONLY marketplaces.shipment
    ADD CONSTRAINT shipment_pkey PRIMARY KEY (order_id);

ALTER TABLE ONLY marketplaces.step
    ADD CONSTRAINT step_pkey PRIMARY KEY (id);

ALTER TABLE ONLY marketplaces.test_line
    ADD CONSTRAINT test_line_pkey PRIMARY KEY (test_order_id, "position");

ALTER TABLE ONLY marketplaces.test_order
    ADD CONSTRAINT test_order_number_is_taken_once UNIQUE (channel, external_number);

ALTER TABLE ONLY marketplaces.test_order
    ADD CONSTRAINT test_order_pkey PRIMARY KEY (id);

ALTER TABLE ONLY migration.version
    ADD CONSTRAINT version_pkc PRIMARY KEY (version_num);

ALTER TABLE ONLY notices.gateway
    ADD CONSTRAINT gateway_pkey PRIMARY KEY (is_one);

ALTER TABLE ONLY notices.notice
    ADD CONSTRAINT notice_is_put_down_once UNIQUE (order_id, about, version);

ALTER TABLE ONLY notices.notice
    ADD CONSTRAINT notice_pkey PRIMARY KEY (id);

ALTER TABLE ONLY orders.channel
    ADD CONSTRAINT channel_pkey PRIMARY KEY (code);

ALTER TABLE ONLY orders.conflict
    ADD CONSTRAINT conflict_is_kept_once UNIQUE (channel, external_number, content_hash);

ALTER TABLE ONLY orders.conflict
    ADD CONSTRAINT conflict_pkey PRIMARY KEY (id);

ALTER TABLE ONLY orders.known
    ADD CONSTRAINT number_is_one_order PRIMARY KEY (channel, external_number);

ALTER TABLE ONLY orders.known_00
    ADD CONSTRAINT known_00_pkey PRIMARY KEY (channel, external_number);

ALTER TABLE ONLY orders.known_01
    ADD CONSTRAINT known_01_pkey PRIMARY KEY (channel, external_number);

ALTER TABLE ONLY orders.known_02
    ADD CONSTRAINT known_02_pkey PRIMARY KEY (channel, external_number);

ALTER TABLE ONLY orders.known_03
    ADD CONSTRAINT known_03_pkey PRIMARY KEY (channel, external_number);

ALTER TABLE ONLY orders.known_04
    ADD CONSTRAINT known_04_pkey PRIMARY KEY (channel, external_number);

ALTER TABLE ONLY orders.known_05
    ADD CONSTRAINT known_05_pkey PRIMARY KEY (channel, external_number);

ALTER TABLE ONLY orders.known_06
    ADD CONSTRAINT known_06_pkey PRIMARY KEY (channel, external_number);

ALTER TABLE ONLY orders.known_07
    ADD CONSTRAINT known_07_pkey PRIMARY KEY (channel, external_number);

ALTER TABLE ONLY orders.known_08
    ADD CONSTRAINT known_08_pkey PRIMARY KEY (channel, external_number);

ALTER TABLE ONLY orders.known_09
    ADD CONSTRAINT known_09_pkey PRIMARY KEY (channel, external_number);

ALTER TABLE ONLY orders.known_10
    ADD CONSTRAINT known_10_pkey PRIMARY KEY (channel, external_number);

ALTER TABLE ONLY orders.known_11
    ADD CONSTRAINT known_11_pkey PRIMARY KEY (channel, external_number);

ALTER TABLE ONLY orders.known_12
    ADD CONSTRAINT known_12_pkey PRIMARY KEY (channel, external_number);

ALTER TABLE ONLY orders.known_13
    ADD CONSTRAINT known_13_pkey PRIMARY KEY (channel, external_number);

ALTER TABLE ONLY orders.known_14
    ADD CONSTRAINT known_14_pkey PRIMARY KEY (channel, external_number);

ALTER TABLE ONLY orders.known_15
    ADD CONSTRAINT known_15_pkey PRIMARY KEY (channel, external_number);

ALTER TABLE ONLY orders.line
    ADD CONSTRAINT line_pkey PRIMARY KEY (order_id, line_id);

ALTER TABLE ONLY orders.line_default
    ADD CONSTRAINT line_default_pkey PRIMARY KEY (order_id, line_id);

ALTER TABLE ONLY orders.named_site
    ADD CONSTRAINT named_site_pkey PRIMARY KEY (order_id, site_id);

ALTER TABLE ONLY orders."order"
    ADD CONSTRAINT order_pkey PRIMARY KEY (id);

ALTER TABLE ONLY orders.order_default
    ADD CONSTRAINT order_default_pkey PRIMARY KEY (id);

ALTER TABLE orders."order"
    ADD CONSTRAINT order_delivery_is_known CHECK ((delivery = ANY (ARRAY['deliver'::text, 'courier'::text, 'fitting'::text, 'collect'::text, 'carried_out'::text]))) NOT VALID;

ALTER TABLE orders."order"
    ADD CONSTRAINT order_waits_for_a_known_thing CHECK ((source_waits_for = ANY (ARRAY['capacity'::text, 'site'::text, 'claim'::text, 'limits'::text, 'equipment'::text, 'together'::text]))) NOT VALID;

ALTER TABLE ONLY orders.parking
    ADD CONSTRAINT parking_pkey PRIMARY KEY (order_id, line_id);

ALTER TABLE ONLY orders.payer
    ADD CONSTRAINT payer_pkey PRIMARY KEY (member_id);

ALTER TABLE ONLY orders.preorder
    ADD CONSTRAINT preorder_pkey PRIMARY KEY (id);

ALTER TABLE ONLY orders.preordered
    ADD CONSTRAINT preordered_pkey PRIMARY KEY (order_id, line_id);

ALTER TABLE ONLY orders.price_ask
    ADD CONSTRAINT price_ask_pkey PRIMARY KEY (id);

ALTER TABLE ONLY orders.price_change
    ADD CONSTRAINT price_change_pkey PRIMARY KEY (line_id);

ALTER TABLE ONLY orders.price_change
    ADD CONSTRAINT price_change_spends_once UNIQUE (ask_id);

ALTER TABLE ONLY orders.quote
    ADD CONSTRAINT quote_pkey PRIMARY KEY (order_id);

ALTER TABLE ONLY orders.quote_default
    ADD CONSTRAINT quote_default_pkey PRIMARY KEY (order_id);

ALTER TABLE ONLY orders.reservation
    ADD CONSTRAINT reservation_pkey PRIMARY KEY (order_id);

ALTER TABLE ONLY orders.till_case
    ADD CONSTRAINT till_case_pkey PRIMARY KEY (till_id, number);

ALTER TABLE ONLY orders.till_sale
    ADD CONSTRAINT till_sale_is_one_order UNIQUE (order_id);

ALTER TABLE ONLY orders.till_sale
    ADD CONSTRAINT till_sale_pkey PRIMARY KEY (till_id, number);

ALTER TABLE ONLY orders.unpaid
    ADD CONSTRAINT unpaid_pkey PRIMARY KEY (order_id);

ALTER TABLE ONLY org.api_key
    ADD CONSTRAINT api_key_pkey PRIMARY KEY (id);

ALTER TABLE ONLY org.counter_limit
    ADD CONSTRAINT counter_limit_pkey PRIMARY KEY (number);

ALTER TABLE ONLY org.entity
    ADD CONSTRAINT entity_code_is_unique UNIQUE (code);

ALTER TABLE ONLY org.entity
    ADD CONSTRAINT entity_pkey PRIMARY KEY (id);

ALTER TABLE ONLY org.api_key
    ADD CONSTRAINT key_is_found_by_its_hash UNIQUE (token_hash);

ALTER TABLE ONLY org.party
    ADD CONSTRAINT party_code_is_unique UNIQUE (code);

ALTER TABLE ONLY org.party
    ADD CONSTRAINT party_pkey PRIMARY KEY (id);

ALTER TABLE ONLY org.password
    ADD CONSTRAINT password_pkey PRIMARY KEY (person_id);

ALTER TABLE ONLY org.person
    ADD CONSTRAINT person_pkey PRIMARY KEY (id);

ALTER TABLE ONLY org.role
    ADD CONSTRAINT role_pkey PRIMARY KEY (person_id, branch_id, role);

ALTER TABLE ONLY org.session
    ADD CONSTRAINT session_pkey PRIMARY KEY (token_hash);

ALTER TABLE ONLY org.sign_in_failure
    ADD CONSTRAINT sign_in_failure_pkey PRIMARY KEY (sign_in_name);

ALTER TABLE ONLY org.person
    ADD CONSTRAINT sign_in_name_is_unique UNIQUE (sign_in_name);

ALTER TABLE ONLY org.site
    ADD CONSTRAINT site_code_is_unique UNIQUE (code);

ALTER TABLE ONLY org.site
    ADD CONSTRAINT site_pkey PRIMARY KEY (id);

ALTER TABLE ONLY org.unit
    ADD CONSTRAINT unit_code_is_unique UNIQUE (code);

ALTER TABLE ONLY org.unit
    ADD CONSTRAINT unit_pkey PRIMARY KEY (id);

ALTER TABLE payments.payment
    ADD CONSTRAINT carried_capture_is_of_a_payment CHECK (((carried_intent_id IS NULL) OR (carried_from IS NOT NULL))) NOT VALID;

ALTER TABLE payments.payment
    ADD CONSTRAINT carried_is_not_captured CHECK (((intent_id IS NULL) OR (carried_from IS NULL))) NOT VALID;

ALTER TABLE ONLY payments.exception
    ADD CONSTRAINT exception_pkey PRIMARY KEY (id);

ALTER TABLE ONLY payments.intent
    ADD CONSTRAINT intent_key_is_one_intent UNIQUE (key);

ALTER TABLE ONLY payments.intent
    ADD CONSTRAINT intent_pkey PRIMARY KEY (id);

ALTER TABLE ONLY payments.payment
    ADD CONSTRAINT payment_key_is_one_payment UNIQUE (key);

ALTER TABLE ONLY payments.payment
    ADD CONSTRAINT payment_pkey PRIMARY KEY (id);

ALTER TABLE ONLY payments.refund
    ADD CONSTRAINT refund_key_is_one_refund UNIQUE (key);

ALTER TABLE ONLY payments.refund_part
    ADD CONSTRAINT refund_part_pkey PRIMARY KEY (refund_id, payment_id);

ALTER TABLE ONLY payments.refund
    ADD CONSTRAINT refund_pkey PRIMARY KEY (id);

ALTER TABLE ONLY payments.shift
    ADD CONSTRAINT shift_pkey PRIMARY KEY (id);

ALTER TABLE ONLY payments.shift
    ADD CONSTRAINT shift_z_once_per_till UNIQUE (till_id, z_number);

ALTER TABLE payments.till_move
    ADD CONSTRAINT till_move_has_a_source CHECK (((source_id IS NULL) = (kind <> ALL (ARRAY['sale'::text, 'refund'::text, 'top_up'::text])))) NOT VALID;

ALTER TABLE payments.till_move
    ADD CONSTRAINT till_move_kind_known CHECK ((kind = ANY (ARRAY['sale'::text, 'refund'::text, 'bank_drop'::text, 'change'::text, 'petty_cash'::text, 'top_up'::text]))) NOT VALID;

ALTER TABLE ONLY payments.till_move
    ADD CONSTRAINT till_move_once_per_source UNIQUE (source_id, method);

ALTER TABLE ONLY payments.till_move
    ADD CONSTRAINT till_move_pkey PRIMARY KEY (id);

ALTER TABLE ONLY payouts.account
    ADD CONSTRAINT account_pkey PRIMARY KEY (id);

ALTER TABLE ONLY payouts.contract
    ADD CONSTRAINT contract_pkey PRIMARY KEY (payer_id);

ALTER TABLE ONLY payouts.download
    ADD CONSTRAINT download_pkey PRIMARY KEY (id);

ALTER TABLE payouts.line
    ADD CONSTRAINT line_gives_back_what_it_paid CHECK (((reclaimed_minor >= 0) AND (reclaimed_minor <= net_minor))) NOT VALID;

ALTER TABLE ONLY payouts.line
    ADD CONSTRAINT line_pkey PRIMARY KEY (id);

ALTER TABLE ONLY payouts.line
    ADD CONSTRAINT line_receiver_once UNIQUE (request_id, account_id);

ALTER TABLE ONLY payouts.notice
    ADD CONSTRAINT notice_pkey PRIMARY KEY (id);

ALTER TABLE ONLY payouts.payer
    ADD CONSTRAINT payer_of_its_entity UNIQUE (id, entity_id, currency);

ALTER TABLE ONLY payouts.payer
    ADD CONSTRAINT payer_pkey PRIMARY KEY (id);

ALTER TABLE ONLY payouts.payout
    ADD CONSTRAINT payout_number_unique UNIQUE (number);

ALTER TABLE ONLY payouts.payout
    ADD CONSTRAINT payout_pkey PRIMARY KEY (id);

ALTER TABLE ONLY payouts.reclaim
    ADD CONSTRAINT reclaim_pkey PRIMARY KEY (id);

ALTER TABLE ONLY payouts.request
    ADD CONSTRAINT request_pkey PRIMARY KEY (id);

ALTER TABLE ONLY payouts.terms
    ADD CONSTRAINT terms_pkey PRIMARY KEY (currency, version);

ALTER TABLE ONLY payouts.transaction
    ADD CONSTRAINT transaction_of_one_payment UNIQUE (payment_id);

ALTER TABLE ONLY payouts.transaction
    ADD CONSTRAINT transaction_pkey PRIMARY KEY (payer_id, number);

ALTER TABLE ONLY payouts.unfreezing
    ADD CONSTRAINT unfreezing_once_for_a_transaction UNIQUE (payer_id, transaction_number);

ALTER TABLE ONLY payouts.unfreezing
    ADD CONSTRAINT unfreezing_pkey PRIMARY KEY (id);

ALTER TABLE ONLY pricing.coupon_batch
    ADD CONSTRAINT batch_code_is_unique UNIQUE (code);

ALTER TABLE ONLY pricing.borne
    ADD CONSTRAINT borne_pkey PRIMARY KEY (part_id, "position");

ALTER TABLE ONLY pricing.coupon_batch
    ADD CONSTRAINT coupon_batch_pkey PRIMARY KEY (id);

ALTER TABLE ONLY pricing.coupon_entry
    ADD CONSTRAINT coupon_entry_pkey PRIMARY KEY (number);

ALTER TABLE ONLY pricing.coupon_holder
    ADD CONSTRAINT coupon_holder_pkey PRIMARY KEY (batch_id, member_id);

ALTER TABLE ONLY pricing.coupon_line
    ADD CONSTRAINT coupon_line_pkey PRIMARY KEY (order_id, coupon_id, line_id);

ALTER TABLE ONLY pricing.coupon
    ADD CONSTRAINT coupon_pkey PRIMARY KEY (id);

ALTER TABLE ONLY pricing.coupon
    ADD CONSTRAINT coupon_secret_is_unique UNIQUE (secret);

ALTER TABLE ONLY pricing.freight
    ADD CONSTRAINT freight_pkey PRIMARY KEY (number);

ALTER TABLE ONLY pricing.funding_agreement
    ADD CONSTRAINT funding_agreement_pkey PRIMARY KEY (id);

ALTER TABLE ONLY pricing.points_account
    ADD CONSTRAINT points_account_pkey PRIMARY KEY (member_id);

ALTER TABLE ONLY pricing.points_entry
    ADD CONSTRAINT points_entry_pkey PRIMARY KEY (number);

ALTER TABLE ONLY pricing.points_lot
    ADD CONSTRAINT points_lot_pkey PRIMARY KEY (id);

ALTER TABLE ONLY pricing.points_entry
    ADD CONSTRAINT points_move_once UNIQUE (key);

ALTER TABLE ONLY pricing.points_programme
    ADD CONSTRAINT points_programme_pkey PRIMARY KEY (id);

ALTER TABLE ONLY pricing.points_use
    ADD CONSTRAINT points_use_pkey PRIMARY KEY (order_id);

ALTER TABLE ONLY pricing.price_list
    ADD CONSTRAINT price_list_code_is_unique UNIQUE (code);

ALTER TABLE ONLY pricing.price_list
    ADD CONSTRAINT price_list_pkey PRIMARY KEY (id);

ALTER TABLE ONLY pricing.price
    ADD CONSTRAINT price_pkey PRIMARY KEY (price_list_id, sku_id, valid_from, id);

ALTER TABLE ONLY pricing.points_programme
    ADD CONSTRAINT programme_version_is_unique UNIQUE (version);

ALTER TABLE ONLY pricing.promotion
    ADD CONSTRAINT promotion_pkey PRIMARY KEY (id);

ALTER TABLE ONLY pricing.promotion
    ADD CONSTRAINT promotion_version_is_unique UNIQUE (code, version);

ALTER TABLE ONLY pricing.coupon_batch
    ADD CONSTRAINT shared_code_leads_to_one_batch UNIQUE (shared_code);

ALTER TABLE ONLY pricing.tax_rate
    ADD CONSTRAINT tax_rate_pkey PRIMARY KEY (country, tax_class, valid_from, id);

ALTER TABLE ONLY promises.arrival
    ADD CONSTRAINT arrival_pkey PRIMARY KEY (task_id);

ALTER TABLE ONLY promises.held_back
    ADD CONSTRAINT held_back_pkey PRIMARY KEY (version, stage);

ALTER TABLE promises.held_back
    ADD CONSTRAINT held_back_stage_is_known CHECK ((stage = ANY (ARRAY['ready'::text, 'lane'::text, 'courier'::text]))) NOT VALID;

ALTER TABLE ONLY promises.learning
    ADD CONSTRAINT learning_pkey PRIMARY KEY (version);

ALTER TABLE promises.pace
    ADD CONSTRAINT pace_is_of_a_site_or_a_band CHECK (
CASE
    WHEN (stage = 'lane'::text) THEN (band IS NOT NULL)
    ELSE ((site_id IS NOT NULL) AND (band IS NULL))
END) NOT VALID;

ALTER TABLE ONLY promises.pace
    ADD CONSTRAINT pace_is_told_once UNIQUE NULLS NOT DISTINCT (version, stage, site_id, band);

ALTER TABLE promises.pace
    ADD CONSTRAINT pace_stage_is_known CHECK ((stage = ANY (ARRAY['ready'::text, 'lane'::text, 'courier'::text]))) NOT VALID;

ALTER TABLE ONLY promises.promise
    ADD CONSTRAINT promise_is_replaced_once UNIQUE (replaces_id);

ALTER TABLE promises.promise
    ADD CONSTRAINT promise_kind_is_known CHECK ((kind = ANY (ARRAY['deliver'::text, 'collect'::text, 'courier'::text, 'appointment'::text, 'fitting'::text]))) NOT VALID;

ALTER TABLE ONLY promises.promise
    ADD CONSTRAINT promise_pkey PRIMARY KEY (id);

ALTER TABLE ONLY promises.terms
    ADD CONSTRAINT terms_pkey PRIMARY KEY (version);

ALTER TABLE ONLY returns.announced_line
    ADD CONSTRAINT announced_line_once UNIQUE (announced_id, line_id);

ALTER TABLE ONLY returns.announced_line
    ADD CONSTRAINT announced_line_pkey PRIMARY KEY (announced_id, "position");

ALTER TABLE ONLY returns.announced
    ADD CONSTRAINT announced_number_once UNIQUE (channel, external_number);

ALTER TABLE ONLY returns.announced
    ADD CONSTRAINT announced_pkey PRIMARY KEY (id);

ALTER TABLE ONLY returns.announced_way
    ADD CONSTRAINT announced_way_code_once UNIQUE (code);

ALTER TABLE ONLY returns.announced_way
    ADD CONSTRAINT announced_way_pkey PRIMARY KEY (announced_id);

ALTER TABLE ONLY returns.exchange
    ADD CONSTRAINT exchange_pkey PRIMARY KEY (id);

ALTER TABLE ONLY returns.grading
    ADD CONSTRAINT grading_pkey PRIMARY KEY (id);

ALTER TABLE ONLY returns.match
    ADD CONSTRAINT match_pkey PRIMARY KEY (return_line_id, "position");

ALTER TABLE ONLY returns.return_window
    ADD CONSTRAINT one_window_from_a_moment UNIQUE NULLS NOT DISTINCT (channel, category, effective_from);

ALTER TABLE ONLY returns.exchange
    ADD CONSTRAINT order_of_one_exchange UNIQUE (new_order_id);

ALTER TABLE ONLY returns.receipt
    ADD CONSTRAINT receipt_pkey PRIMARY KEY (id);

ALTER TABLE ONLY returns.return_line
    ADD CONSTRAINT return_line_once UNIQUE (return_id, "position");

ALTER TABLE ONLY returns.return_line
    ADD CONSTRAINT return_line_pkey PRIMARY KEY (id);

ALTER TABLE ONLY returns.return
    ADD CONSTRAINT return_number_once UNIQUE (channel, external_number);

ALTER TABLE ONLY returns.photo
    ADD CONSTRAINT return_photo_key PRIMARY KEY (id);

ALTER TABLE ONLY returns.photo
    ADD CONSTRAINT return_photo_once UNIQUE NULLS NOT DISTINCT (return_id, line_id, sent_hash);

ALTER TABLE ONLY returns.photo_rule
    ADD CONSTRAINT return_photo_rule_key PRIMARY KEY (about, value);

ALTER TABLE ONLY returns.photo_waived
    ADD CONSTRAINT return_photo_waived_key PRIMARY KEY (return_id, line_id);

ALTER TABLE ONLY returns.return
    ADD CONSTRAINT return_pkey PRIMARY KEY (id);

ALTER TABLE ONLY returns.return_window
    ADD CONSTRAINT return_window_pkey PRIMARY KEY (id);

ALTER TABLE ONLY returns.way_terms
    ADD CONSTRAINT way_terms_pkey PRIMARY KEY (number);

ALTER TABLE ONLY reviews.alert
    ADD CONSTRAINT alert_pkey PRIMARY KEY (review_id);

ALTER TABLE ONLY reviews.decision
    ADD CONSTRAINT decision_pkey PRIMARY KEY (id);

ALTER TABLE ONLY reviews.mood_model
    ADD CONSTRAINT mood_model_pkey PRIMARY KEY (version);

ALTER TABLE ONLY reviews.picture
    ADD CONSTRAINT picture_has_its_place UNIQUE (review_id, "position");

ALTER TABLE ONLY reviews.picture
    ADD CONSTRAINT picture_pkey PRIMARY KEY (id);

ALTER TABLE ONLY reviews.reading
    ADD CONSTRAINT reading_pkey PRIMARY KEY (review_id);

ALTER TABLE ONLY reviews.reply
    ADD CONSTRAINT reply_pkey PRIMARY KEY (id);

ALTER TABLE ONLY reviews.review
    ADD CONSTRAINT review_pkey PRIMARY KEY (id);

ALTER TABLE ONLY reviews.said
    ADD CONSTRAINT said_pkey PRIMARY KEY (review_id, theme);

ALTER TABLE ONLY reviews.tally
    ADD CONSTRAINT tally_pkey PRIMARY KEY (about, subject_id);

ALTER TABLE ONLY reviews.theme_list
    ADD CONSTRAINT theme_list_pkey PRIMARY KEY (version);

ALTER TABLE ONLY reviews.version
    ADD CONSTRAINT version_pkey PRIMARY KEY (review_id, version);

ALTER TABLE ONLY search.order_document
    ADD CONSTRAINT order_document_pkey PRIMARY KEY (order_id);

ALTER TABLE ONLY search.order_site
    ADD CONSTRAINT order_site_pkey PRIMARY KEY (site_id, placed_at, order_id);

ALTER TABLE ONLY search.order_words
    ADD CONSTRAINT order_words_pkey PRIMARY KEY (order_id);

ALTER TABLE ONLY search.product_document
    ADD CONSTRAINT product_document_code_is_unique UNIQUE (code) DEFERRABLE INITIALLY DEFERRED;

ALTER TABLE ONLY search.product_document
    ADD CONSTRAINT product_document_pkey PRIMARY KEY (product_id);

ALTER TABLE ONLY sharing.claw_back
    ADD CONSTRAINT claw_back_step_once UNIQUE (line_id, part_id, units_before);

ALTER TABLE ONLY sharing.claw_back
    ADD CONSTRAINT clawed_back_once_for_a_reference PRIMARY KEY (line_id, part_id, reference);

ALTER TABLE ONLY sharing.evaluation
    ADD CONSTRAINT evaluation_has_its_place UNIQUE (ladder_id, month, party_id, entity_id, funder_id, number);

ALTER TABLE ONLY sharing.evaluation
    ADD CONSTRAINT evaluation_pkey PRIMARY KEY (id);

ALTER TABLE sharing.split
    ADD CONSTRAINT facts_are_nine_or_ten CHECK ((cardinality(facts) = ANY (ARRAY[9, 10]))) NOT VALID;

ALTER TABLE ONLY sharing.ladder_draft
    ADD CONSTRAINT ladder_draft_pkey PRIMARY KEY (code);

ALTER TABLE ONLY sharing.ladder
    ADD CONSTRAINT ladder_of_a_month_stands UNIQUE (code, from_month);

ALTER TABLE ONLY sharing.ladder
    ADD CONSTRAINT ladder_pkey PRIMARY KEY (id);

ALTER TABLE ONLY sharing.line_kind
    ADD CONSTRAINT line_kind_pkey PRIMARY KEY (id);

ALTER TABLE ONLY sharing.rule_set
    ADD CONSTRAINT one_rule_set_from_a_moment UNIQUE (currency, effective_from);

ALTER TABLE ONLY sharing.own_member
    ADD CONSTRAINT own_member_pkey PRIMARY KEY (member_id, party_id);

ALTER TABLE ONLY sharing.split
    ADD CONSTRAINT part_split_once PRIMARY KEY (line_id, part_id);

ALTER TABLE ONLY sharing.pending_part
    ADD CONSTRAINT pending_part_pkey PRIMARY KEY (due_at, line_id, part_id);

ALTER TABLE ONLY sharing.release
    ADD CONSTRAINT release_pkey PRIMARY KEY (id);

ALTER TABLE ONLY sharing.released_amount
    ADD CONSTRAINT released_amount_pkey PRIMARY KEY (release_id, entity_id, party_id, currency, due_on);

ALTER TABLE ONLY sharing.returned_part
    ADD CONSTRAINT returned_part_pkey PRIMARY KEY (line_id, part_id);

ALTER TABLE ONLY sharing.rule_row
    ADD CONSTRAINT rule_row_pkey PRIMARY KEY (rule_set_id, "position");

ALTER TABLE ONLY sharing.rule_set
    ADD CONSTRAINT rule_set_pkey PRIMARY KEY (id);

ALTER TABLE ONLY sharing.rule_set
    ADD CONSTRAINT rule_set_version_unique UNIQUE (version);

ALTER TABLE sharing.split
    ADD CONSTRAINT share_for_waiting_says_why CHECK ((num_nonnulls(waited_since, waited_rounds, waited_version) =
CASE
    WHEN (0 = ANY (rule_rows)) THEN 3
    ELSE 0
END)) NOT VALID;

ALTER TABLE ONLY sharing.trial
    ADD CONSTRAINT trial_pkey PRIMARY KEY (id);

ALTER TABLE ONLY simulator.replay
    ADD CONSTRAINT replay_pkey PRIMARY KEY (name);

ALTER TABLE ONLY simulator.world
    ADD CONSTRAINT world_pkey PRIMARY KEY (name);

ALTER TABLE ONLY slots.booking
    ADD CONSTRAINT booking_pkey PRIMARY KEY (order_id);

ALTER TABLE ONLY slots.code_failure
    ADD CONSTRAINT code_failure_pkey PRIMARY KEY (order_id);

ALTER TABLE ONLY slots.setting
    ADD CONSTRAINT setting_pkey PRIMARY KEY (number);

ALTER TABLE slots.setting
    ADD CONSTRAINT setting_way_known CHECK ((way = ANY (ARRAY['courier'::text, 'in_store'::text, 'at_home'::text]))) NOT VALID;

ALTER TABLE ONLY slots.slot
    ADD CONSTRAINT slot_pkey PRIMARY KEY (site_id, way, starts_at);

ALTER TABLE slots.slot
    ADD CONSTRAINT slot_way_known CHECK ((way = ANY (ARRAY['courier'::text, 'in_store'::text, 'at_home'::text]))) NOT VALID;

ALTER TABLE ONLY slots.visit
    ADD CONSTRAINT visit_pkey PRIMARY KEY (order_id, number);

ALTER TABLE ONLY sourcing.day_prices
    ADD CONSTRAINT day_is_priced_once UNIQUE (day, currency);

ALTER TABLE ONLY sourcing.day_price_sku
    ADD CONSTRAINT day_price_sku_pkey PRIMARY KEY (version, sku_id);

ALTER TABLE ONLY sourcing.day_prices
    ADD CONSTRAINT day_prices_pkey PRIMARY KEY (version);

ALTER TABLE ONLY sourcing.decision
    ADD CONSTRAINT decision_key PRIMARY KEY (order_id, wave_id);

ALTER TABLE sourcing.decision
    ADD CONSTRAINT every_parcel_has_its_site CHECK (
CASE
    WHEN (parcel_classes IS NULL) THEN ((length(verdicts) - length(replace(verdicts, '*'::text, ''::text))) = jsonb_array_length(parcels))
    ELSE ((((length(verdicts) - length(replace(verdicts, '*'::text, ''::text))) >= 1) AND ((length(verdicts) - length(replace(verdicts, '*'::text, ''::text))) <= jsonb_array_length(parcels))) AND (cardinality(parcel_classes) = jsonb_array_length(parcels)))
END) NOT VALID;

ALTER TABLE sourcing.decision
    ADD CONSTRAINT every_verdict_has_its_lateness CHECK (((late_minor IS NULL) OR (cardinality(late_minor) = cardinality(prices_minor)))) NOT VALID;

ALTER TABLE ONLY sourcing.override_change
    ADD CONSTRAINT override_change_pkey PRIMARY KEY (number);

ALTER TABLE ONLY sourcing.override
    ADD CONSTRAINT override_pkey PRIMARY KEY (unit_id, setting);

ALTER TABLE ONLY sourcing.profile
    ADD CONSTRAINT profile_pkey PRIMARY KEY (version);

ALTER TABLE ONLY sourcing.site_cost
    ADD CONSTRAINT site_cost_key PRIMARY KEY (site_id, currency);

ALTER TABLE ONLY sourcing.site_equipment
    ADD CONSTRAINT site_equipment_pkey PRIMARY KEY (number);

ALTER TABLE ONLY sourcing.trial
    ADD CONSTRAINT trial_pkey PRIMARY KEY (id);

ALTER TABLE ONLY sourcing.wave
    ADD CONSTRAINT wave_pkey PRIMARY KEY (id);

ALTER TABLE ONLY statements.dispute
    ADD CONSTRAINT dispute_pkey PRIMARY KEY (id);

ALTER TABLE ONLY statements.dispute_word
    ADD CONSTRAINT dispute_word_pkey PRIMARY KEY (dispute_id, number);

ALTER TABLE ONLY statements.leaf
    ADD CONSTRAINT leaf_pkey PRIMARY KEY (party_id, day);

ALTER TABLE ONLY statements.page
    ADD CONSTRAINT page_pkey PRIMARY KEY (party_id, day, number);

ALTER TABLE ONLY statements.seal
    ADD CONSTRAINT seal_follows_one_other UNIQUE (previous_root);

ALTER TABLE ONLY statements.seal
    ADD CONSTRAINT seal_pkey PRIMARY KEY (day);

ALTER TABLE ONLY statements.seal
    ADD CONSTRAINT seal_root_is_its_own UNIQUE (root);

ALTER TABLE ONLY statements.sealed_party
    ADD CONSTRAINT sealed_party_pkey PRIMARY KEY (party_id);

ALTER TABLE ONLY statements.sealed_party
    ADD CONSTRAINT sealed_party_position_unique UNIQUE ("position");

ALTER TABLE ONLY stock.allocation
    ADD CONSTRAINT allocation_pkey PRIMARY KEY (id);

ALTER TABLE ONLY stock.asked_count
    ADD CONSTRAINT asked_count_pkey PRIMARY KEY (id);

ALTER TABLE ONLY stock.count_line
    ADD CONSTRAINT count_line_once UNIQUE NULLS NOT DISTINCT (count_id, sku_id, lot_id);

ALTER TABLE ONLY stock.count_line
    ADD CONSTRAINT count_line_pkey PRIMARY KEY (id);

ALTER TABLE ONLY stock.count_session
    ADD CONSTRAINT count_session_pkey PRIMARY KEY (id);

ALTER TABLE ONLY stock.doubt
    ADD CONSTRAINT doubt_pkey PRIMARY KEY (leaf_id, sku_id);

ALTER TABLE ONLY stock.hold
    ADD CONSTRAINT hold_pkey PRIMARY KEY (line_id);

ALTER TABLE ONLY stock.leaf_lot
    ADD CONSTRAINT leaf_lot_pkey PRIMARY KEY (sku_id, leaf_id, lot_id);

ALTER TABLE ONLY stock.leaf_stock
    ADD CONSTRAINT leaf_stock_pkey PRIMARY KEY (sku_id, leaf_id);

ALTER TABLE ONLY stock.lot_movement
    ADD CONSTRAINT lot_movement_pkey PRIMARY KEY (movement_id, lot_id);

ALTER TABLE ONLY stock.lot
    ADD CONSTRAINT lot_named_once UNIQUE (sku_id, code);

ALTER TABLE ONLY stock.lot
    ADD CONSTRAINT lot_pkey PRIMARY KEY (id);

ALTER TABLE ONLY stock.lot_plan
    ADD CONSTRAINT lot_plan_pkey PRIMARY KEY (allocation_id, lot_id);

ALTER TABLE ONLY stock.movement_note
    ADD CONSTRAINT movement_note_pkey PRIMARY KEY (movement_id);

ALTER TABLE ONLY stock.movement
    ADD CONSTRAINT movement_pkey PRIMARY KEY (id);

ALTER TABLE ONLY stock.node
    ADD CONSTRAINT node_pkey PRIMARY KEY (id);

ALTER TABLE ONLY stock.node_stock
    ADD CONSTRAINT node_stock_pkey PRIMARY KEY (sku_id, node_id);

ALTER TABLE ONLY stock.quota_draw
    ADD CONSTRAINT quota_draw_pkey PRIMARY KEY (line_id, quota_id);

ALTER TABLE ONLY stock.quota
    ADD CONSTRAINT quota_pkey PRIMARY KEY (id);

ALTER TABLE ONLY stock.restock
    ADD CONSTRAINT restock_pkey PRIMARY KEY (id);

ALTER TABLE ONLY stock.shelf_life
    ADD CONSTRAINT shelf_life_pkey PRIMARY KEY (sku_id);

ALTER TABLE ONLY stock.shelf_place
    ADD CONSTRAINT shelf_place_key PRIMARY KEY (site_id, sku_id);

ALTER TABLE ONLY stock.shortfall
    ADD CONSTRAINT shortfall_pkey PRIMARY KEY (id);

ALTER TABLE ONLY stock.transfer_arrival
    ADD CONSTRAINT transfer_arrival_pkey PRIMARY KEY (id);

ALTER TABLE ONLY stock.transfer_line
    ADD CONSTRAINT transfer_line_once UNIQUE NULLS NOT DISTINCT (transfer_id, sku_id, lot_id);

ALTER TABLE ONLY stock.transfer
    ADD CONSTRAINT transfer_pkey PRIMARY KEY (id);

ALTER TABLE ONLY stored_value.account
    ADD CONSTRAINT account_of_member_and_company UNIQUE (member_id, entity_id, currency);

ALTER TABLE ONLY stored_value.account
    ADD CONSTRAINT account_pkey PRIMARY KEY (id);

ALTER TABLE ONLY stored_value.cash_out
    ADD CONSTRAINT cash_out_pkey PRIMARY KEY (id);

ALTER TABLE ONLY stored_value.movement
    ADD CONSTRAINT movement_pkey PRIMARY KEY (number);

ALTER TABLE ONLY stored_value.terms
    ADD CONSTRAINT terms_pkey PRIMARY KEY (number);

ALTER TABLE ONLY stored_value.use
    ADD CONSTRAINT use_pkey PRIMARY KEY (id);

ALTER TABLE ONLY stored_value.movement
    ADD CONSTRAINT value_moves_once UNIQUE (kind, ref);

ALTER TABLE ONLY supply.noted
    ADD CONSTRAINT noted_pkey PRIMARY KEY (part_id);

ALTER TABLE ONLY supply.term
    ADD CONSTRAINT one_term_at_a_moment UNIQUE NULLS NOT DISTINCT (owner_id, buyer_id, currency, sku_id, from_at);

ALTER TABLE ONLY supply.term
    ADD CONSTRAINT term_pkey PRIMARY KEY (id);

ALTER TABLE ONLY touchpoints.archive
    ADD CONSTRAINT archive_pkey PRIMARY KEY (id);

ALTER TABLE ONLY touchpoints.attribution
    ADD CONSTRAINT attribution_pkey PRIMARY KEY (order_id);

ALTER TABLE ONLY touchpoints.attribution_rule
    ADD CONSTRAINT attribution_rule_pkey PRIMARY KEY (role, effective_from);

ALTER TABLE ONLY touchpoints.binding_rule
    ADD CONSTRAINT binding_rule_pkey PRIMARY KEY (kind, role, effective_from);

ALTER TABLE ONLY touchpoints.live_room
    ADD CONSTRAINT code_is_one_live_room UNIQUE (code);

ALTER TABLE ONLY touchpoints.touchpoint
    ADD CONSTRAINT code_is_one_touchpoint UNIQUE (code);

ALTER TABLE ONLY touchpoints.live_room
    ADD CONSTRAINT live_room_pkey PRIMARY KEY (id);

ALTER TABLE ONLY touchpoints.live_room_sku
    ADD CONSTRAINT live_room_sku_pkey PRIMARY KEY (live_room_id, "position");

ALTER TABLE ONLY touchpoints.logo
    ADD CONSTRAINT logo_pkey PRIMARY KEY (id);

ALTER TABLE ONLY touchpoints.scan_count
    ADD CONSTRAINT scan_count_pkey PRIMARY KEY (touchpoint_id, day);

ALTER TABLE ONLY touchpoints.claim
    ADD CONSTRAINT scan_is_claimed_once PRIMARY KEY (scan_id);

ALTER TABLE ONLY touchpoints.scan
    ADD CONSTRAINT scan_pkey PRIMARY KEY (id);

ALTER TABLE ONLY touchpoints.live_room_sku
    ADD CONSTRAINT sku_is_shown_once UNIQUE (live_room_id, sku_id);

ALTER TABLE ONLY touchpoints.tie
    ADD CONSTRAINT tie_pkey PRIMARY KEY (scan_id, role);

ALTER TABLE ONLY touchpoints.touchpoint
    ADD CONSTRAINT touchpoint_pkey PRIMARY KEY (id);

ALTER TABLE ONLY touchpoints.unit_guess
    ADD CONSTRAINT unit_guess_pkey PRIMARY KEY (asker, hour);

ALTER TABLE ONLY touchpoints.unit_scan
    ADD CONSTRAINT unit_scan_pkey PRIMARY KEY (unit_id, visitor);

ALTER TABLE ONLY webhooks.delivery
    ADD CONSTRAINT delivery_pkey PRIMARY KEY (id);

ALTER TABLE ONLY webhooks.delivery
    ADD CONSTRAINT event_is_told_once UNIQUE (subscription_id, event_id);

ALTER TABLE ONLY webhooks.subscription
    ADD CONSTRAINT subscription_pkey PRIMARY KEY (id);

CREATE INDEX bill_by_time ON bills.bill USING btree (source_id, taken_at DESC, id);

CREATE INDEX difference_by_line ON bills.difference USING btree (line_id) WHERE (line_id IS NOT NULL);

CREATE INDEX difference_by_our_line ON bills.difference USING btree (source_id, our_kind, our_id) WHERE (our_id IS NOT NULL);

CREATE INDEX difference_standing ON bills.difference USING btree (source_id, kind, day, id) WHERE (state = ANY (ARRAY['open'::text, 'told'::text]));

CREATE INDEX line_by_day ON bills.line USING btree (source_id, day, id);

CREATE INDEX line_by_number ON bills.line USING btree (source_id, number, id) WHERE (number <> ''::text);

CREATE UNIQUE INDEX line_of_a_row_stands_once ON bills.line USING btree (bill_id, "row", kind);

CREATE INDEX paid_with_by_our_day ON bills.paid_with USING btree (source_id, our_day);

CREATE INDEX pair_by_our_day ON bills.pair USING btree (source_id, our_day);

CREATE INDEX run_by_time ON bills.run USING btree (source_id, run_at DESC, id);

CREATE INDEX source_by_entity ON bills.source USING btree (entity_id, code);

CREATE INDEX opening_by_order ON buyers.opening USING btree (order_id, id);

CREATE INDEX opening_by_person ON buyers.opening USING btree (person_id, id);

CREATE INDEX sealing_to_look_at ON buyers.sealing USING btree (look_at, order_id) WHERE (look_at IS NOT NULL);

CREATE INDEX sku_by_product ON catalogue.sku USING btree (product_id);

CREATE INDEX close_by_time ON closing.close USING btree (closed_at DESC, id DESC);

CREATE INDEX access_by_member ON customers.access USING gin (member_ids);

CREATE INDEX address_by_member ON customers.address USING btree (member_id, added_at);

CREATE INDEX binding_by_member ON customers.binding USING btree (member_id, bound_at);

CREATE INDEX binding_by_party ON customers.binding USING btree (party_id) WHERE (ended_at IS NULL);

CREATE INDEX delivery_by_member ON customers.delivery USING btree (member_id);

CREATE INDEX identity_by_last_four ON customers.identity USING btree (last_four) WHERE (last_four IS NOT NULL);

CREATE INDEX identity_by_member ON customers.identity USING btree (member_id);

CREATE INDEX member_by_name ON customers.member USING btree (name_blind) WHERE (name_blind IS NOT NULL);

CREATE UNIQUE INDEX one_default_address ON customers.address USING btree (member_id) WHERE is_default;

CREATE UNIQUE INDEX one_open_binding_per_role ON customers.binding USING btree (member_id, role) WHERE (ended_at IS NULL);

CREATE INDEX session_by_end ON customers.session USING btree (expires_at);

CREATE INDEX session_by_member ON customers.session USING btree (member_id);

CREATE INDEX sign_in_code_by_end ON customers.sign_in_code USING btree (expires_at);

CREATE INDEX sign_in_limit_by_age ON customers.sign_in_limit USING btree (last_at);

CREATE INDEX answer_by_age ON edge.answer USING btree (at);

CREATE INDEX feed_by_site ON feeds.feed USING btree (site_id);

CREATE UNIQUE INDEX one_open_suspicion ON feeds.suspicion USING btree (leaf_id, sku_id) WHERE (state = 'open'::text);

CREATE INDEX snapshot_by_age ON feeds.snapshot USING btree (heard_at, id);

CREATE INDEX snapshot_by_feed ON feeds.snapshot USING btree (feed_id, id);

CREATE INDEX stated_by_feed ON feeds.stated USING btree (feed_id, sku_id);

CREATE INDEX suspicion_by_feed ON feeds.suspicion USING btree (feed_id, id);

CREATE INDEX call_by_order ON fulfilment.call USING btree (order_id);

CREATE UNIQUE INDEX code_is_one_parcels ON fulfilment.task USING btree (site_id, code_hash) WHERE (code_hash IS NOT NULL);

CREATE INDEX cold_task_by_site ON fulfilment.task USING btree (site_id, temperature_class, offered_at) WHERE (temperature_class <> 'ambient'::text);

CREATE UNIQUE INDEX dark_site_is_dark_once ON fulfilment.dark_site USING btree (site_id) WHERE (ended_at IS NULL);

CREATE INDEX ended_by_site ON fulfilment.task USING btree (site_id, ended_at) WHERE (ended_at IS NOT NULL);

CREATE INDEX label_by_tracking_number ON fulfilment.label USING btree (tracking_number) WHERE (tracking_number IS NOT NULL);

CREATE INDEX label_print_by_task ON fulfilment.label_print USING btree (task_id);

CREATE INDEX lapsed_by_end ON fulfilment.task USING btree (ended_at, site_id) WHERE (state = 'lapsed'::text);

CREATE INDEX offered_by_deadline ON fulfilment.task USING btree (deadline, id) WHERE (state = 'offered'::text);

CREATE INDEX open_by_site ON fulfilment.task USING btree (site_id, deadline, id) WHERE (state = ANY (ARRAY['offered'::text, 'accepted'::text, 'picking'::text, 'checked'::text, 'packed'::text]));

CREATE INDEX open_call_by_deadline ON fulfilment.call USING btree (deadline, id) WHERE (state = 'open'::text);

CREATE INDEX photo_by_task ON fulfilment.photo USING btree (task_id, allocation_id);

CREATE INDEX photo_to_forget ON fulfilment.photo USING btree (kept_at) WHERE (content IS NOT NULL);

CREATE INDEX round_by_site ON fulfilment.round USING btree (site_id, id);

CREATE INDEX round_short_by_round ON fulfilment.round_short USING btree (round_id);

CREATE INDEX task_by_order ON fulfilment.task USING btree (order_id);

CREATE UNIQUE INDEX task_is_of_one_call ON fulfilment.call USING btree (task_id) WHERE (task_id IS NOT NULL);

CREATE UNIQUE INDEX task_is_picked_in_one_round ON fulfilment.round_task USING btree (task_id) WHERE (left_at IS NULL);

CREATE INDEX task_line_by_allocation ON fulfilment.task_line USING btree (allocation_id);

CREATE INDEX waiting_by_deadline ON fulfilment.task USING btree (collect_by, id) WHERE ((state = 'packed'::text) AND (kind = 'collect'::text));

CREATE INDEX waiting_pay_by_order ON fulfilment.waiting_pay USING btree (order_id);

CREATE INDEX waybill_by_time ON fulfilment.waybill USING btree (handed_over_at, task_id);

CREATE INDEX waybill_by_tracking_number ON fulfilment.waybill USING btree (tracking_number);

CREATE INDEX withdrawal_by_task ON fulfilment.withdrawal USING btree (task_id);

CREATE INDEX message_by_number ON inbox.message USING btree (channel, external_number) WHERE (next_try_at IS NOT NULL);

CREATE INDEX message_due ON inbox.message USING btree (next_try_at, id) WHERE (next_try_at IS NOT NULL);

CREATE UNIQUE INDEX message_name_is_taken_once ON inbox.message USING btree (branch_id, channel, external_id) WHERE (conflicts_with IS NULL);

CREATE INDEX message_to_forget ON inbox.message USING btree (settled_at, id) WHERE ((settled_at IS NOT NULL) AND (sealed IS NOT NULL));

CREATE INDEX message_unsettled ON inbox.message USING btree (id) WHERE (settled_at IS NULL);

CREATE INDEX judged_line_broken_by_day ON insight.judged_line USING btree (day DESC, order_id, line_id) WHERE (broken > 0);

CREATE INDEX judged_line_by_day ON insight.judged_line USING btree (day DESC, order_id, line_id);

CREATE INDEX judged_line_by_sender ON insight.judged_line USING btree (sent_site_id, day DESC, order_id, line_id);

CREATE INDEX judged_line_handed_over ON insight.judged_line USING btree (sent_site_id, day) INCLUDE (sku_id, units);

CREATE INDEX returned_loss_last ON insight.returned_loss USING btree (disposition, number DESC);

CREATE INDEX document_by_end ON invoices.document USING btree (ended_at, id) WHERE (ended_at IS NOT NULL);

CREATE INDEX document_by_wish ON invoices.document USING btree (wish_id, written_at, id);

CREATE UNIQUE INDEX document_one_at_a_time ON invoices.document USING btree (wish_id) WHERE (state = 'open'::text);

CREATE INDEX document_to_try ON invoices.document USING btree (next_try_at, id) WHERE (state = 'open'::text);

CREATE INDEX line_of_an_order ON invoices.line USING btree (line_id);

CREATE INDEX wish_stopped ON invoices.wish USING btree (wished_at, id) WHERE (stopped IS NOT NULL);

CREATE INDEX wish_to_look_at ON invoices.wish USING btree (look_at, id) WHERE ((look_at IS NOT NULL) AND (stopped IS NULL));

CREATE INDEX entry_by_cut ON ledger.entry USING brin (cut) WITH (autosummarize='on');

CREATE INDEX entry_by_time ON ledger.entry USING brin (at) WITH (autosummarize='on');

CREATE INDEX entry_part_by_entry ON ledger.entry_part USING brin (entry_id) WITH (pages_per_range='16', autosummarize='on');

CREATE INDEX event_by_subject ON log.event USING btree (subject, "position");

CREATE INDEX event_of_settings ON log.event USING btree ("position") WHERE (type = ANY (ARRAY['setting_changed'::text, 'safety_changed'::text, 'lot_recalled'::text, 'lot_freed'::text, 'counter_limit_set'::text, 'slot_terms_set'::text, 'role_given'::text, 'role_withdrawn'::text, 'person_left'::text, 'unit_rehung'::text, 'marketplace_terms_set'::text, 'marketplace_goods_terms_set'::text, 'rule_set_published'::text]));

CREATE INDEX parked_event_by_subject ON log.parked_event USING btree (follower, subject);

CREATE INDEX entry_by_loan ON marketplaces.entry USING btree (channel, sku_id, id);

CREATE INDEX entry_written_off_by ON marketplaces.entry USING btree (cause_id) WHERE (cause = 'written_off'::text);

CREATE INDEX goods_changed ON marketplaces.goods USING btree (sku_id) WHERE is_changed;

CREATE UNIQUE INDEX goods_terms_in_force ON marketplaces.goods_terms USING btree (channel, subject, subject_code) WHERE (replaced_at IS NULL);

CREATE INDEX loan_by_sku ON marketplaces.loan USING btree (sku_id);

CREATE UNIQUE INDEX marketplace_in_force ON marketplaces.marketplace USING btree (channel) WHERE (replaced_at IS NULL);

CREATE INDEX shipment_alarm ON marketplaces.shipment USING btree (alarm_at, order_id) WHERE ((ended_at IS NULL) AND (alarmed_at IS NULL) AND (alarm_at IS NOT NULL));

CREATE INDEX shipment_missed ON marketplaces.shipment USING btree (channel, missed_at) WHERE (missed_at IS NOT NULL);

CREATE INDEX shipment_open ON marketplaces.shipment USING btree (ship_by, order_id) WHERE ((ended_at IS NULL) AND (ship_by IS NOT NULL));

CREATE INDEX step_answered ON marketplaces.step USING btree (channel, answered_at) WHERE (answered_at IS NOT NULL);

CREATE INDEX step_by_loan ON marketplaces.step USING btree (channel, sku_id, id);

CREATE INDEX step_due ON marketplaces.step USING btree (next_try_at, id) WHERE (next_try_at IS NOT NULL);

CREATE INDEX notice_by_moment ON notices.notice USING btree (happened_at DESC, id DESC);

CREATE INDEX notice_due ON notices.notice USING btree (next_try_at, id) WHERE (state = 'waiting'::text);

CREATE INDEX notice_ended ON notices.notice USING btree (ended_at) WHERE (ended_at IS NOT NULL);

CREATE INDEX notice_not_told ON notices.notice USING btree (happened_at DESC, id DESC) WHERE (state = ANY (ARRAY['waiting'::text, 'failed'::text]));

CREATE INDEX notice_of_a_member ON notices.notice USING btree (member_id, happened_at DESC);

CREATE INDEX line_parked_by_sku ON ONLY orders.line USING btree (sku_id, order_id) WHERE (parked > 0);

CREATE INDEX line_default_sku_id_order_id_idx ON orders.line_default USING btree (sku_id, order_id) WHERE (parked > 0);

CREATE INDEX order_by_member ON ONLY orders."order" USING btree (member_id, placed_at) WHERE (member_id IS NOT NULL);

CREATE INDEX order_by_number ON ONLY orders."order" USING btree (number);

CREATE INDEX order_to_source ON ONLY orders."order" USING btree (COALESCE(source_after, placed_at), id) WHERE ((held > 0) AND (pay_until IS NULL));

CREATE INDEX order_default_coalesce_id_idx ON orders.order_default USING btree (COALESCE(source_after, placed_at), id) WHERE ((held > 0) AND (pay_until IS NULL));

CREATE INDEX order_default_member_id_placed_at_idx ON orders.order_default USING btree (member_id, placed_at) WHERE (member_id IS NOT NULL);

CREATE INDEX order_default_number_idx ON orders.order_default USING btree (number);

CREATE INDEX order_waiting_for_sites ON ONLY orders."order" USING btree (source_after, id) WHERE (source_after IS NOT NULL);

CREATE INDEX order_default_source_after_id_idx ON orders.order_default USING btree (source_after, id) WHERE (source_after IS NOT NULL);

CREATE INDEX parking_by_day ON orders.parking USING btree (expected_on, order_id, line_id);

CREATE INDEX preorder_by_time ON orders.preorder USING btree (stated_at, id);

CREATE UNIQUE INDEX preorder_that_stands ON orders.preorder USING btree (sku_id) WHERE (ended_at IS NULL);

CREATE INDEX preordered_by_member ON orders.preordered USING btree (preorder_id, member_id) WHERE (member_id IS NOT NULL);

CREATE INDEX preordered_by_preorder ON orders.preordered USING btree (preorder_id) INCLUDE (waiting, covered);

CREATE INDEX price_ask_open ON orders.price_ask USING btree (site_id, asked_at) WHERE ((decided_at IS NULL) AND (withdrawn_at IS NULL));

CREATE INDEX price_change_by_time ON orders.price_change USING btree (changed_at, line_id);

CREATE INDEX price_change_of_order ON orders.price_change USING btree (order_id);

CREATE INDEX price_change_of_site ON orders.price_change USING btree (site_id, changed_at);

CREATE INDEX reservation_at_site ON orders.reservation USING btree (site_id, until) WHERE (ended_at IS NULL);

CREATE INDEX reservation_made_at ON orders.reservation USING btree (made_at_site, until) WHERE (ended_at IS NULL);

CREATE INDEX till_case_open ON orders.till_case USING btree (handed_at, till_id, number) WHERE (settled_at IS NULL);

CREATE INDEX unpaid_by_address ON orders.unpaid USING btree (address) WHERE (address IS NOT NULL);

CREATE INDEX unpaid_by_device ON orders.unpaid USING btree (device) WHERE (device IS NOT NULL);

CREATE INDEX unpaid_by_end ON orders.unpaid USING btree (pay_until, order_id) WHERE (lapsed_at IS NULL);

CREATE INDEX unpaid_by_member ON orders.unpaid USING btree (member_id) WHERE (member_id IS NOT NULL);

CREATE INDEX unpaid_lapsed ON orders.unpaid USING btree (lapsed_at) WHERE (lapsed_at IS NOT NULL);

CREATE INDEX api_key_by_branch ON org.api_key USING btree (branch_id);

CREATE INDEX counter_limit_of_unit ON org.counter_limit USING btree (unit_id, setting, number DESC);

CREATE INDEX person_by_unit ON org.person USING btree (unit_id);

CREATE INDEX role_by_branch ON org.role USING btree (branch_id);

CREATE INDEX session_by_expiry ON org.session USING btree (expires_at);

CREATE INDEX session_by_person ON org.session USING btree (person_id);

CREATE INDEX sign_in_failure_by_age ON org.sign_in_failure USING btree (last_at);

CREATE INDEX site_by_unit ON org.site USING btree (unit_id);

CREATE INDEX unit_by_ancestor ON org.unit USING gin (path);

CREATE INDEX unit_by_parent ON org.unit USING btree (parent_id);

CREATE INDEX unit_roots ON org.unit USING btree (id) WHERE (parent_id IS NULL);

CREATE INDEX capture_to_answer ON payments.intent USING btree (expires_at) WHERE ((kind = 'capture'::text) AND (state = ANY (ARRAY['written'::text, 'waiting'::text])));

CREATE INDEX exception_by_order ON payments.exception USING btree (order_id) WHERE (order_id IS NOT NULL);

CREATE INDEX intent_by_order ON payments.intent USING btree (order_id) WHERE (order_id IS NOT NULL);

CREATE INDEX intent_to_try ON payments.intent USING btree (next_try_at) WHERE (next_try_at IS NOT NULL);

CREATE UNIQUE INDEX one_open_exception_per_subject ON payments.exception USING btree (kind, subject) WHERE (closed_at IS NULL);

CREATE UNIQUE INDEX one_payment_per_capture ON payments.payment USING btree (intent_id) WHERE (intent_id IS NOT NULL);

CREATE INDEX payment_by_company ON payments.payment USING btree (entity_id, currency, method, id) WHERE (intent_id IS NOT NULL);

CREATE INDEX payment_by_order ON payments.payment USING btree (order_id);

CREATE INDEX payment_by_taken_at ON payments.payment USING brin (taken_at) WITH (autosummarize='on');

CREATE INDEX payment_carried_from_capture ON payments.payment USING btree (carried_intent_id) WHERE (carried_intent_id IS NOT NULL);

CREATE INDEX refund_by_order ON payments.refund USING btree (order_id) WHERE (order_id IS NOT NULL);

CREATE INDEX refund_by_refunded_at ON payments.refund USING brin (refunded_at) WITH (autosummarize='on');

CREATE INDEX refund_by_return ON payments.refund USING btree (return_id) WHERE (return_id IS NOT NULL);

CREATE INDEX refund_part_by_payment ON payments.refund_part USING btree (payment_id);

CREATE INDEX shift_of_site ON payments.shift USING btree (site_id, opened_at);

CREATE INDEX shift_of_till ON payments.shift USING btree (till_id, opened_at);

CREATE UNIQUE INDEX shift_open_once_per_till ON payments.shift USING btree (till_id) WHERE (closed_at IS NULL);

CREATE INDEX till_move_of_shift ON payments.till_move USING btree (shift_id);

CREATE INDEX till_move_waits ON payments.till_move USING btree (till_id) WHERE (shift_id IS NULL);

CREATE INDEX account_by_sealing_key ON payouts.account USING btree (sealed_with, id);

CREATE UNIQUE INDEX account_in_use_by_party ON payouts.account USING btree (party_id) WHERE (closed_at IS NULL);

CREATE INDEX download_by_request ON payouts.download USING btree (request_id, id);

CREATE INDEX line_by_payout ON payouts.line USING btree (payout_id, id);

CREATE UNIQUE INDEX payer_by_way ON payouts.payer USING btree (entity_id, currency, way) WHERE (closed_at IS NULL);

CREATE INDEX payout_by_party ON payouts.payout USING btree (party_id, made_at);

CREATE INDEX payout_by_time ON payouts.payout USING btree (made_at, id);

CREATE UNIQUE INDEX payout_one_at_a_time ON payouts.payout USING btree (party_id, entity_id, currency) WHERE (state = ANY (ARRAY['planned'::text, 'approved'::text, 'sent'::text]));

CREATE INDEX payout_to_send ON payouts.payout USING btree (look_at, id) WHERE (look_at IS NOT NULL);

CREATE INDEX reclaim_by_line ON payouts.reclaim USING btree (line_id);

CREATE INDEX reclaim_by_time ON payouts.reclaim USING btree (made_at, id);

CREATE INDEX reclaim_due ON payouts.reclaim USING btree (next_try_at, id) WHERE (next_try_at IS NOT NULL);

CREATE UNIQUE INDEX reclaim_one_at_a_time_of_a_line ON payouts.reclaim USING btree (line_id) WHERE (state = ANY (ARRAY['planned'::text, 'approved'::text, 'asked'::text]));

CREATE INDEX reclaim_to_ask ON payouts.reclaim USING btree (approved_at, id) WHERE (state = 'approved'::text);

CREATE INDEX request_by_time ON payouts.request USING btree (written_at, id);

CREATE INDEX request_due ON payouts.request USING btree (next_try_at, id) WHERE (next_try_at IS NOT NULL);

CREATE INDEX transaction_shared_of ON payouts.transaction USING btree (payer_id, number) WHERE ((requests > 0) AND (left_minor IS DISTINCT FROM 0));

CREATE INDEX transaction_to_share ON payouts.transaction USING btree (payer_id, taken_at, number) WHERE (left_minor IS DISTINCT FROM 0);

CREATE INDEX unfreezing_due ON payouts.unfreezing USING btree (next_try_at, id) WHERE (next_try_at IS NOT NULL);

CREATE INDEX agreement_by_party ON pricing.funding_agreement USING btree (party_id, currency);

CREATE INDEX borne_by_line ON pricing.borne USING btree (line_id);

CREATE INDEX borne_by_party ON pricing.borne USING btree (owed_by, at) WHERE (owed_by IS NOT NULL);

CREATE INDEX borne_by_promotion ON pricing.borne USING btree (promotion_id, at);

CREATE INDEX coupon_batch_by_time ON pricing.coupon_batch USING btree (saved_at, id);

CREATE INDEX coupon_batch_for_staff ON pricing.coupon_batch USING btree (name) WHERE (by_staff AND (stopped_at IS NULL));

CREATE INDEX coupon_by_batch ON pricing.coupon USING btree (batch_id, id);

CREATE INDEX coupon_by_member ON pricing.coupon USING btree (member_id) WHERE (member_id IS NOT NULL);

CREATE INDEX coupon_by_order ON pricing.coupon USING btree (order_id) WHERE (order_id IS NOT NULL);

CREATE INDEX coupon_entry_by_coupon ON pricing.coupon_entry USING btree (coupon_id, number);

CREATE INDEX coupon_taken_by_batch ON pricing.coupon USING btree (batch_id, state) INCLUDE (off_minor, order_minor) WHERE (state <> 'free'::text);

CREATE INDEX freight_of_unit ON pricing.freight USING btree (unit_id, number DESC);

CREATE UNIQUE INDEX one_draft_of_the_programme ON pricing.points_programme USING btree ((true)) WHERE (published_at IS NULL);

CREATE INDEX points_account_by_expiry ON pricing.points_account USING btree (next_expiry_at, member_id) WHERE (next_expiry_at IS NOT NULL);

CREATE INDEX points_entry_by_lot ON pricing.points_entry USING btree (lot_id) WHERE (lot_id IS NOT NULL);

CREATE INDEX points_entry_by_member ON pricing.points_entry USING btree (member_id, number);

CREATE INDEX points_entry_by_order ON pricing.points_entry USING btree (order_id) WHERE (order_id IS NOT NULL);

CREATE INDEX points_lot_by_member ON pricing.points_lot USING btree (member_id, expires_at, id);

CREATE INDEX points_lot_by_order ON pricing.points_lot USING btree (order_id) WHERE (order_id IS NOT NULL);

CREATE INDEX points_lot_pending ON pricing.points_lot USING btree (due_at, id) WHERE is_pending;

CREATE INDEX points_use_by_member ON pricing.points_use USING btree (member_id);

CREATE UNIQUE INDEX promotion_waits_once ON pricing.promotion USING btree (code) WHERE (published_at IS NULL);

CREATE INDEX arrival_by_order ON promises.arrival USING btree (order_id);

CREATE INDEX promise_at_risk ON promises.promise USING btree (due_at) WHERE ((state = 'open'::text) AND (risk IS NOT NULL));

CREATE INDEX promise_by_order ON promises.promise USING btree (order_id, id);

CREATE INDEX promise_by_time ON promises.promise USING btree (promised_at, id);

CREATE UNIQUE INDEX promise_open_by_order ON promises.promise USING btree (order_id) WHERE (state = 'open'::text);

CREATE INDEX promise_to_look_at ON promises.promise USING btree (look_at, id) WHERE (look_at IS NOT NULL);

CREATE INDEX promise_under_way ON promises.promise USING btree (due_at) WHERE ((state = 'open'::text) AND (handed_over_at IS NOT NULL));

CREATE INDEX mark_by_time ON remembered.mark USING btree (made_at);

CREATE INDEX announced_by_line ON returns.announced_line USING btree (line_id);

CREATE INDEX announced_by_member ON returns.announced USING btree (member_id, announced_at) WHERE (member_id IS NOT NULL);

CREATE INDEX announced_by_order ON returns.announced USING btree (order_id);

CREATE INDEX announced_way_awaited ON returns.announced_way USING btree (site_id) WHERE ((way <> 'store'::text) AND is_awaited);

CREATE INDEX announced_way_by_parcel ON returns.announced_way USING btree (tracking_number) WHERE (tracking_number IS NOT NULL);

CREATE INDEX blind_return_waiting ON returns.return_line USING btree (id) WHERE (blind_state = 'waiting'::text);

CREATE INDEX exchange_by_order ON returns.exchange USING btree (order_id);

CREATE INDEX grading_by_return_line ON returns.grading USING btree (return_line_id);

CREATE INDEX match_by_line ON returns.match USING btree (line_id);

CREATE INDEX receipt_by_return_line ON returns.receipt USING btree (return_line_id);

CREATE INDEX return_by_member ON returns.return USING btree (member_id, at) WHERE (member_id IS NOT NULL);

CREATE INDEX return_by_moment ON returns.return USING btree (at);

CREATE INDEX return_by_order ON returns.return USING btree (order_id) WHERE (order_id IS NOT NULL);

CREATE INDEX return_line_accepted_by ON returns.return_line USING btree (blind_decided_by, blind_decided_at) WHERE (blind_state = 'accepted'::text);

CREATE INDEX return_line_to_grade ON returns.return_line USING btree (id) WHERE (received_units > graded_units);

CREATE INDEX return_photo_of_order ON returns.photo USING btree (order_id) WHERE (order_id IS NOT NULL);

CREATE INDEX return_photo_to_forget ON returns.photo USING btree (kept_at) WHERE (content IS NOT NULL);

CREATE INDEX way_terms_last ON returns.way_terms USING btree (way, number DESC);

CREATE INDEX decision_by_review ON reviews.decision USING btree (review_id, id);

CREATE UNIQUE INDEX one_review_per_line ON reviews.review USING btree (line_id) WHERE (about = 'product'::text);

CREATE UNIQUE INDEX one_review_per_order ON reviews.review USING btree (order_id, about) WHERE (about <> 'product'::text);

CREATE INDEX open_alert_by_site ON reviews.alert USING btree (site_id, raised_at) WHERE (ended_at IS NULL);

CREATE INDEX reading_by_sender ON reviews.reading USING btree (sender_id, review_id DESC) WHERE (sender_id IS NOT NULL);

CREATE INDEX reading_by_what_it_was_read_with ON reviews.reading USING btree (model_version, themes_version);

CREATE INDEX reading_by_words ON reviews.reading USING gin (words);

CREATE INDEX reading_of_bad ON reviews.reading USING btree (review_id DESC) WHERE is_bad;

CREATE INDEX reply_by_review ON reviews.reply USING btree (review_id, id);

CREATE INDEX review_by_day ON reviews.review USING btree (written_at);

CREATE INDEX review_by_member ON reviews.review USING btree (member_id, id DESC) WHERE (member_id IS NOT NULL);

CREATE INDEX review_by_order ON reviews.review USING btree (order_id);

CREATE INDEX review_by_product ON reviews.review USING btree (product_id, id DESC) WHERE (product_id IS NOT NULL);

CREATE INDEX review_by_site ON reviews.review USING btree (site_id, id DESC) WHERE (site_id IS NOT NULL);

CREATE INDEX review_unanswered ON reviews.review USING btree (id DESC) WHERE ((reply IS NULL) AND (hidden_at IS NULL));

CREATE INDEX said_by_theme ON reviews.said USING btree (theme, review_id DESC);

CREATE INDEX order_document_by_channel ON search.order_document USING btree (channel, placed_at, order_id);

CREATE INDEX order_document_by_member ON search.order_document USING btree (member_id, placed_at, order_id) WHERE (member_id IS NOT NULL);

CREATE INDEX order_document_by_stage ON search.order_document USING btree (stage, placed_at, order_id);

CREATE INDEX order_document_in_order ON search.order_document USING btree (placed_at, order_id);

CREATE INDEX order_site_by_order ON search.order_site USING btree (order_id);

CREATE INDEX order_words_by_word ON search.order_words USING gin (words);

CREATE INDEX product_document_by_word ON search.product_document USING gin (words);

CREATE INDEX evaluation_by_party ON sharing.evaluation USING btree (party_id, month);

CREATE INDEX own_member_by_party ON sharing.own_member USING btree (party_id);

CREATE INDEX released_amount_by_party ON sharing.released_amount USING btree (party_id, due_on);

CREATE INDEX split_by_time ON sharing.split USING brin (sold_at);

CREATE INDEX trial_by_rule_set ON sharing.trial USING btree (rule_set_id, asked_at);

CREATE INDEX trial_waiting ON sharing.trial USING btree (asked_at) WHERE (ended_at IS NULL);

CREATE INDEX booking_by_slot ON slots.booking USING btree (site_id, way, starts_at) WHERE (state = 'held'::text);

CREATE INDEX setting_of_unit ON slots.setting USING btree (unit_id, way, number DESC);

CREATE INDEX slot_ahead ON slots.slot USING btree (starts_at);

CREATE UNIQUE INDEX visit_under_way ON slots.visit USING btree (order_id) WHERE (ended_at IS NULL);

CREATE UNIQUE INDEX day_price_once ON sourcing.day_price USING btree (version, sku_id, category, site_id) NULLS NOT DISTINCT;

CREATE INDEX equipment_by_site ON sourcing.site_equipment USING btree (site_id, temperature_class, since);

CREATE UNIQUE INDEX equipment_in_force_once ON sourcing.site_equipment USING btree (site_id, temperature_class) WHERE (until IS NULL);

CREATE INDEX override_change_by_unit ON sourcing.override_change USING btree (unit_id, setting, set_at DESC, number DESC);

CREATE INDEX profile_in_force ON sourcing.profile USING btree (published_at DESC) WHERE (state = 'published'::text);

CREATE INDEX trial_by_version ON sourcing.trial USING btree (version, asked_at DESC);

CREATE INDEX trial_not_ended ON sourcing.trial USING btree (asked_at) WHERE (ended_at IS NULL);

CREATE INDEX wave_by_time ON sourcing.wave USING btree (decided_at DESC);

CREATE UNIQUE INDEX wave_price_once ON sourcing.wave_price USING btree (wave_id, site_id, sku_id) NULLS NOT DISTINCT;

CREATE INDEX dispute_by_party ON statements.dispute USING btree (party_id, id);

CREATE INDEX dispute_by_state ON statements.dispute USING btree (state, id);

CREATE UNIQUE INDEX dispute_once_for_a_line ON statements.dispute USING btree (party_id, entry_id, part_id, currency, entity_id) WHERE (state = ANY (ARRAY['open'::text, 'answered'::text, 'corrected'::text]));

CREATE INDEX leaf_by_day ON statements.leaf USING btree (day);

CREATE INDEX page_by_day ON statements.page USING btree (day);

CREATE INDEX allocation_by_sku ON stock.allocation USING btree (sku_id);

CREATE INDEX arrival_by_transfer ON stock.transfer_arrival USING btree (transfer_id, sku_id);

CREATE UNIQUE INDEX asked_count_once ON stock.asked_count USING btree (leaf_id, sku_id) WHERE (ended_at IS NULL);

CREATE INDEX count_session_by_leaf ON stock.count_session USING btree (leaf_id, id);

CREATE INDEX doubt_short ON stock.doubt USING btree (leaf_id, sku_id) WHERE (units < wanted);

CREATE INDEX draw_by_quota ON stock.quota_draw USING btree (quota_id);

CREATE INDEX hold_by_expiry ON stock.hold USING btree (expires_at, line_id) WHERE (expires_at IS NOT NULL);

CREATE INDEX hold_by_sku ON stock.hold USING btree (sku_id);

CREATE INDEX leaf_lot_by_lot ON stock.leaf_lot USING btree (lot_id);

CREATE INDEX leaf_lot_to_expire ON stock.leaf_lot USING btree (sell_until) WHERE ((units > 0) AND (NOT is_expired));

CREATE INDEX leaf_stock_by_leaf ON stock.leaf_stock USING btree (leaf_id);

CREATE INDEX lot_by_batch ON stock.lot USING btree (sku_id, batch);

CREATE INDEX lot_by_code ON stock.lot USING btree (code);

CREATE INDEX lot_movement_by_line ON stock.lot_movement USING btree (line_id) WHERE (line_id IS NOT NULL);

CREATE INDEX lot_movement_by_lot ON stock.lot_movement USING btree (lot_id, at);

CREATE INDEX lot_plan_by_leaf ON stock.lot_plan USING btree (sku_id, leaf_id);

CREATE INDEX lot_plan_by_lot ON stock.lot_plan USING btree (lot_id);

CREATE INDEX lot_recalled ON stock.lot USING btree (sku_id, batch) WHERE (recalled_at IS NOT NULL);

CREATE INDEX movement_by_sku ON stock.movement USING btree (sku_id, at, id);

CREATE INDEX movement_of_what_came ON stock.movement USING btree (sku_id, at) INCLUDE (leaf_id, on_hand, reason) WHERE ((on_hand > 0) AND (reason = ANY (ARRAY['receipt'::text, 'transfer_in'::text])));

CREATE INDEX node_by_parent ON stock.node USING btree (parent_id);

CREATE UNIQUE INDEX one_leaf_per_site_and_owner ON stock.node USING btree (site_id, owner_id) WHERE (kind = 'leaf'::text);

CREATE UNIQUE INDEX one_open_quota ON stock.quota USING btree (sku_id, node_id, kind, code) WHERE (ended_at IS NULL);

CREATE UNIQUE INDEX one_open_shortfall ON stock.shortfall USING btree (node_id, sku_id, kind) WHERE (closed_at IS NULL);

CREATE INDEX quota_by_end ON stock.quota USING btree (ends_at, id) WHERE (ended_at IS NULL);

CREATE INDEX quota_by_name ON stock.quota USING btree (kind, code, id);

CREATE INDEX quota_by_reserve ON stock.quota USING btree (reserve_id) WHERE (reserve_id IS NOT NULL);

CREATE INDEX restock_by_sku ON stock.restock USING btree (sku_id, stated_at);

CREATE UNIQUE INDEX restock_that_stands ON stock.restock USING btree (sku_id, site_id) NULLS NOT DISTINCT WHERE (ended_at IS NULL);

CREATE UNIQUE INDEX serial_in_one_place ON stock.leaf_lot USING btree (lot_id) WHERE (is_serial AND (units > 0));

CREATE INDEX transfer_by_receiver ON stock.transfer USING btree (to_leaf_id, id);

CREATE INDEX transfer_by_sender ON stock.transfer USING btree (from_leaf_id, id);

CREATE INDEX transfer_line_under_way ON stock.transfer_line USING btree (sku_id) WHERE (in_transit > 0);

CREATE INDEX movement_by_account ON stored_value.movement USING btree (account_id, number);

CREATE UNIQUE INDEX one_cash_out_at_a_time ON stored_value.cash_out USING btree (account_id) WHERE (state = 'asked'::text);

CREATE INDEX terms_last ON stored_value.terms USING btree (entity_id, currency, number DESC);

CREATE INDEX use_by_account ON stored_value.use USING btree (account_id);

CREATE INDEX noted_by_pair ON supply.noted USING btree (owner_id, buyer_id, currency, placed_at);

CREATE INDEX noted_by_sku ON supply.noted USING btree (owner_id, buyer_id, currency, sku_id, placed_at);

CREATE INDEX archive_by_moment ON touchpoints.archive USING btree (asked_at);

CREATE INDEX attribution_by_live_room ON touchpoints.attribution USING btree (live_room_id) WHERE (live_room_id IS NOT NULL);

CREATE INDEX attribution_by_moment ON touchpoints.attribution USING btree (placed_at DESC, order_id);

CREATE INDEX claim_by_member ON touchpoints.claim USING btree (member_id, at);

CREATE UNIQUE INDEX one_live_room_on_air_per_streamer ON touchpoints.live_room USING btree (streamer_id) WHERE ((started_at IS NOT NULL) AND (ended_at IS NULL));

CREATE UNIQUE INDEX one_receipt_per_order ON touchpoints.touchpoint USING btree (order_id) WHERE (kind = 'receipt'::text);

CREATE UNIQUE INDEX one_touchpoint_per_gtin ON touchpoints.touchpoint USING btree (gtin) WHERE (gtin IS NOT NULL);

CREATE UNIQUE INDEX one_touchpoint_per_live_room ON touchpoints.touchpoint USING btree (live_room_id) WHERE (live_room_id IS NOT NULL);

CREATE INDEX scan_by_member ON touchpoints.scan USING btree (member_id, at) WHERE (member_id IS NOT NULL);

CREATE INDEX scan_by_touchpoint ON touchpoints.scan USING btree (touchpoint_id, at);

CREATE INDEX scan_by_visitor ON touchpoints.scan USING btree (visitor, at);

CREATE INDEX tie_by_member ON touchpoints.tie USING btree (member_id, role, at);

CREATE INDEX touchpoint_by_age ON touchpoints.touchpoint USING btree (id DESC) WHERE (kind <> ALL (ARRAY['receipt'::text, 'parcel'::text]));

CREATE INDEX touchpoint_by_site ON touchpoints.touchpoint USING btree (site_id, id DESC) WHERE (kind <> ALL (ARRAY['receipt'::text, 'parcel'::text]));

CREATE INDEX delivery_by_age ON webhooks.delivery USING btree (made_at, id);

CREATE INDEX delivery_due ON webhooks.delivery USING btree (next_try_at, id) WHERE (state = 'waiting'::text);

CREATE INDEX subscription_by_branch ON webhooks.subscription USING btree (branch_id);

ALTER INDEX orders.number_is_one_order ATTACH PARTITION orders.known_00_pkey;

ALTER INDEX orders.number_is_one_order ATTACH PARTITION orders.known_01_pkey;

ALTER INDEX orders.number_is_one_order ATTACH PARTITION orders.known_02_pkey;

ALTER INDEX orders.number_is_one_order ATTACH PARTITION orders.known_03_pkey;

ALTER INDEX orders.number_is_one_order ATTACH PARTITION orders.known_04_pkey;

ALTER INDEX orders.number_is_one_order ATTACH PARTITION orders.known_05_pkey;

ALTER INDEX orders.number_is_one_order ATTACH PARTITION orders.known_06_pkey;

ALTER INDEX orders.number_is_one_order ATTACH PARTITION orders.known_07_pkey;

ALTER INDEX orders.number_is_one_order ATTACH PARTITION orders.known_08_pkey;

ALTER INDEX orders.number_is_one_order ATTACH PARTITION orders.known_09_pkey;

ALTER INDEX orders.number_is_one_order ATTACH PARTITION orders.known_10_pkey;

ALTER INDEX orders.number_is_one_order ATTACH PARTITION orders.known_11_pkey;

ALTER INDEX orders.number_is_one_order ATTACH PARTITION orders.known_12_pkey;

ALTER INDEX orders.number_is_one_order ATTACH PARTITION orders.known_13_pkey;

ALTER INDEX orders.number_is_one_order ATTACH PARTITION orders.known_14_pkey;

ALTER INDEX orders.number_is_one_order ATTACH PARTITION orders.known_15_pkey;

ALTER INDEX orders.line_pkey ATTACH PARTITION orders.line_default_pkey;

ALTER INDEX orders.line_parked_by_sku ATTACH PARTITION orders.line_default_sku_id_order_id_idx;

ALTER INDEX orders.order_to_source ATTACH PARTITION orders.order_default_coalesce_id_idx;

ALTER INDEX orders.order_by_member ATTACH PARTITION orders.order_default_member_id_placed_at_idx;

ALTER INDEX orders.order_by_number ATTACH PARTITION orders.order_default_number_idx;

ALTER INDEX orders.order_pkey ATTACH PARTITION orders.order_default_pkey;

ALTER INDEX orders.order_waiting_for_sites ATTACH PARTITION orders.order_default_source_after_id_idx;

ALTER INDEX orders.quote_pkey ATTACH PARTITION orders.quote_default_pkey;

CREATE TRIGGER changes_are_marked AFTER INSERT OR DELETE OR UPDATE OR TRUNCATE ON catalogue.product FOR EACH STATEMENT EXECUTE FUNCTION remembered.leave_mark('catalogue');

CREATE TRIGGER changes_are_marked AFTER INSERT OR DELETE OR UPDATE OR TRUNCATE ON catalogue.sku FOR EACH STATEMENT EXECUTE FUNCTION remembered.leave_mark('catalogue');

CREATE TRIGGER changes_are_marked AFTER INSERT OR DELETE OR UPDATE OR TRUNCATE ON fulfilment.learnt_limit FOR EACH STATEMENT EXECUTE FUNCTION remembered.leave_mark('site_limits');

CREATE TRIGGER changes_are_marked AFTER INSERT OR DELETE OR UPDATE OR TRUNCATE ON fulfilment.site_limit FOR EACH STATEMENT EXECUTE FUNCTION remembered.leave_mark('site_limits');

CREATE TRIGGER cut_stands_while_posting BEFORE INSERT ON ledger.entry FOR EACH STATEMENT EXECUTE FUNCTION ledger.hold_cut();

CREATE TRIGGER entry_sums_to_zero AFTER INSERT ON ledger.entry_part REFERENCING NEW TABLE AS inserted FOR EACH STATEMENT EXECUTE FUNCTION ledger.refuse_unbalanced_parts();

CREATE TRIGGER changes_are_marked AFTER INSERT OR DELETE OR UPDATE OR TRUNCATE ON marketplaces.marketplace FOR EACH STATEMENT EXECUTE FUNCTION remembered.leave_mark('marketplaces');

CREATE TRIGGER changes_are_marked AFTER INSERT OR DELETE OR UPDATE OR TRUNCATE ON orders.channel FOR EACH STATEMENT EXECUTE FUNCTION remembered.leave_mark('channels');

CREATE TRIGGER changes_are_marked AFTER INSERT OR DELETE OR UPDATE OR TRUNCATE ON orders.preorder FOR EACH STATEMENT EXECUTE FUNCTION remembered.leave_mark('preorders');

CREATE TRIGGER changes_are_marked AFTER INSERT OR DELETE OR UPDATE OR TRUNCATE ON org.entity FOR EACH STATEMENT EXECUTE FUNCTION remembered.leave_mark('org');

CREATE TRIGGER changes_are_marked AFTER INSERT OR DELETE OR UPDATE OR TRUNCATE ON org.party FOR EACH STATEMENT EXECUTE FUNCTION remembered.leave_mark('org');

CREATE TRIGGER changes_are_marked AFTER INSERT OR DELETE OR UPDATE OR TRUNCATE ON org.site FOR EACH STATEMENT EXECUTE FUNCTION remembered.leave_mark('org');

CREATE TRIGGER changes_are_marked AFTER INSERT OR DELETE OR UPDATE OR TRUNCATE ON org.unit FOR EACH STATEMENT EXECUTE FUNCTION remembered.leave_mark('org');

CREATE TRIGGER additions_are_marked AFTER INSERT ON pricing.promotion FOR EACH ROW WHEN ((new.published_at IS NOT NULL)) EXECUTE FUNCTION remembered.leave_mark('pricing');

CREATE TRIGGER changes_are_marked AFTER INSERT OR DELETE OR UPDATE OR TRUNCATE ON pricing.freight FOR EACH STATEMENT EXECUTE FUNCTION remembered.leave_mark('freight');

CREATE TRIGGER changes_are_marked AFTER INSERT OR DELETE OR UPDATE OR TRUNCATE ON pricing.price FOR EACH STATEMENT EXECUTE FUNCTION remembered.leave_mark('pricing');

CREATE TRIGGER changes_are_marked AFTER INSERT OR DELETE OR UPDATE OR TRUNCATE ON pricing.price_list FOR EACH STATEMENT EXECUTE FUNCTION remembered.leave_mark('pricing');

CREATE TRIGGER changes_are_marked AFTER UPDATE ON pricing.promotion FOR EACH ROW WHEN (((old.published_at IS NOT NULL) OR (new.published_at IS NOT NULL))) EXECUTE FUNCTION remembered.leave_mark('pricing');

CREATE TRIGGER changes_are_marked AFTER INSERT OR DELETE OR UPDATE OR TRUNCATE ON pricing.tax_rate FOR EACH STATEMENT EXECUTE FUNCTION remembered.leave_mark('pricing');

CREATE TRIGGER removals_are_marked AFTER DELETE OR TRUNCATE ON pricing.promotion FOR EACH STATEMENT EXECUTE FUNCTION remembered.leave_mark('pricing');

CREATE TRIGGER changes_are_marked AFTER INSERT OR DELETE OR UPDATE OR TRUNCATE ON promises.learning FOR EACH STATEMENT EXECUTE FUNCTION remembered.leave_mark('promises');

CREATE TRIGGER changes_are_marked AFTER INSERT OR DELETE OR UPDATE OR TRUNCATE ON promises.terms FOR EACH STATEMENT EXECUTE FUNCTION remembered.leave_mark('promises');

CREATE TRIGGER published_rules_are_immutable BEFORE INSERT OR DELETE OR UPDATE ON sharing.rule_row FOR EACH ROW EXECUTE FUNCTION sharing.guard_rule_row();

CREATE TRIGGER published_rules_are_immutable BEFORE INSERT OR DELETE OR UPDATE ON sharing.rule_set FOR EACH ROW EXECUTE FUNCTION sharing.guard_rule_set();

CREATE TRIGGER shares_add_up_to_base AFTER INSERT ON sharing.split REFERENCING NEW TABLE AS inserted FOR EACH STATEMENT EXECUTE FUNCTION sharing.refuse_splits_that_do_not_add_up();

CREATE TRIGGER changes_are_marked AFTER INSERT OR DELETE OR UPDATE OR TRUNCATE ON slots.setting FOR EACH STATEMENT EXECUTE FUNCTION remembered.leave_mark('slots');

CREATE TRIGGER changes_are_marked AFTER INSERT OR DELETE OR UPDATE OF state OR TRUNCATE ON sourcing.profile FOR EACH STATEMENT EXECUTE FUNCTION remembered.leave_mark('profiles');

CREATE TRIGGER changes_are_marked AFTER INSERT OR DELETE OR UPDATE OR TRUNCATE ON sourcing.site_cost FOR EACH STATEMENT EXECUTE FUNCTION remembered.leave_mark('site_costs');

CREATE TRIGGER changes_are_marked AFTER INSERT OR DELETE OR UPDATE OR TRUNCATE ON sourcing.site_equipment FOR EACH STATEMENT EXECUTE FUNCTION remembered.leave_mark('site_equipment');

CREATE TRIGGER sealed_days_stay BEFORE DELETE OR UPDATE ON statements.leaf FOR EACH ROW EXECUTE FUNCTION statements.guard_sealed_day();

CREATE TRIGGER sealed_days_stay BEFORE DELETE OR UPDATE ON statements.page FOR EACH ROW EXECUTE FUNCTION statements.guard_sealed_day();

CREATE TRIGGER changes_are_marked AFTER INSERT OR DELETE OR UPDATE OR TRUNCATE ON stock.node FOR EACH STATEMENT EXECUTE FUNCTION remembered.leave_mark('nodes');

CREATE TRIGGER changes_are_marked AFTER INSERT OR DELETE OR UPDATE OR TRUNCATE ON touchpoints.attribution_rule FOR EACH STATEMENT EXECUTE FUNCTION remembered.leave_mark('touchpoints');

CREATE TRIGGER changes_are_marked AFTER INSERT OR DELETE OR UPDATE OR TRUNCATE ON touchpoints.live_room FOR EACH STATEMENT EXECUTE FUNCTION remembered.leave_mark('touchpoints');

CREATE TRIGGER changes_are_marked AFTER INSERT OR DELETE OR UPDATE OR TRUNCATE ON touchpoints.touchpoint FOR EACH STATEMENT EXECUTE FUNCTION remembered.leave_mark('touchpoints');

ALTER TABLE ONLY bills.bill
    ADD CONSTRAINT bill_source_id_fkey FOREIGN KEY (source_id) REFERENCES bills.source(id);

ALTER TABLE ONLY bills.difference
    ADD CONSTRAINT difference_line_id_fkey FOREIGN KEY (line_id) REFERENCES bills.line(id);

ALTER TABLE ONLY bills.difference
    ADD CONSTRAINT difference_run_id_fkey FOREIGN KEY (run_id) REFERENCES bills.run(id) DEFERRABLE INITIALLY DEFERRED;

ALTER TABLE ONLY bills.difference
    ADD CONSTRAINT difference_source_id_fkey FOREIGN KEY (source_id) REFERENCES bills.source(id);

ALTER TABLE ONLY bills.line
    ADD CONSTRAINT line_bill_id_fkey FOREIGN KEY (bill_id) REFERENCES bills.bill(id);

ALTER TABLE ONLY bills.paid_with
    ADD CONSTRAINT paid_with_line_id_fkey FOREIGN KEY (line_id) REFERENCES bills.pair(line_id);

ALTER TABLE ONLY bills.pair
    ADD CONSTRAINT pair_line_id_fkey FOREIGN KEY (line_id) REFERENCES bills.line(id);

ALTER TABLE ONLY bills.pair
    ADD CONSTRAINT pair_run_id_fkey FOREIGN KEY (run_id) REFERENCES bills.run(id) DEFERRABLE INITIALLY DEFERRED;

ALTER TABLE ONLY bills.run
    ADD CONSTRAINT run_source_id_fkey FOREIGN KEY (source_id) REFERENCES bills.source(id);

ALTER TABLE ONLY bills.step
    ADD CONSTRAINT step_difference_id_fkey FOREIGN KEY (difference_id) REFERENCES bills.difference(id);

ALTER TABLE ONLY buyers.opening_end
    ADD CONSTRAINT end_of_an_opening FOREIGN KEY (opening_id) REFERENCES buyers.opening(id);

ALTER TABLE ONLY catalogue.sku
    ADD CONSTRAINT sku_is_of_a_product FOREIGN KEY (product_id) REFERENCES catalogue.product(id);

ALTER TABLE ONLY catalogue.sku
    ADD CONSTRAINT sku_tax_class_is_known FOREIGN KEY (tax_class) REFERENCES catalogue.tax_class(code);

ALTER TABLE ONLY closing.balance
    ADD CONSTRAINT balance_close_id_fkey FOREIGN KEY (close_id) REFERENCES closing.close(id);

ALTER TABLE ONLY closing.expectation
    ADD CONSTRAINT expectation_close_id_fkey FOREIGN KEY (close_id) REFERENCES closing.close(id);

ALTER TABLE ONLY customers.address
    ADD CONSTRAINT address_of_a_member FOREIGN KEY (member_id) REFERENCES customers.member(id);

ALTER TABLE ONLY customers.binding
    ADD CONSTRAINT binding_of_a_member FOREIGN KEY (member_id) REFERENCES customers.member(id);

ALTER TABLE ONLY customers.consent_change
    ADD CONSTRAINT consent_change_of_a_member FOREIGN KEY (member_id) REFERENCES customers.member(id);

ALTER TABLE ONLY customers.consent
    ADD CONSTRAINT consent_of_a_member FOREIGN KEY (member_id) REFERENCES customers.member(id);

ALTER TABLE ONLY customers.delivery_doubt
    ADD CONSTRAINT delivery_doubt_is_of_a_delivery FOREIGN KEY (order_id) REFERENCES customers.delivery(order_id) ON DELETE CASCADE;

ALTER TABLE ONLY customers.delivery
    ADD CONSTRAINT delivery_of_a_member FOREIGN KEY (member_id) REFERENCES customers.member(id);

ALTER TABLE ONLY customers.identity
    ADD CONSTRAINT identity_of_a_member FOREIGN KEY (member_id) REFERENCES customers.member(id);

ALTER TABLE ONLY customers.member_key
    ADD CONSTRAINT key_of_a_member FOREIGN KEY (member_id) REFERENCES customers.member(id);

ALTER TABLE ONLY customers.rest
    ADD CONSTRAINT rest_of_a_member FOREIGN KEY (member_id) REFERENCES customers.member(id);

ALTER TABLE ONLY customers.session
    ADD CONSTRAINT session_of_a_member FOREIGN KEY (member_id) REFERENCES customers.member(id);

ALTER TABLE ONLY customers.shown_number
    ADD CONSTRAINT shown_number_of_a_member FOREIGN KEY (member_id) REFERENCES customers.member(id);

ALTER TABLE ONLY feeds.record
    ADD CONSTRAINT record_feed_id_fkey FOREIGN KEY (feed_id) REFERENCES feeds.feed(id);

ALTER TABLE ONLY feeds.snapshot
    ADD CONSTRAINT snapshot_feed_id_fkey FOREIGN KEY (feed_id) REFERENCES feeds.feed(id);

ALTER TABLE ONLY feeds.stated
    ADD CONSTRAINT stated_feed_id_fkey FOREIGN KEY (feed_id) REFERENCES feeds.feed(id);

ALTER TABLE ONLY feeds.statement
    ADD CONSTRAINT statement_snapshot_id_fkey FOREIGN KEY (snapshot_id) REFERENCES feeds.snapshot(id) ON DELETE CASCADE;

ALTER TABLE ONLY feeds.suspicion
    ADD CONSTRAINT suspicion_feed_id_fkey FOREIGN KEY (feed_id) REFERENCES feeds.feed(id);

ALTER TABLE ONLY fulfilment.boxed
    ADD CONSTRAINT boxed_round_id_fkey FOREIGN KEY (round_id) REFERENCES fulfilment.round(id);

ALTER TABLE ONLY fulfilment.call_line
    ADD CONSTRAINT call_line_is_of_a_call FOREIGN KEY (call_id) REFERENCES fulfilment.call(id);

ALTER TABLE ONLY fulfilment.call_site
    ADD CONSTRAINT call_site_is_of_a_call FOREIGN KEY (call_id) REFERENCES fulfilment.call(id);

ALTER TABLE ONLY fulfilment.label_print
    ADD CONSTRAINT label_print_task_id_fkey FOREIGN KEY (task_id) REFERENCES fulfilment.label(task_id);

ALTER TABLE ONLY fulfilment.label
    ADD CONSTRAINT label_task_id_fkey FOREIGN KEY (task_id) REFERENCES fulfilment.task(id);

ALTER TABLE ONLY fulfilment.packed_in
    ADD CONSTRAINT packed_in_task_id_fkey FOREIGN KEY (task_id) REFERENCES fulfilment.task(id);

ALTER TABLE ONLY fulfilment.round_short
    ADD CONSTRAINT round_short_round_id_fkey FOREIGN KEY (round_id) REFERENCES fulfilment.round(id);

ALTER TABLE ONLY fulfilment.round_task
    ADD CONSTRAINT round_task_round_id_fkey FOREIGN KEY (round_id) REFERENCES fulfilment.round(id);

ALTER TABLE ONLY fulfilment.round_task
    ADD CONSTRAINT round_task_task_id_fkey FOREIGN KEY (task_id) REFERENCES fulfilment.task(id);

ALTER TABLE ONLY inbox.message
    ADD CONSTRAINT conflict_names_the_first FOREIGN KEY (conflicts_with) REFERENCES inbox.message(id);

ALTER TABLE ONLY inbox.step
    ADD CONSTRAINT step_of_a_message FOREIGN KEY (message_id) REFERENCES inbox.message(id);

ALTER TABLE ONLY insight.acceptance_site
    ADD CONSTRAINT acceptance_site_is_of_a_version FOREIGN KEY (version) REFERENCES insight.acceptance_version(version);

ALTER TABLE ONLY insight.capacity_site
    ADD CONSTRAINT capacity_site_version_fkey FOREIGN KEY (version) REFERENCES insight.capacity_version(version);

ALTER TABLE ONLY insight.placing_refused
    ADD CONSTRAINT refused_when_placing FOREIGN KEY (second, process_id) REFERENCES insight."placing"(second, process_id) ON DELETE CASCADE;

ALTER TABLE ONLY insight.series
    ADD CONSTRAINT series_of_an_outlet FOREIGN KEY (outlet_id) REFERENCES insight.outlet(outlet_id);

ALTER TABLE ONLY invoices.document
    ADD CONSTRAINT document_of_id_fkey FOREIGN KEY (of_id) REFERENCES invoices.document(id);

ALTER TABLE ONLY invoices.document
    ADD CONSTRAINT document_wish_id_fkey FOREIGN KEY (wish_id) REFERENCES invoices.wish(id);

ALTER TABLE ONLY invoices.line
    ADD CONSTRAINT line_document_id_fkey FOREIGN KEY (document_id) REFERENCES invoices.document(id);

ALTER TABLE ONLY ledger.folded_balance
    ADD CONSTRAINT folded_balance_account_number_fkey FOREIGN KEY (account_number) REFERENCES ledger.account(number);

ALTER TABLE ONLY log.parked_event
    ADD CONSTRAINT parked_event_follower_fkey FOREIGN KEY (follower) REFERENCES log.follower(name);

ALTER TABLE ONLY marketplaces.entry
    ADD CONSTRAINT entry_of_a_loan FOREIGN KEY (channel, sku_id) REFERENCES marketplaces.loan(channel, sku_id);

ALTER TABLE ONLY marketplaces.test_line
    ADD CONSTRAINT line_of_a_test_order FOREIGN KEY (test_order_id) REFERENCES marketplaces.test_order(id);

ALTER TABLE ONLY marketplaces.step
    ADD CONSTRAINT step_of_a_loan FOREIGN KEY (channel, sku_id) REFERENCES marketplaces.loan(channel, sku_id);

ALTER TABLE ONLY orders.preordered
    ADD CONSTRAINT preordered_of_a_preorder FOREIGN KEY (preorder_id) REFERENCES orders.preorder(id);

ALTER TABLE ONLY orders.price_change
    ADD CONSTRAINT price_change_ask_id_fkey FOREIGN KEY (ask_id) REFERENCES orders.price_ask(id);

ALTER TABLE ONLY org.counter_limit
    ADD CONSTRAINT counter_limit_unit_id_fkey FOREIGN KEY (unit_id) REFERENCES org.unit(id);

ALTER TABLE ONLY org.entity
    ADD CONSTRAINT entity_belongs_to_a_unit FOREIGN KEY (unit_id) REFERENCES org.unit(id);

ALTER TABLE ONLY org.api_key
    ADD CONSTRAINT key_at_a_branch FOREIGN KEY (branch_id) REFERENCES org.unit(id);

ALTER TABLE ONLY org.api_key
    ADD CONSTRAINT key_made_by_a_person FOREIGN KEY (made_by) REFERENCES org.person(id);

ALTER TABLE ONLY org.party
    ADD CONSTRAINT party_belongs_to_a_unit FOREIGN KEY (unit_id) REFERENCES org.unit(id);

ALTER TABLE ONLY org.party
    ADD CONSTRAINT party_is_a_person FOREIGN KEY (person_id) REFERENCES org.person(id);

ALTER TABLE ONLY org.party
    ADD CONSTRAINT party_is_paid_through_an_entity FOREIGN KEY (entity_id) REFERENCES org.entity(id);

ALTER TABLE ONLY org.password
    ADD CONSTRAINT password_of_a_person FOREIGN KEY (person_id) REFERENCES org.person(id);

ALTER TABLE ONLY org.person
    ADD CONSTRAINT person_works_at_a_unit FOREIGN KEY (unit_id) REFERENCES org.unit(id);

ALTER TABLE ONLY org.role
    ADD CONSTRAINT role_is_held_at_a_branch FOREIGN KEY (branch_id) REFERENCES org.unit(id);

ALTER TABLE ONLY org.role
    ADD CONSTRAINT role_is_held_by_a_person FOREIGN KEY (person_id) REFERENCES org.person(id);

ALTER TABLE ONLY org.session
    ADD CONSTRAINT session_of_a_person FOREIGN KEY (person_id) REFERENCES org.person(id);

ALTER TABLE ONLY org.site
    ADD CONSTRAINT site_has_a_seller FOREIGN KEY (entity_id) REFERENCES org.entity(id);

ALTER TABLE ONLY org.site
    ADD CONSTRAINT site_lies_at_a_unit FOREIGN KEY (unit_id) REFERENCES org.unit(id);

ALTER TABLE ONLY org.unit
    ADD CONSTRAINT unit_parent_is_a_unit FOREIGN KEY (parent_id) REFERENCES org.unit(id);

ALTER TABLE ONLY payments.refund_part
    ADD CONSTRAINT part_from_a_payment FOREIGN KEY (payment_id) REFERENCES payments.payment(id);

ALTER TABLE ONLY payments.refund_part
    ADD CONSTRAINT part_of_a_refund FOREIGN KEY (refund_id) REFERENCES payments.refund(id);

ALTER TABLE ONLY payments.payment
    ADD CONSTRAINT payment_carried_from FOREIGN KEY (carried_from) REFERENCES payments.payment(id) NOT VALID;

ALTER TABLE ONLY payments.shift
    ADD CONSTRAINT shift_taken_over_from_fkey FOREIGN KEY (taken_over_from) REFERENCES payments.shift(id);

ALTER TABLE ONLY payments.till_move
    ADD CONSTRAINT till_move_shift_id_fkey FOREIGN KEY (shift_id) REFERENCES payments.shift(id);

ALTER TABLE ONLY payouts.contract
    ADD CONSTRAINT contract_payer_id_fkey FOREIGN KEY (payer_id) REFERENCES payouts.payer(id);

ALTER TABLE ONLY payouts.download
    ADD CONSTRAINT download_request_id_fkey FOREIGN KEY (request_id) REFERENCES payouts.request(id);

ALTER TABLE ONLY payouts.line
    ADD CONSTRAINT line_account_id_fkey FOREIGN KEY (account_id) REFERENCES payouts.account(id);

ALTER TABLE ONLY payouts.line
    ADD CONSTRAINT line_payout_id_fkey FOREIGN KEY (payout_id) REFERENCES payouts.payout(id);

ALTER TABLE ONLY payouts.line
    ADD CONSTRAINT line_request_id_fkey FOREIGN KEY (request_id) REFERENCES payouts.request(id);

ALTER TABLE ONLY payouts.payout
    ADD CONSTRAINT payout_account_id_fkey FOREIGN KEY (account_id) REFERENCES payouts.account(id);

ALTER TABLE ONLY payouts.payout
    ADD CONSTRAINT payout_is_paid_by_who_owes_it FOREIGN KEY (payer_id, entity_id, currency) REFERENCES payouts.payer(id, entity_id, currency);

ALTER TABLE ONLY payouts.reclaim
    ADD CONSTRAINT reclaim_line_id_fkey FOREIGN KEY (line_id) REFERENCES payouts.line(id);

ALTER TABLE ONLY payouts.request
    ADD CONSTRAINT request_of_a_known_transaction FOREIGN KEY (payer_id, transaction_number) REFERENCES payouts.transaction(payer_id, number);

ALTER TABLE ONLY payouts.request
    ADD CONSTRAINT request_payer_id_fkey FOREIGN KEY (payer_id) REFERENCES payouts.payer(id);

ALTER TABLE ONLY payouts.transaction
    ADD CONSTRAINT transaction_payer_id_fkey FOREIGN KEY (payer_id) REFERENCES payouts.payer(id);

ALTER TABLE ONLY payouts.unfreezing
    ADD CONSTRAINT unfreezing_of_a_known_transaction FOREIGN KEY (payer_id, transaction_number) REFERENCES payouts.transaction(payer_id, number) ON UPDATE CASCADE;

ALTER TABLE ONLY pricing.coupon
    ADD CONSTRAINT coupon_of_a_batch FOREIGN KEY (batch_id) REFERENCES pricing.coupon_batch(id);

ALTER TABLE ONLY pricing.coupon_entry
    ADD CONSTRAINT entry_of_a_coupon FOREIGN KEY (coupon_id) REFERENCES pricing.coupon(id);

ALTER TABLE ONLY pricing.coupon_holder
    ADD CONSTRAINT holder_of_a_batch FOREIGN KEY (batch_id) REFERENCES pricing.coupon_batch(id);

ALTER TABLE ONLY pricing.points_lot
    ADD CONSTRAINT lot_of_a_programme FOREIGN KEY (programme_id) REFERENCES pricing.points_programme(id);

ALTER TABLE ONLY pricing.points_lot
    ADD CONSTRAINT lot_of_an_account FOREIGN KEY (member_id) REFERENCES pricing.points_account(member_id);

ALTER TABLE ONLY pricing.points_entry
    ADD CONSTRAINT points_of_an_account FOREIGN KEY (member_id) REFERENCES pricing.points_account(member_id);

ALTER TABLE ONLY pricing.price
    ADD CONSTRAINT price_stands_in_a_list FOREIGN KEY (price_list_id) REFERENCES pricing.price_list(id);

ALTER TABLE ONLY pricing.coupon_line
    ADD CONSTRAINT taken_off_by_a_coupon FOREIGN KEY (coupon_id) REFERENCES pricing.coupon(id);

ALTER TABLE ONLY pricing.points_use
    ADD CONSTRAINT use_of_a_programme FOREIGN KEY (programme_id) REFERENCES pricing.points_programme(id);

ALTER TABLE ONLY pricing.points_use
    ADD CONSTRAINT use_of_an_account FOREIGN KEY (member_id) REFERENCES pricing.points_account(member_id);

ALTER TABLE ONLY promises.held_back
    ADD CONSTRAINT held_back_version_fkey FOREIGN KEY (version) REFERENCES promises.learning(version);

ALTER TABLE ONLY promises.pace
    ADD CONSTRAINT pace_version_fkey FOREIGN KEY (version) REFERENCES promises.learning(version);

ALTER TABLE ONLY promises.promise
    ADD CONSTRAINT promise_replaces_id_fkey FOREIGN KEY (replaces_id) REFERENCES promises.promise(id);

ALTER TABLE ONLY returns.announced_line
    ADD CONSTRAINT announced_line_announced_id_fkey FOREIGN KEY (announced_id) REFERENCES returns.announced(id);

ALTER TABLE ONLY returns.announced_way
    ADD CONSTRAINT announced_way_announced_id_fkey FOREIGN KEY (announced_id) REFERENCES returns.announced(id);

ALTER TABLE ONLY returns.grading
    ADD CONSTRAINT grading_return_line_id_fkey FOREIGN KEY (return_line_id) REFERENCES returns.return_line(id);

ALTER TABLE ONLY returns.match
    ADD CONSTRAINT match_return_line_id_fkey FOREIGN KEY (return_line_id) REFERENCES returns.return_line(id);

ALTER TABLE ONLY returns.receipt
    ADD CONSTRAINT receipt_return_line_id_fkey FOREIGN KEY (return_line_id) REFERENCES returns.return_line(id);

ALTER TABLE ONLY returns.return_line
    ADD CONSTRAINT return_line_return_id_fkey FOREIGN KEY (return_id) REFERENCES returns.return(id);

ALTER TABLE ONLY reviews.alert
    ADD CONSTRAINT alert_of_a_review FOREIGN KEY (review_id) REFERENCES reviews.review(id);

ALTER TABLE ONLY reviews.decision
    ADD CONSTRAINT decision_about_a_review FOREIGN KEY (review_id) REFERENCES reviews.review(id);

ALTER TABLE ONLY reviews.reading
    ADD CONSTRAINT reading_of_a_review FOREIGN KEY (review_id) REFERENCES reviews.review(id);

ALTER TABLE ONLY reviews.reply
    ADD CONSTRAINT reply_to_a_review FOREIGN KEY (review_id) REFERENCES reviews.review(id);

ALTER TABLE ONLY reviews.said
    ADD CONSTRAINT said_by_a_review FOREIGN KEY (review_id) REFERENCES reviews.review(id);

ALTER TABLE ONLY reviews.version
    ADD CONSTRAINT version_of_a_review FOREIGN KEY (review_id) REFERENCES reviews.review(id);

ALTER TABLE ONLY sharing.evaluation
    ADD CONSTRAINT evaluation_ladder_id_fkey FOREIGN KEY (ladder_id) REFERENCES sharing.ladder(id);

ALTER TABLE ONLY sharing.released_amount
    ADD CONSTRAINT released_amount_release_id_fkey FOREIGN KEY (release_id) REFERENCES sharing.release(id);

ALTER TABLE ONLY sharing.rule_row
    ADD CONSTRAINT rule_row_rule_set_id_fkey FOREIGN KEY (rule_set_id) REFERENCES sharing.rule_set(id);

ALTER TABLE ONLY sharing.rule_set
    ADD CONSTRAINT rule_set_trial_id_fkey FOREIGN KEY (trial_id) REFERENCES sharing.trial(id);

ALTER TABLE ONLY sharing.trial
    ADD CONSTRAINT trial_rule_set_id_fkey FOREIGN KEY (rule_set_id) REFERENCES sharing.rule_set(id);

ALTER TABLE ONLY slots.booking
    ADD CONSTRAINT booking_of_a_slot FOREIGN KEY (site_id, way, starts_at) REFERENCES slots.slot(site_id, way, starts_at);

ALTER TABLE ONLY slots.code_failure
    ADD CONSTRAINT code_failure_of_a_booking FOREIGN KEY (order_id) REFERENCES slots.booking(order_id);

ALTER TABLE ONLY slots.visit
    ADD CONSTRAINT visit_of_a_booking FOREIGN KEY (order_id) REFERENCES slots.booking(order_id);

ALTER TABLE ONLY sourcing.day_price_sku
    ADD CONSTRAINT day_price_sku_version_fkey FOREIGN KEY (version) REFERENCES sourcing.day_prices(version);

ALTER TABLE ONLY sourcing.day_price
    ADD CONSTRAINT day_price_version_fkey FOREIGN KEY (version) REFERENCES sourcing.day_prices(version);

ALTER TABLE ONLY sourcing.day_prices
    ADD CONSTRAINT day_prices_profile_version_fkey FOREIGN KEY (profile_version) REFERENCES sourcing.profile(version);

ALTER TABLE ONLY sourcing.profile
    ADD CONSTRAINT profile_based_on_fkey FOREIGN KEY (based_on) REFERENCES sourcing.profile(version);

ALTER TABLE ONLY sourcing.trial
    ADD CONSTRAINT trial_against_fkey FOREIGN KEY (against) REFERENCES sourcing.profile(version);

ALTER TABLE ONLY sourcing.trial
    ADD CONSTRAINT trial_version_fkey FOREIGN KEY (version) REFERENCES sourcing.profile(version);

ALTER TABLE ONLY sourcing.wave
    ADD CONSTRAINT wave_day_prices_version_fkey FOREIGN KEY (day_prices_version) REFERENCES sourcing.day_prices(version);

ALTER TABLE ONLY sourcing.wave_price
    ADD CONSTRAINT wave_price_wave_id_fkey FOREIGN KEY (wave_id) REFERENCES sourcing.wave(id);

ALTER TABLE ONLY sourcing.wave
    ADD CONSTRAINT wave_profile_version_fkey FOREIGN KEY (profile_version) REFERENCES sourcing.profile(version);

ALTER TABLE ONLY statements.dispute_word
    ADD CONSTRAINT dispute_word_dispute_id_fkey FOREIGN KEY (dispute_id) REFERENCES statements.dispute(id);

ALTER TABLE ONLY statements.sealed_party
    ADD CONSTRAINT sealed_party_since_day_fkey FOREIGN KEY (since_day) REFERENCES statements.seal(day);

ALTER TABLE ONLY stock.asked_count
    ADD CONSTRAINT asked_count_at_a_leaf FOREIGN KEY (leaf_id) REFERENCES stock.node(id);

ALTER TABLE ONLY stock.asked_count
    ADD CONSTRAINT asked_count_was_counted_by FOREIGN KEY (count_id) REFERENCES stock.count_session(id);

ALTER TABLE ONLY stock.count_line
    ADD CONSTRAINT count_line_count_id_fkey FOREIGN KEY (count_id) REFERENCES stock.count_session(id);

ALTER TABLE ONLY stock.count_session
    ADD CONSTRAINT count_session_leaf_id_fkey FOREIGN KEY (leaf_id) REFERENCES stock.node(id);

ALTER TABLE ONLY stock.doubt
    ADD CONSTRAINT doubt_leaf_id_fkey FOREIGN KEY (leaf_id) REFERENCES stock.node(id);

ALTER TABLE ONLY stock.leaf_lot
    ADD CONSTRAINT leaf_lot_leaf_id_fkey FOREIGN KEY (leaf_id) REFERENCES stock.node(id);

ALTER TABLE ONLY stock.leaf_lot
    ADD CONSTRAINT leaf_lot_lot_id_fkey FOREIGN KEY (lot_id) REFERENCES stock.lot(id);

ALTER TABLE ONLY stock.leaf_stock
    ADD CONSTRAINT leaf_stock_leaf_id_fkey FOREIGN KEY (leaf_id) REFERENCES stock.node(id);

ALTER TABLE ONLY stock.movement_note
    ADD CONSTRAINT movement_note_movement_id_fkey FOREIGN KEY (movement_id) REFERENCES stock.movement(id);

ALTER TABLE ONLY stock.node
    ADD CONSTRAINT node_parent_id_fkey FOREIGN KEY (parent_id) REFERENCES stock.node(id);

ALTER TABLE ONLY stock.node_stock
    ADD CONSTRAINT node_stock_node_id_fkey FOREIGN KEY (node_id) REFERENCES stock.node(id);

ALTER TABLE ONLY stock.quota_draw
    ADD CONSTRAINT quota_draw_quota_id_fkey FOREIGN KEY (quota_id) REFERENCES stock.quota(id);

ALTER TABLE ONLY stock.quota
    ADD CONSTRAINT quota_reserve_id_fkey FOREIGN KEY (reserve_id) REFERENCES stock.quota(id);

ALTER TABLE ONLY stock.transfer_arrival
    ADD CONSTRAINT transfer_arrival_transfer_id_fkey FOREIGN KEY (transfer_id) REFERENCES stock.transfer(id);

ALTER TABLE ONLY stock.transfer
    ADD CONSTRAINT transfer_from_leaf_id_fkey FOREIGN KEY (from_leaf_id) REFERENCES stock.node(id);

ALTER TABLE ONLY stock.transfer_line
    ADD CONSTRAINT transfer_line_transfer_id_fkey FOREIGN KEY (transfer_id) REFERENCES stock.transfer(id);

ALTER TABLE ONLY stock.transfer
    ADD CONSTRAINT transfer_to_leaf_id_fkey FOREIGN KEY (to_leaf_id) REFERENCES stock.node(id);

ALTER TABLE ONLY stored_value.cash_out
    ADD CONSTRAINT cash_out_of_an_account FOREIGN KEY (account_id) REFERENCES stored_value.account(id);

ALTER TABLE ONLY stored_value.movement
    ADD CONSTRAINT movement_of_an_account FOREIGN KEY (account_id) REFERENCES stored_value.account(id);

ALTER TABLE ONLY stored_value.use
    ADD CONSTRAINT use_of_an_account FOREIGN KEY (account_id) REFERENCES stored_value.account(id);

ALTER TABLE ONLY touchpoints.live_room_sku
    ADD CONSTRAINT sku_of_a_live_room FOREIGN KEY (live_room_id) REFERENCES touchpoints.live_room(id);

ALTER TABLE ONLY touchpoints.touchpoint
    ADD CONSTRAINT touchpoint_of_a_live_room FOREIGN KEY (live_room_id) REFERENCES touchpoints.live_room(id);

ALTER TABLE ONLY webhooks.delivery
    ADD CONSTRAINT delivery_of_a_subscription FOREIGN KEY (subscription_id) REFERENCES webhooks.subscription(id) ON DELETE CASCADE;

GRANT USAGE ON SCHEMA bills TO loopline_app;

GRANT USAGE ON SCHEMA buyers TO loopline_app;

GRANT USAGE ON SCHEMA catalogue TO loopline_app;

GRANT USAGE ON SCHEMA closing TO loopline_app;

GRANT USAGE ON SCHEMA customers TO loopline_app;

GRANT USAGE ON SCHEMA edge TO loopline_app;

GRANT USAGE ON SCHEMA feeds TO loopline_app;

GRANT USAGE ON SCHEMA fulfilment TO loopline_app;

GRANT USAGE ON SCHEMA inbox TO loopline_app;

GRANT USAGE ON SCHEMA insight TO loopline_app;

GRANT USAGE ON SCHEMA invoices TO loopline_app;

GRANT USAGE ON SCHEMA ledger TO loopline_app;

GRANT USAGE ON SCHEMA log TO loopline_app;

GRANT USAGE ON SCHEMA marketplaces TO loopline_app;

GRANT USAGE ON SCHEMA notices TO loopline_app;

GRANT USAGE ON SCHEMA orders TO loopline_app;

GRANT USAGE ON SCHEMA org TO loopline_app;

GRANT USAGE ON SCHEMA payments TO loopline_app;

GRANT USAGE ON SCHEMA payouts TO loopline_app;

GRANT USAGE ON SCHEMA pricing TO loopline_app;

GRANT USAGE ON SCHEMA promises TO loopline_app;

GRANT USAGE ON SCHEMA remembered TO loopline_app;

GRANT USAGE ON SCHEMA returns TO loopline_app;

GRANT USAGE ON SCHEMA reviews TO loopline_app;

GRANT USAGE ON SCHEMA search TO loopline_app;

GRANT USAGE ON SCHEMA sharing TO loopline_app;

GRANT USAGE ON SCHEMA simulator TO loopline_app;

GRANT USAGE ON SCHEMA slots TO loopline_app;

GRANT USAGE ON SCHEMA sourcing TO loopline_app;

GRANT USAGE ON SCHEMA statements TO loopline_app;

GRANT USAGE ON SCHEMA stock TO loopline_app;

GRANT USAGE ON SCHEMA stored_value TO loopline_app;

GRANT USAGE ON SCHEMA supply TO loopline_app;

GRANT USAGE ON SCHEMA touchpoints TO loopline_app;

GRANT USAGE ON SCHEMA webhooks TO loopline_app;

GRANT SELECT,INSERT,DELETE,UPDATE ON TABLE bills.bill TO loopline_app;

GRANT SELECT,INSERT,DELETE,UPDATE ON TABLE bills.difference TO loopline_app;

GRANT SELECT,INSERT,DELETE,UPDATE ON TABLE bills.line TO loopline_app;

GRANT SELECT,INSERT,DELETE,UPDATE ON TABLE bills.paid_with TO loopline_app;

GRANT SELECT,INSERT,DELETE,UPDATE ON TABLE bills.pair TO loopline_app;

GRANT SELECT,INSERT,DELETE,UPDATE ON TABLE bills.run TO loopline_app;

GRANT SELECT,INSERT,DELETE,UPDATE ON TABLE bills.source TO loopline_app;

GRANT SELECT,INSERT,DELETE,UPDATE ON TABLE bills.step TO loopline_app;

GRANT SELECT,USAGE ON SEQUENCE bills.step_place_seq TO loopline_app;

GRANT SELECT,INSERT ON TABLE buyers.opening TO loopline_app;

GRANT SELECT,INSERT ON TABLE buyers.opening_end TO loopline_app;

GRANT SELECT,INSERT,UPDATE ON TABLE buyers.sealing TO loopline_app;

GRANT SELECT,INSERT,DELETE,UPDATE ON TABLE catalogue.product TO loopline_app;

GRANT SELECT,INSERT,DELETE,UPDATE ON TABLE catalogue.published_product TO loopline_app;

GRANT SELECT,INSERT,DELETE,UPDATE ON TABLE catalogue.sku TO loopline_app;

GRANT SELECT,INSERT,DELETE,UPDATE ON TABLE catalogue.published_sku TO loopline_app;

GRANT SELECT,INSERT,DELETE,UPDATE ON TABLE catalogue.tax_class TO loopline_app;

GRANT SELECT,INSERT ON TABLE closing.balance TO loopline_app;

GRANT SELECT,INSERT ON TABLE closing.close TO loopline_app;

GRANT SELECT,INSERT ON TABLE closing.expectation TO loopline_app;

GRANT SELECT,INSERT,DELETE,UPDATE ON TABLE closing.published_balance TO loopline_app;

GRANT SELECT,INSERT,DELETE,UPDATE ON TABLE closing.published_close TO loopline_app;

GRANT SELECT,INSERT ON TABLE closing.recovery TO loopline_app;

GRANT SELECT,INSERT ON TABLE customers.access TO loopline_app;

GRANT SELECT,INSERT,DELETE,UPDATE ON TABLE customers.address TO loopline_app;

GRANT SELECT,INSERT,DELETE,UPDATE ON TABLE customers.binding TO loopline_app;

GRANT SELECT,USAGE ON SEQUENCE customers.binding_id_seq TO loopline_app;

GRANT SELECT,INSERT,DELETE,UPDATE ON TABLE customers.consent TO loopline_app;

GRANT SELECT,INSERT ON TABLE customers.consent_change TO loopline_app;

GRANT SELECT,INSERT,DELETE,UPDATE ON TABLE customers.delivery TO loopline_app;

GRANT SELECT,INSERT,DELETE,UPDATE ON TABLE customers.delivery_doubt TO loopline_app;

GRANT SELECT,INSERT,DELETE,UPDATE ON TABLE customers.identity TO loopline_app;

GRANT SELECT,INSERT,DELETE,UPDATE ON TABLE customers.member TO loopline_app;

GRANT SELECT,INSERT,DELETE,UPDATE ON TABLE customers.member_key TO loopline_app;

GRANT SELECT,INSERT,DELETE,UPDATE ON TABLE customers.moment TO loopline_app;

GRANT SELECT,INSERT,DELETE,UPDATE ON TABLE customers.published_bindings TO loopline_app;

GRANT SELECT,INSERT,DELETE,UPDATE ON TABLE customers.published_consents TO loopline_app;

GRANT SELECT,INSERT,DELETE,UPDATE ON TABLE customers.published_members TO loopline_app;

GRANT SELECT,INSERT,DELETE,UPDATE ON TABLE customers.rest TO loopline_app;

GRANT SELECT,INSERT,DELETE,UPDATE ON TABLE customers.session TO loopline_app;

GRANT SELECT,INSERT,DELETE,UPDATE ON TABLE customers.shown_number TO loopline_app;

GRANT SELECT,INSERT,DELETE,UPDATE ON TABLE customers.sign_in_code TO loopline_app;

GRANT SELECT,INSERT,DELETE,UPDATE ON TABLE customers.sign_in_limit TO loopline_app;

GRANT SELECT,INSERT,DELETE,UPDATE ON TABLE edge.answer TO loopline_app;

GRANT SELECT,INSERT,DELETE,UPDATE ON TABLE edge.answer_conflict TO loopline_app;

GRANT SELECT,INSERT,DELETE,UPDATE ON TABLE feeds.feed TO loopline_app;

GRANT SELECT,INSERT,DELETE,UPDATE ON TABLE feeds.record TO loopline_app;

GRANT SELECT,INSERT,DELETE,UPDATE ON TABLE feeds.snapshot TO loopline_app;

GRANT SELECT,INSERT,DELETE,UPDATE ON TABLE feeds.stated TO loopline_app;

GRANT SELECT,INSERT,DELETE,UPDATE ON TABLE feeds.statement TO loopline_app;

GRANT SELECT,INSERT,DELETE,UPDATE ON TABLE feeds.suspicion TO loopline_app;

GRANT SELECT,INSERT,DELETE,UPDATE ON TABLE fulfilment.box_kind TO loopline_app;

GRANT SELECT,INSERT,DELETE,UPDATE ON TABLE fulfilment.boxed TO loopline_app;

GRANT SELECT,INSERT,DELETE,UPDATE ON TABLE fulfilment.call TO loopline_app;

GRANT SELECT,INSERT,DELETE,UPDATE ON TABLE fulfilment.call_line TO loopline_app;

GRANT SELECT,INSERT,DELETE,UPDATE ON TABLE fulfilment.call_site TO loopline_app;

GRANT SELECT,INSERT,DELETE,UPDATE ON TABLE fulfilment.capacity TO loopline_app;

GRANT SELECT,INSERT,DELETE,UPDATE ON TABLE fulfilment.dark_site TO loopline_app;

GRANT SELECT,INSERT,DELETE,UPDATE ON TABLE fulfilment.label TO loopline_app;

GRANT SELECT,USAGE ON SEQUENCE fulfilment.label_number TO loopline_app;

GRANT SELECT,INSERT,DELETE,UPDATE ON TABLE fulfilment.label_print TO loopline_app;

GRANT SELECT,USAGE ON SEQUENCE fulfilment.label_print_id_seq TO loopline_app;

GRANT SELECT,INSERT,DELETE,UPDATE ON TABLE fulfilment.learnt_limit TO loopline_app;

GRANT SELECT,INSERT,DELETE,UPDATE ON TABLE fulfilment.packed_in TO loopline_app;

GRANT SELECT,INSERT,DELETE,UPDATE ON TABLE fulfilment.photo TO loopline_app;

GRANT SELECT,INSERT,DELETE,UPDATE ON TABLE fulfilment.photo_point TO loopline_app;

GRANT SELECT,INSERT,DELETE,UPDATE ON TABLE fulfilment.photo_rule TO loopline_app;

GRANT SELECT,INSERT,DELETE,UPDATE ON TABLE fulfilment.published_calls TO loopline_app;

GRANT SELECT,INSERT,DELETE,UPDATE ON TABLE fulfilment.site_limit TO loopline_app;

GRANT SELECT,INSERT,DELETE,UPDATE ON TABLE fulfilment.published_capacity TO loopline_app;

GRANT SELECT,INSERT,DELETE,UPDATE ON TABLE fulfilment.published_site_limits TO loopline_app;

GRANT SELECT,INSERT,DELETE,UPDATE ON TABLE fulfilment.task TO loopline_app;

GRANT SELECT,INSERT,DELETE,UPDATE ON TABLE fulfilment.task_line TO loopline_app;

GRANT SELECT,INSERT,DELETE,UPDATE ON TABLE fulfilment.published_task_lines TO loopline_app;

GRANT SELECT,INSERT,DELETE,UPDATE ON TABLE fulfilment.published_tasks TO loopline_app;

GRANT SELECT,INSERT,DELETE,UPDATE ON TABLE fulfilment.waiting_pay TO loopline_app;

GRANT SELECT,INSERT,DELETE,UPDATE ON TABLE fulfilment.published_waiting_pay TO loopline_app;

GRANT SELECT,INSERT ON TABLE fulfilment.withdrawal TO loopline_app;

GRANT SELECT,INSERT,DELETE,UPDATE ON TABLE fulfilment.published_withdrawals TO loopline_app;

GRANT SELECT,INSERT,DELETE,UPDATE ON TABLE fulfilment.published_workers TO loopline_app;

GRANT SELECT,INSERT,DELETE,UPDATE ON TABLE fulfilment.round TO loopline_app;

GRANT SELECT,INSERT,DELETE,UPDATE ON TABLE fulfilment.round_short TO loopline_app;

GRANT SELECT,INSERT,DELETE,UPDATE ON TABLE fulfilment.round_task TO loopline_app;

GRANT SELECT,INSERT,DELETE,UPDATE ON TABLE fulfilment.site_seen TO loopline_app;

GRANT SELECT,INSERT ON TABLE fulfilment.waybill TO loopline_app;

GRANT SELECT,INSERT,UPDATE ON TABLE inbox.message TO loopline_app;

GRANT SELECT,INSERT ON TABLE inbox.step TO loopline_app;

GRANT SELECT,INSERT,DELETE,UPDATE ON TABLE insight.acceptance_site TO loopline_app;

GRANT SELECT,INSERT,DELETE,UPDATE ON TABLE insight.acceptance_version TO loopline_app;

GRANT SELECT,USAGE ON SEQUENCE insight.acceptance_version_version_seq TO loopline_app;

GRANT SELECT,INSERT,DELETE,TRUNCATE,UPDATE ON TABLE insight.broken_by_day TO loopline_app;

GRANT SELECT,INSERT,DELETE,UPDATE ON TABLE insight.capacity_site TO loopline_app;

GRANT SELECT,INSERT,DELETE,UPDATE ON TABLE insight.capacity_version TO loopline_app;

GRANT SELECT,USAGE ON SEQUENCE insight.capacity_version_version_seq TO loopline_app;

GRANT SELECT,INSERT,DELETE,TRUNCATE,UPDATE ON TABLE insight.handed_over_by_packer TO loopline_app;

GRANT SELECT,INSERT,DELETE,TRUNCATE,UPDATE ON TABLE insight.handed_over_by_sku TO loopline_app;

GRANT SELECT,INSERT,DELETE,TRUNCATE,UPDATE ON TABLE insight.happening TO loopline_app;

GRANT SELECT,INSERT,DELETE,TRUNCATE,UPDATE ON TABLE insight.judged_line TO loopline_app;

GRANT SELECT,INSERT,DELETE,TRUNCATE,UPDATE ON TABLE insight.order_stage TO loopline_app;

GRANT SELECT,INSERT,DELETE,TRUNCATE,UPDATE ON TABLE insight.outlet TO loopline_app;

GRANT SELECT,USAGE ON SEQUENCE insight.outlet_outlet_id_seq TO loopline_app;

GRANT SELECT,INSERT,DELETE,UPDATE ON TABLE insight."placing" TO loopline_app;

GRANT SELECT,INSERT,DELETE,UPDATE ON TABLE insight.placing_refused TO loopline_app;

GRANT SELECT,INSERT ON TABLE insight.returned_loss TO loopline_app;

GRANT SELECT,USAGE ON SEQUENCE insight.returned_loss_number_seq TO loopline_app;

GRANT SELECT,INSERT,DELETE,TRUNCATE,UPDATE ON TABLE insight.rights_by_day TO loopline_app;

GRANT SELECT,INSERT,DELETE,TRUNCATE,UPDATE ON TABLE insight.sales_by_day TO loopline_app;

GRANT SELECT,INSERT,DELETE,TRUNCATE,UPDATE ON TABLE insight.sales_by_hour TO loopline_app;

GRANT SELECT,INSERT,DELETE,TRUNCATE,UPDATE ON TABLE insight.sales_by_minute TO loopline_app;

GRANT SELECT,INSERT,DELETE,TRUNCATE,UPDATE ON TABLE insight.series TO loopline_app;

GRANT SELECT,USAGE ON SEQUENCE insight.series_series_id_seq TO loopline_app;

GRANT SELECT,INSERT,DELETE,TRUNCATE,UPDATE ON TABLE insight.stage_count TO loopline_app;

GRANT SELECT,INSERT,DELETE,TRUNCATE,UPDATE ON TABLE insight.takings_by_day TO loopline_app;

GRANT SELECT,INSERT,DELETE,TRUNCATE,UPDATE ON TABLE insight.takings_by_hour TO loopline_app;

GRANT SELECT,INSERT,DELETE,TRUNCATE,UPDATE ON TABLE insight.takings_by_minute TO loopline_app;

GRANT SELECT,INSERT,UPDATE ON TABLE invoices.document TO loopline_app;

GRANT SELECT,INSERT,DELETE,UPDATE ON TABLE invoices.goods_code TO loopline_app;

GRANT SELECT,INSERT ON TABLE invoices.line TO loopline_app;

GRANT SELECT,INSERT,UPDATE ON TABLE invoices.wish TO loopline_app;

GRANT SELECT,INSERT,DELETE,UPDATE ON TABLE invoices.published_settled TO loopline_app;

GRANT SELECT,INSERT ON TABLE ledger.account TO loopline_app;

GRANT SELECT,USAGE ON SEQUENCE ledger.account_number_seq TO loopline_app;

GRANT SELECT,INSERT,DELETE,UPDATE ON TABLE ledger.balance_change TO loopline_app;

GRANT SELECT,INSERT,DELETE,UPDATE ON TABLE ledger.folded_balance TO loopline_app;

GRANT SELECT,INSERT,DELETE,UPDATE ON TABLE ledger.balance TO loopline_app;

GRANT SELECT,USAGE ON SEQUENCE ledger.cut_number TO loopline_app;

GRANT SELECT,INSERT ON TABLE ledger.entry TO loopline_app;

GRANT SELECT,INSERT ON TABLE ledger.entry_part TO loopline_app;

GRANT SELECT,INSERT,DELETE,UPDATE ON TABLE ledger.journal_line TO loopline_app;

GRANT SELECT,INSERT,DELETE,UPDATE ON TABLE ledger.posting TO loopline_app;

GRANT SELECT,INSERT,DELETE,UPDATE ON TABLE ledger.published_balances TO loopline_app;

GRANT SELECT,INSERT,DELETE,UPDATE ON TABLE ledger.published_postings TO loopline_app;

GRANT SELECT,INSERT ON TABLE ledger.reversal TO loopline_app;

GRANT SELECT,INSERT,DELETE,UPDATE ON TABLE ledger.reversed_part TO loopline_app;

GRANT SELECT,USAGE ON SEQUENCE log.event_position TO loopline_app;

GRANT SELECT,INSERT ON TABLE log.event TO loopline_app;

GRANT SELECT,INSERT,DELETE,UPDATE ON TABLE log.follower TO loopline_app;

GRANT SELECT,INSERT,DELETE,UPDATE ON TABLE log.parked_event TO loopline_app;

GRANT SELECT,INSERT ON TABLE marketplaces.entry TO loopline_app;

GRANT SELECT,INSERT,UPDATE ON TABLE marketplaces.goods TO loopline_app;

GRANT SELECT,INSERT,UPDATE ON TABLE marketplaces.goods_terms TO loopline_app;

GRANT SELECT,INSERT,UPDATE ON TABLE marketplaces.loan TO loopline_app;

GRANT SELECT,INSERT,UPDATE ON TABLE marketplaces.marketplace TO loopline_app;

GRANT SELECT,INSERT,UPDATE ON TABLE marketplaces.shipment TO loopline_app;

GRANT SELECT,INSERT,UPDATE ON TABLE marketplaces.step TO loopline_app;

GRANT SELECT,INSERT ON TABLE marketplaces.test_line TO loopline_app;

GRANT SELECT,INSERT,UPDATE ON TABLE marketplaces.test_order TO loopline_app;

GRANT SELECT,INSERT,DELETE,UPDATE ON TABLE notices.gateway TO loopline_app;

GRANT SELECT,INSERT,DELETE,UPDATE ON TABLE notices.notice TO loopline_app;

GRANT SELECT,INSERT,DELETE,UPDATE ON TABLE notices.published_told TO loopline_app;

GRANT SELECT,INSERT,DELETE,UPDATE ON TABLE orders.channel TO loopline_app;

GRANT SELECT,INSERT,DELETE,UPDATE ON TABLE orders.conflict TO loopline_app;

GRANT SELECT,INSERT,DELETE,UPDATE ON TABLE orders.known TO loopline_app;

GRANT SELECT,INSERT,DELETE,UPDATE ON TABLE orders.known_00 TO loopline_app;

GRANT SELECT,INSERT,DELETE,UPDATE ON TABLE orders.known_01 TO loopline_app;

GRANT SELECT,INSERT,DELETE,UPDATE ON TABLE orders.known_02 TO loopline_app;

GRANT SELECT,INSERT,DELETE,UPDATE ON TABLE orders.known_03 TO loopline_app;

GRANT SELECT,INSERT,DELETE,UPDATE ON TABLE orders.known_04 TO loopline_app;

GRANT SELECT,INSERT,DELETE,UPDATE ON TABLE orders.known_05 TO loopline_app;

GRANT SELECT,INSERT,DELETE,UPDATE ON TABLE orders.known_06 TO loopline_app;

GRANT SELECT,INSERT,DELETE,UPDATE ON TABLE orders.known_07 TO loopline_app;

GRANT SELECT,INSERT,DELETE,UPDATE ON TABLE orders.known_08 TO loopline_app;

GRANT SELECT,INSERT,DELETE,UPDATE ON TABLE orders.known_09 TO loopline_app;

GRANT SELECT,INSERT,DELETE,UPDATE ON TABLE orders.known_10 TO loopline_app;

GRANT SELECT,INSERT,DELETE,UPDATE ON TABLE orders.known_11 TO loopline_app;

GRANT SELECT,INSERT,DELETE,UPDATE ON TABLE orders.known_12 TO loopline_app;

GRANT SELECT,INSERT,DELETE,UPDATE ON TABLE orders.known_13 TO loopline_app;

GRANT SELECT,INSERT,DELETE,UPDATE ON TABLE orders.known_14 TO loopline_app;

GRANT SELECT,INSERT,DELETE,UPDATE ON TABLE orders.known_15 TO loopline_app;

GRANT SELECT,INSERT,DELETE,UPDATE ON TABLE orders.line TO loopline_app;

GRANT SELECT,INSERT,DELETE,UPDATE ON TABLE orders.line_default TO loopline_app;

GRANT SELECT,INSERT,DELETE,UPDATE ON TABLE orders.named_site TO loopline_app;

GRANT SELECT,INSERT,DELETE,UPDATE ON TABLE orders."order" TO loopline_app;

GRANT SELECT,INSERT,DELETE,UPDATE ON TABLE orders.order_default TO loopline_app;

GRANT SELECT,USAGE ON SEQUENCE orders.order_number TO loopline_app;

GRANT SELECT,INSERT,DELETE,UPDATE ON TABLE orders.parking TO loopline_app;

GRANT SELECT,INSERT,DELETE,UPDATE ON TABLE orders.payer TO loopline_app;

GRANT SELECT,INSERT,UPDATE ON TABLE orders.preorder TO loopline_app;

GRANT SELECT,INSERT,UPDATE ON TABLE orders.preordered TO loopline_app;

GRANT SELECT,INSERT,UPDATE ON TABLE orders.price_ask TO loopline_app;

GRANT SELECT,INSERT ON TABLE orders.price_change TO loopline_app;

GRANT SELECT,INSERT,DELETE,UPDATE ON TABLE orders.published_credits TO loopline_app;

GRANT SELECT,INSERT,DELETE,UPDATE ON TABLE orders.published_destinations TO loopline_app;

GRANT SELECT,INSERT,DELETE,UPDATE ON TABLE orders.published_lines TO loopline_app;

GRANT SELECT,INSERT,DELETE,UPDATE ON TABLE orders.published_orders TO loopline_app;

GRANT SELECT,INSERT,DELETE ON TABLE orders.quote TO loopline_app;

GRANT SELECT,INSERT,DELETE,UPDATE ON TABLE orders.published_promoted_lines TO loopline_app;

GRANT SELECT,INSERT,DELETE,UPDATE ON TABLE orders.quote_default TO loopline_app;

GRANT SELECT,INSERT,UPDATE ON TABLE orders.reservation TO loopline_app;

GRANT SELECT,INSERT,UPDATE ON TABLE orders.till_case TO loopline_app;

GRANT SELECT,INSERT ON TABLE orders.till_sale TO loopline_app;

GRANT SELECT,INSERT,DELETE,UPDATE ON TABLE orders.unpaid TO loopline_app;

GRANT SELECT,INSERT,DELETE,UPDATE ON TABLE org.api_key TO loopline_app;

GRANT SELECT,INSERT,DELETE,UPDATE ON TABLE org.counter_limit TO loopline_app;

GRANT SELECT,USAGE ON SEQUENCE org.counter_limit_number_seq TO loopline_app;

GRANT SELECT,INSERT,DELETE,UPDATE ON TABLE org.entity TO loopline_app;

GRANT SELECT,INSERT,DELETE,UPDATE ON TABLE org.party TO loopline_app;

GRANT SELECT,INSERT,DELETE,UPDATE ON TABLE org.password TO loopline_app;

GRANT SELECT,INSERT,DELETE,UPDATE ON TABLE org.person TO loopline_app;

GRANT SELECT,INSERT,DELETE,UPDATE ON TABLE org.published_entity TO loopline_app;

GRANT SELECT,INSERT,DELETE,UPDATE ON TABLE org.published_party TO loopline_app;

GRANT SELECT,INSERT,DELETE,UPDATE ON TABLE org.role TO loopline_app;

GRANT SELECT,INSERT,DELETE,UPDATE ON TABLE org.unit TO loopline_app;

GRANT SELECT,INSERT,DELETE,UPDATE ON TABLE org.published_scope TO loopline_app;

GRANT SELECT,INSERT,DELETE,UPDATE ON TABLE org.site TO loopline_app;

GRANT SELECT,INSERT,DELETE,UPDATE ON TABLE org.published_site TO loopline_app;

GRANT SELECT,INSERT,DELETE,UPDATE ON TABLE org.published_unit TO loopline_app;

GRANT SELECT,INSERT,DELETE,UPDATE ON TABLE org.session TO loopline_app;

GRANT SELECT,INSERT,DELETE,UPDATE ON TABLE org.sign_in_failure TO loopline_app;

GRANT SELECT,INSERT,DELETE,UPDATE ON TABLE payments.exception TO loopline_app;

GRANT SELECT,INSERT,DELETE,UPDATE ON TABLE payments.intent TO loopline_app;

GRANT SELECT,INSERT,DELETE,UPDATE ON TABLE payments.payment TO loopline_app;

GRANT SELECT,INSERT,DELETE,UPDATE ON TABLE payments.published_exceptions TO loopline_app;

GRANT SELECT,INSERT ON TABLE payments.refund TO loopline_app;

GRANT SELECT,INSERT,DELETE,UPDATE ON TABLE payments.published_order_money TO loopline_app;

GRANT SELECT,INSERT,DELETE,UPDATE ON TABLE payments.published_refunds_under_way TO loopline_app;

GRANT SELECT,INSERT ON TABLE payments.refund_part TO loopline_app;

GRANT SELECT,INSERT,UPDATE ON TABLE payments.shift TO loopline_app;

GRANT SELECT,INSERT,UPDATE ON TABLE payments.till_move TO loopline_app;

GRANT SELECT,INSERT,UPDATE ON TABLE payouts.account TO loopline_app;

GRANT SELECT,INSERT,UPDATE ON TABLE payouts.contract TO loopline_app;

GRANT SELECT,INSERT ON TABLE payouts.download TO loopline_app;

GRANT SELECT,USAGE ON SEQUENCE payouts.download_id_seq TO loopline_app;

GRANT SELECT,INSERT,UPDATE ON TABLE payouts.line TO loopline_app;

GRANT SELECT,INSERT ON TABLE payouts.notice TO loopline_app;

GRANT SELECT,INSERT,UPDATE ON TABLE payouts.payer TO loopline_app;

GRANT SELECT,INSERT,UPDATE ON TABLE payouts.payout TO loopline_app;

GRANT SELECT,USAGE ON SEQUENCE payouts.payout_number_seq TO loopline_app;

GRANT SELECT,INSERT,DELETE,UPDATE ON TABLE payouts.published_line TO loopline_app;

GRANT SELECT,INSERT,UPDATE ON TABLE payouts.reclaim TO loopline_app;

GRANT SELECT,INSERT,DELETE,UPDATE ON TABLE payouts.published_reclaim TO loopline_app;

GRANT SELECT,INSERT,UPDATE ON TABLE payouts.request TO loopline_app;

GRANT SELECT,INSERT ON TABLE payouts.terms TO loopline_app;

GRANT SELECT,INSERT,UPDATE ON TABLE payouts.transaction TO loopline_app;

GRANT SELECT,INSERT,UPDATE ON TABLE payouts.unfreezing TO loopline_app;

GRANT SELECT,INSERT ON TABLE pricing.borne TO loopline_app;

GRANT SELECT,INSERT,UPDATE ON TABLE pricing.coupon TO loopline_app;

GRANT SELECT,INSERT,UPDATE ON TABLE pricing.coupon_batch TO loopline_app;

GRANT SELECT,INSERT ON TABLE pricing.coupon_entry TO loopline_app;

GRANT SELECT,USAGE ON SEQUENCE pricing.coupon_entry_number_seq TO loopline_app;

GRANT SELECT,INSERT,UPDATE ON TABLE pricing.coupon_holder TO loopline_app;

GRANT SELECT,INSERT ON TABLE pricing.coupon_line TO loopline_app;

GRANT SELECT,INSERT ON TABLE pricing.freight TO loopline_app;

GRANT SELECT,USAGE ON SEQUENCE pricing.freight_number_seq TO loopline_app;

GRANT SELECT,INSERT ON TABLE pricing.funding_agreement TO loopline_app;

GRANT SELECT,INSERT,UPDATE ON TABLE pricing.points_account TO loopline_app;

GRANT SELECT,INSERT ON TABLE pricing.points_entry TO loopline_app;

GRANT SELECT,USAGE ON SEQUENCE pricing.points_entry_number_seq TO loopline_app;

GRANT SELECT,INSERT,UPDATE ON TABLE pricing.points_lot TO loopline_app;

GRANT SELECT,INSERT,UPDATE ON TABLE pricing.points_programme TO loopline_app;

GRANT SELECT,INSERT,UPDATE ON TABLE pricing.points_use TO loopline_app;

GRANT SELECT,INSERT ON TABLE pricing.price TO loopline_app;

GRANT SELECT,INSERT,DELETE,UPDATE ON TABLE pricing.price_list TO loopline_app;

GRANT SELECT,INSERT,UPDATE ON TABLE pricing.promotion TO loopline_app;

GRANT SELECT,INSERT,DELETE,UPDATE ON TABLE pricing.published_price TO loopline_app;

GRANT SELECT,INSERT ON TABLE pricing.tax_rate TO loopline_app;

GRANT SELECT,INSERT,DELETE,UPDATE ON TABLE promises.arrival TO loopline_app;

GRANT SELECT,INSERT,DELETE,UPDATE ON TABLE promises.held_back TO loopline_app;

GRANT SELECT,INSERT,DELETE,UPDATE ON TABLE promises.learning TO loopline_app;

GRANT SELECT,INSERT,DELETE,UPDATE ON TABLE promises.pace TO loopline_app;

GRANT SELECT,INSERT,DELETE,UPDATE ON TABLE promises.promise TO loopline_app;

GRANT SELECT,INSERT,DELETE,UPDATE ON TABLE promises.published_promises TO loopline_app;

GRANT SELECT,INSERT,DELETE,UPDATE ON TABLE promises.terms TO loopline_app;

GRANT SELECT,INSERT,DELETE,UPDATE ON TABLE remembered.mark TO loopline_app;

GRANT SELECT,INSERT,UPDATE ON TABLE returns.announced TO loopline_app;

GRANT SELECT,INSERT ON TABLE returns.announced_line TO loopline_app;

GRANT SELECT,INSERT,UPDATE ON TABLE returns.announced_way TO loopline_app;

GRANT SELECT,INSERT,DELETE,UPDATE ON TABLE returns.exchange TO loopline_app;

GRANT SELECT,INSERT ON TABLE returns.grading TO loopline_app;

GRANT SELECT,INSERT ON TABLE returns.match TO loopline_app;

GRANT SELECT,INSERT,DELETE,UPDATE ON TABLE returns.photo TO loopline_app;

GRANT SELECT,INSERT,UPDATE ON TABLE returns.photo_rule TO loopline_app;

GRANT SELECT,INSERT,UPDATE ON TABLE returns.photo_waived TO loopline_app;

GRANT SELECT,INSERT,DELETE,UPDATE ON TABLE returns.published_gradings TO loopline_app;

GRANT SELECT,INSERT ON TABLE returns.return TO loopline_app;

GRANT SELECT,INSERT,UPDATE ON TABLE returns.return_line TO loopline_app;

GRANT SELECT,INSERT,DELETE,UPDATE ON TABLE returns.published_lines TO loopline_app;

GRANT SELECT,INSERT,DELETE,UPDATE ON TABLE returns.published_matches TO loopline_app;

GRANT SELECT,INSERT,DELETE,UPDATE ON TABLE returns.published_ways TO loopline_app;

GRANT SELECT,INSERT ON TABLE returns.receipt TO loopline_app;

GRANT SELECT,INSERT ON TABLE returns.return_window TO loopline_app;

GRANT SELECT,INSERT ON TABLE returns.way_terms TO loopline_app;

GRANT SELECT,USAGE ON SEQUENCE returns.way_terms_number_seq TO loopline_app;

GRANT SELECT,INSERT,DELETE,UPDATE ON TABLE reviews.alert TO loopline_app;

GRANT SELECT,INSERT ON TABLE reviews.decision TO loopline_app;

GRANT SELECT,INSERT ON TABLE reviews.mood_model TO loopline_app;

GRANT UPDATE(published_at) ON TABLE reviews.mood_model TO loopline_app;

GRANT UPDATE(published_by) ON TABLE reviews.mood_model TO loopline_app;

GRANT UPDATE(comment) ON TABLE reviews.mood_model TO loopline_app;

GRANT UPDATE(withdrawn_at) ON TABLE reviews.mood_model TO loopline_app;

GRANT SELECT,INSERT,UPDATE ON TABLE reviews.picture TO loopline_app;

GRANT SELECT,INSERT,DELETE,UPDATE ON TABLE reviews.review TO loopline_app;

GRANT SELECT,INSERT,DELETE,UPDATE ON TABLE reviews.published_reviews TO loopline_app;

GRANT SELECT,INSERT,DELETE,UPDATE ON TABLE reviews.reading TO loopline_app;

GRANT SELECT,INSERT ON TABLE reviews.reply TO loopline_app;

GRANT SELECT,INSERT,DELETE,UPDATE ON TABLE reviews.said TO loopline_app;

GRANT SELECT,INSERT,DELETE,UPDATE ON TABLE reviews.tally TO loopline_app;

GRANT SELECT,INSERT ON TABLE reviews.theme_list TO loopline_app;

GRANT SELECT,INSERT ON TABLE reviews.version TO loopline_app;

GRANT SELECT,INSERT,DELETE,TRUNCATE,UPDATE ON TABLE search.order_document TO loopline_app;

GRANT SELECT,INSERT,DELETE,TRUNCATE,UPDATE ON TABLE search.order_site TO loopline_app;

GRANT SELECT,INSERT,DELETE,TRUNCATE,UPDATE ON TABLE search.order_words TO loopline_app;

GRANT SELECT,INSERT,DELETE,TRUNCATE,UPDATE ON TABLE search.product_document TO loopline_app;

GRANT SELECT,INSERT ON TABLE sharing.claw_back TO loopline_app;

GRANT SELECT,INSERT ON TABLE sharing.evaluation TO loopline_app;

GRANT SELECT,INSERT ON TABLE sharing.ladder TO loopline_app;

GRANT SELECT,INSERT,DELETE,UPDATE ON TABLE sharing.ladder_draft TO loopline_app;

GRANT SELECT,INSERT ON TABLE sharing.line_kind TO loopline_app;

GRANT SELECT,INSERT ON TABLE sharing.own_member TO loopline_app;

GRANT SELECT,INSERT,DELETE,UPDATE ON TABLE sharing.pending_part TO loopline_app;

GRANT SELECT,INSERT ON TABLE sharing.split TO loopline_app;

GRANT SELECT,INSERT,DELETE,UPDATE ON TABLE sharing.published_goods_costs TO loopline_app;

GRANT SELECT,INSERT,DELETE,UPDATE ON TABLE sharing.rule_row TO loopline_app;

GRANT SELECT,INSERT,DELETE,UPDATE ON TABLE sharing.share TO loopline_app;

GRANT SELECT,INSERT,DELETE,UPDATE ON TABLE sharing.published_shares TO loopline_app;

GRANT SELECT,INSERT,DELETE,UPDATE ON TABLE sharing.published_unearned TO loopline_app;

GRANT SELECT,INSERT ON TABLE sharing.release TO loopline_app;

GRANT SELECT,INSERT ON TABLE sharing.released_amount TO loopline_app;

GRANT SELECT,INSERT,DELETE,UPDATE ON TABLE sharing.returned_part TO loopline_app;

GRANT SELECT,INSERT,DELETE,UPDATE ON TABLE sharing.rule_set TO loopline_app;

GRANT SELECT,USAGE ON SEQUENCE sharing.rule_set_version_seq TO loopline_app;

GRANT SELECT,INSERT,DELETE,UPDATE ON TABLE sharing.trial TO loopline_app;

GRANT SELECT,INSERT,DELETE,UPDATE ON TABLE simulator.replay TO loopline_app;

GRANT SELECT,INSERT,DELETE,UPDATE ON TABLE simulator.world TO loopline_app;

GRANT SELECT,INSERT,DELETE,UPDATE ON TABLE slots.booking TO loopline_app;

GRANT SELECT,INSERT,DELETE,UPDATE ON TABLE slots.code_failure TO loopline_app;

GRANT SELECT,INSERT,DELETE,UPDATE ON TABLE slots.setting TO loopline_app;

GRANT SELECT,USAGE ON SEQUENCE slots.setting_number_seq TO loopline_app;

GRANT SELECT,INSERT,DELETE,UPDATE ON TABLE slots.slot TO loopline_app;

GRANT SELECT,INSERT,DELETE,UPDATE ON TABLE slots.visit TO loopline_app;

GRANT SELECT,INSERT,DELETE,UPDATE ON TABLE sourcing.day_price TO loopline_app;

GRANT SELECT,INSERT,DELETE,UPDATE ON TABLE sourcing.day_price_sku TO loopline_app;

GRANT SELECT,INSERT,DELETE,UPDATE ON TABLE sourcing.day_prices TO loopline_app;

GRANT SELECT,INSERT ON TABLE sourcing.decision TO loopline_app;

GRANT SELECT,INSERT,DELETE,UPDATE ON TABLE sourcing.override TO loopline_app;

GRANT SELECT,INSERT,DELETE,UPDATE ON TABLE sourcing.override_change TO loopline_app;

GRANT SELECT,USAGE ON SEQUENCE sourcing.override_change_number_seq TO loopline_app;

GRANT SELECT,INSERT,DELETE,UPDATE ON TABLE sourcing.profile TO loopline_app;

GRANT SELECT,INSERT ON TABLE sourcing.wave TO loopline_app;

GRANT SELECT,INSERT,DELETE,UPDATE ON TABLE sourcing.published_decisions TO loopline_app;

GRANT SELECT,INSERT,DELETE,UPDATE ON TABLE sourcing.site_cost TO loopline_app;

GRANT SELECT,INSERT,DELETE,UPDATE ON TABLE sourcing.published_handling TO loopline_app;

GRANT SELECT,INSERT,DELETE,UPDATE ON TABLE sourcing.published_parcels TO loopline_app;

GRANT SELECT,INSERT,DELETE,UPDATE ON TABLE sourcing.site_equipment TO loopline_app;

GRANT SELECT,USAGE ON SEQUENCE sourcing.site_equipment_number_seq TO loopline_app;

GRANT SELECT,INSERT,DELETE,UPDATE ON TABLE sourcing.trial TO loopline_app;

GRANT SELECT,INSERT,DELETE,UPDATE ON TABLE sourcing.wave_price TO loopline_app;

GRANT SELECT,INSERT,UPDATE ON TABLE statements.dispute TO loopline_app;

GRANT SELECT,INSERT ON TABLE statements.dispute_word TO loopline_app;

GRANT SELECT,INSERT,DELETE ON TABLE statements.leaf TO loopline_app;

GRANT SELECT,INSERT,DELETE ON TABLE statements.page TO loopline_app;

GRANT SELECT,INSERT ON TABLE statements.seal TO loopline_app;

GRANT SELECT,INSERT ON TABLE statements.sealed_party TO loopline_app;

GRANT SELECT,INSERT,DELETE,UPDATE ON TABLE stock.allocation TO loopline_app;

GRANT SELECT,INSERT,UPDATE ON TABLE stock.asked_count TO loopline_app;

GRANT SELECT,INSERT,DELETE,UPDATE ON TABLE stock.count_line TO loopline_app;

GRANT SELECT,INSERT,UPDATE ON TABLE stock.count_session TO loopline_app;

GRANT SELECT,INSERT,DELETE,UPDATE ON TABLE stock.doubt TO loopline_app;

GRANT SELECT,INSERT,DELETE,UPDATE ON TABLE stock.hold TO loopline_app;

GRANT SELECT,INSERT,UPDATE ON TABLE stock.leaf_lot TO loopline_app;

GRANT SELECT,INSERT,DELETE,UPDATE ON TABLE stock.leaf_stock TO loopline_app;

GRANT SELECT,INSERT,UPDATE ON TABLE stock.lot TO loopline_app;

GRANT SELECT,INSERT ON TABLE stock.lot_movement TO loopline_app;

GRANT SELECT,INSERT,DELETE,UPDATE ON TABLE stock.lot_plan TO loopline_app;

GRANT SELECT,INSERT ON TABLE stock.movement TO loopline_app;

GRANT SELECT,INSERT ON TABLE stock.movement_note TO loopline_app;

GRANT SELECT,INSERT,DELETE,UPDATE ON TABLE stock.node TO loopline_app;

GRANT SELECT,INSERT,DELETE,UPDATE ON TABLE stock.node_stock TO loopline_app;

GRANT SELECT,INSERT,DELETE,UPDATE ON TABLE stock.published_allocation TO loopline_app;

GRANT SELECT,INSERT,DELETE,UPDATE ON TABLE stock.published_hold TO loopline_app;

GRANT SELECT,INSERT,DELETE,UPDATE ON TABLE stock.published_leaf_stock TO loopline_app;

GRANT SELECT,INSERT,DELETE,UPDATE ON TABLE stock.published_lots_sent TO loopline_app;

GRANT SELECT,INSERT,DELETE,UPDATE ON TABLE stock.published_node TO loopline_app;

GRANT SELECT,INSERT,DELETE,UPDATE ON TABLE stock.shortfall TO loopline_app;

GRANT SELECT,INSERT,DELETE,UPDATE ON TABLE stock.published_shortfall TO loopline_app;

GRANT SELECT,INSERT,UPDATE ON TABLE stock.quota TO loopline_app;

GRANT SELECT,INSERT,DELETE,UPDATE ON TABLE stock.quota_draw TO loopline_app;

GRANT SELECT,INSERT,UPDATE ON TABLE stock.restock TO loopline_app;

GRANT SELECT,INSERT,DELETE,UPDATE ON TABLE stock.shelf_life TO loopline_app;

GRANT SELECT,INSERT,DELETE,UPDATE ON TABLE stock.shelf_place TO loopline_app;

GRANT SELECT,INSERT ON TABLE stock.transfer TO loopline_app;

GRANT SELECT,INSERT ON TABLE stock.transfer_arrival TO loopline_app;

GRANT SELECT,INSERT,UPDATE ON TABLE stock.transfer_line TO loopline_app;

GRANT SELECT,INSERT,UPDATE ON TABLE stored_value.account TO loopline_app;

GRANT SELECT,INSERT,UPDATE ON TABLE stored_value.cash_out TO loopline_app;

GRANT SELECT,INSERT ON TABLE stored_value.movement TO loopline_app;

GRANT SELECT,USAGE ON SEQUENCE stored_value.movement_number_seq TO loopline_app;

GRANT SELECT,INSERT ON TABLE stored_value.terms TO loopline_app;

GRANT SELECT,USAGE ON SEQUENCE stored_value.terms_number_seq TO loopline_app;

GRANT SELECT,INSERT,UPDATE ON TABLE stored_value.use TO loopline_app;

GRANT SELECT,INSERT,DELETE,UPDATE ON TABLE supply.noted TO loopline_app;

GRANT SELECT,INSERT,DELETE,UPDATE ON TABLE supply.term TO loopline_app;

GRANT SELECT,INSERT,DELETE,UPDATE ON TABLE touchpoints.archive TO loopline_app;

GRANT SELECT,INSERT ON TABLE touchpoints.attribution TO loopline_app;

GRANT SELECT,INSERT ON TABLE touchpoints.attribution_rule TO loopline_app;

GRANT SELECT,INSERT ON TABLE touchpoints.binding_rule TO loopline_app;

GRANT SELECT,INSERT ON TABLE touchpoints.claim TO loopline_app;

GRANT SELECT,INSERT,DELETE,UPDATE ON TABLE touchpoints.live_room TO loopline_app;

GRANT SELECT,INSERT,DELETE,UPDATE ON TABLE touchpoints.live_room_sku TO loopline_app;

GRANT SELECT,INSERT,DELETE,UPDATE ON TABLE touchpoints.logo TO loopline_app;

GRANT SELECT,INSERT ON TABLE touchpoints.scan TO loopline_app;

GRANT SELECT,INSERT,DELETE,UPDATE ON TABLE touchpoints.touchpoint TO loopline_app;

GRANT SELECT,INSERT,DELETE,UPDATE ON TABLE touchpoints.published_scans TO loopline_app;

GRANT SELECT,INSERT,DELETE,UPDATE ON TABLE touchpoints.scan_count TO loopline_app;

GRANT SELECT,INSERT ON TABLE touchpoints.tie TO loopline_app;

GRANT SELECT,INSERT,DELETE,UPDATE ON TABLE touchpoints.unit_guess TO loopline_app;

GRANT SELECT,INSERT,UPDATE ON TABLE touchpoints.unit_scan TO loopline_app;

GRANT SELECT,INSERT,DELETE,UPDATE ON TABLE webhooks.delivery TO loopline_app;

GRANT SELECT,INSERT,DELETE,UPDATE ON TABLE webhooks.subscription TO loopline_app;

ALTER DEFAULT PRIVILEGES FOR ROLE loopline GRANT SELECT,USAGE ON SEQUENCES TO loopline_app;

ALTER DEFAULT PRIVILEGES FOR ROLE loopline GRANT USAGE ON SCHEMAS TO loopline_app;

ALTER DEFAULT PRIVILEGES FOR ROLE loopline GRANT SELECT,INSERT,DELETE,UPDATE ON TABLES TO loopline_app;
