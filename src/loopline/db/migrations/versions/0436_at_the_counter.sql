-- Who stood at the counter; null where nobody said.
alter table returns.return add column taken_in_by text;
create index return_line_accepted_by on returns.return_line (blind_decided_by, blind_decided_at)
    where blind_state = 'accepted';

-- What one person may do alone at the counters of a unit and of all below it. The last row of a unit and setting
-- holds; null takes back what was set. Only the row of a brand says whether regions and dealers may set it, too.
create table org.counter_limit (
    number  bigint generated always as identity primary key,
    unit_id uuid not null references org.unit (id),
    setting text not null constraint counter_limit_setting_known check (setting in ('blind_alone_minor')),
    value   bigint constraint counter_limit_not_negative check (value >= 0),
    is_open boolean not null default false,
    comment text not null constraint counter_limit_says_why check (btrim(comment) <> ''),
    set_at  timestamptz not null,
    set_by  text not null
);
create index counter_limit_of_unit on org.counter_limit (unit_id, setting, number desc);
grant select, insert on org.counter_limit to loopline_app;

alter table ledger.entry
    drop constraint entry_kind_known,
    add constraint entry_kind_known check (
        kind in (
            'sale', 'charge', 'voucher', 'payment', 'refund', 'share', 'share_release', 'share_claw_back', 'reversal',
            'blind_return', 'adjustment', 'opening', 'payout', 'payout_paid', 'payout_returned', 'fee',
            'supply', 'bonus', 'expected_returns', 'paid_for_another'
        )
    ) not valid;  -- all that is there satisfies it; looking would keep everybody out meanwhile

-- Over whose counter a refund went, where that is another company's than owes it and the two can owe each other; null
-- for what was given back before, too: nothing was posted between companies for that.
alter table payments.refund add column drawer_entity_id uuid;

-- Whether a person's word on a loan was heard before.
create index entry_written_off_by on marketplaces.entry (cause_id) where cause = 'written_off';
