-- Parties that take a fee of the payment, and that marketing is paid from.
alter table org.party
  drop constraint party_kind_is_known,
  add constraint party_kind_is_known check (
    kind in ('brand', 'dealer', 'store', 'guide', 'streamer', 'platform', 'payment_provider', 'marketing_fund')
  );
