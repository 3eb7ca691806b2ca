-- A parcel by the carrier's number, as it stands on its label and as it was handed over.
drop index concurrently if exists fulfilment.label_by_tracking_number;
create index concurrently label_by_tracking_number on fulfilment.label (tracking_number)
    where tracking_number is not null;
drop index concurrently if exists fulfilment.waybill_by_tracking_number;
create index concurrently waybill_by_tracking_number on fulfilment.waybill (tracking_number);
-- A batch or a unit by its code, whatever it is of.
drop index concurrently if exists stock.lot_by_code;
create index concurrently lot_by_code on stock.lot (code);
-- What codes brought in some days.
drop index concurrently if exists touchpoints.attribution_by_moment;
create index concurrently attribution_by_moment on touchpoints.attribution (placed_at desc, order_id);
