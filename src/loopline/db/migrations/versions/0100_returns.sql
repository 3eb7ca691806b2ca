-- Returns: what came back, what it was matched to, what has no match and who decided, how it was graded.

create schema returns;

create table returns.return (
  id uuid primary key,
  channel text not null,
  external_number text not null,
  content_hash bytea not null,
  kind text not null,
  order_id uuid,
  member_id uuid,
  site_id uuid not null,
  currency text not null,
  at timestamptz not null,
  opened_at timestamptz not null,
  constraint return_number_once unique (channel, external_number),
  constraint return_kind_known check (kind in ('ask', 'fact')),
  constraint return_currency_code check (currency ~ '^[A-Z]{3}$')
);
create index return_by_order on returns.return (order_id) where order_id is not null;
create index return_by_member on returns.return (member_id, at) where member_id is not null;
revoke update, delete on returns.return from loopline_app;

create table returns.return_line (
  id uuid primary key,
  return_id uuid not null references returns.return,
  position smallint not null,
  code text not null,
  sku_id uuid,
  units bigint not null,
  stated_unit_minor bigint,
  reason text not null,
  matched_units bigint not null,
  received_units bigint not null default 0,
  graded_units bigint not null default 0,
  -- What has no original sale waits for a person, unless it has happened already.
  blind_state text not null,
  blind_refund_unit_minor bigint,
  blind_decided_by text,
  blind_decided_at timestamptz,
  blind_decision_reason text,
  constraint return_line_once unique (return_id, position),
  constraint return_line_has_units check (units > 0),
  constraint matched_within_units check (matched_units between 0 and units),
  constraint received_within_units check (received_units between 0 and units),
  constraint graded_within_received check (graded_units between 0 and received_units),
  constraint stated_price_not_negative check (stated_unit_minor >= 0),
  constraint blind_refund_not_negative check (blind_refund_unit_minor >= 0),
  constraint return_reason_known check (
    reason in ('unwanted', 'defect', 'damaged_in_transit', 'wrong_item', 'late', 'size', 'other')
  ),
  constraint blind_state_fits_units check (
    case blind_state
      when 'none' then matched_units = units
      when 'waiting' then matched_units < units and num_nonnulls(blind_decided_by, blind_decided_at) = 0
      when 'accepted' then
        matched_units < units and num_nonnulls(blind_refund_unit_minor, blind_decided_by, blind_decided_at) = 3
      when 'refused' then matched_units < units and num_nonnulls(blind_decided_by, blind_decided_at) = 2
      else false
    end
  )
);
create index blind_return_waiting on returns.return_line (id) where blind_state = 'waiting';
revoke delete on returns.return_line from loopline_app;

create table returns.match (
  return_line_id uuid not null references returns.return_line,
  position smallint not null,
  order_id uuid not null,
  line_id uuid not null,
  units bigint not null,
  how text not null,
  sold_unit_minor bigint not null,
  primary key (return_line_id, position),
  constraint match_has_units check (units > 0),
  constraint match_how_known check (how in ('price', 'code'))
);
create index match_by_line on returns.match (line_id);
revoke update, delete on returns.match from loopline_app;

create table returns.receipt (
  id uuid primary key,
  return_line_id uuid not null references returns.return_line,
  units bigint not null,
  site_id uuid not null,
  at timestamptz not null,
  constraint receipt_has_units check (units > 0)
);
create index receipt_by_return_line on returns.receipt (return_line_id);
revoke update, delete on returns.receipt from loopline_app;

create table returns.grading (
  id uuid primary key,
  return_line_id uuid not null references returns.return_line,
  units bigint not null,
  grade text not null,
  disposition text not null,
  graded_by text not null,
  note text not null,
  at timestamptz not null,
  constraint grading_has_units check (units > 0),
  constraint grade_known check (grade in ('as_new', 'open', 'tail', 'damaged', 'wrong', 'fake')),
  constraint disposition_known check (disposition in ('restock', 'refurbish', 'outlet', 'supplier', 'scrap')),
  constraint fakes_are_never_sold check (grade <> 'fake' or disposition = 'scrap')
);
create index grading_by_return_line on returns.grading (return_line_id);
revoke update, delete on returns.grading from loopline_app;

-- How long goods may come back: the most particular window that counts at the moment of the hand-over.
create table returns.return_window (
  id uuid primary key,
  channel text,
  category text,
  days integer not null,
  effective_from timestamptz not null,
  constraint one_window_from_a_moment unique nulls not distinct (channel, category, effective_from),
  constraint window_days_in_range check (days between 0 and 3660)
);
revoke update, delete on returns.return_window from loopline_app;

create view returns.published_lines with (security_invoker = true) as
select
  return_line.id as return_line_id,
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
  return_line.units - return_line.matched_units as blind_units,
  return_line.blind_state,
  return_line.blind_refund_unit_minor,
  return_line.stated_unit_minor,
  return_line.reason,
  return_line.received_units,
  return_line.graded_units
from returns.return_line as return_line
join returns.return as return on return.id = return_line.return_id;

create view returns.published_matches with (security_invoker = true) as
select
  match.return_line_id,
  match.position,
  match.order_id,
  match.line_id,
  match.units,
  match.how,
  match.sold_unit_minor
from returns.match as match;

create view returns.published_gradings with (security_invoker = true) as
select
  grading.id as grading_id,
  grading.return_line_id,
  grading.units,
  grading.grade,
  grading.disposition,
  grading.at
from returns.grading as grading;
