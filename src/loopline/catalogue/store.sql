-- name: lock_catalogue
-- Lets one transaction at a time change the catalogue; held to its end. Locks no row: readers never wait for it.
select pg_advisory_xact_lock(hashtextextended('catalogue.change', 0));

-- name: products_by_code
-- Products by their codes. Locks nothing.
select
    product.id,
    product.code,
    product.name,
    product.category,
    product.season
from catalogue.product
where product.code = any(%(codes)s::text[])
order by product.code;

-- name: products_by_id
-- Products by their ids. Locks nothing.
select
    product.id,
    product.code,
    product.name,
    product.category,
    product.season
from catalogue.product
where product.id = any(%(product_ids)s::uuid[])
order by product.id;

-- name: products_page
-- Products in the order of their codes, after a code, at most so many. Locks nothing.
select
    product.id,
    product.code,
    product.name,
    product.category,
    product.season
from catalogue.product
where product.code > %(after_code)s::text
order by product.code
limit %(at_most)s::integer;

-- name: copy_products
-- New products. The caller holds the lock of the catalogue and has found their codes free.
copy catalogue.product (id, code, name, category, season, added_at, changed_at) from stdin;

-- name: update_products
-- Write what products say of themselves. Locks them; the caller holds the lock of the catalogue.
update catalogue.product
set name = changed.name,
    category = changed.category,
    season = changed.season,
    changed_at = %(changed_at)s::timestamptz
from unnest(%(ids)s::uuid[], %(names)s::text[], %(categories)s::text[], %(seasons)s::text[])
    as changed (id, name, category, season)
where product.id = changed.id;

-- name: skus_by_code
-- SKUs by their codes; null for no attributes and for care that says nothing. Locks nothing.
select
    sku.id,
    sku.code,
    sku.product_id,
    product.code as product_code,
    product.category,
    sku.name,
    sku.tax_class,
    sku.gtin,
    sku.is_active,
    nullif(sku.attributes, '{}'::jsonb) as attributes,
    nullif(
        jsonb_strip_nulls(jsonb_build_object(
            'weight_grams', sku.weight_grams,
            'length_mm', sku.length_mm,
            'width_mm', sku.width_mm,
            'height_mm', sku.height_mm,
            'is_fragile', sku.is_fragile,
            'temperature_low_celsius', sku.temperature_low_celsius,
            'temperature_high_celsius', sku.temperature_high_celsius,
            'tracks_batch', sku.tracks_batch,
            'tracks_serial', sku.tracks_serial,
            'shelf_life_days', sku.shelf_life_days,
            'sent_with', sku.sent_with,
            'fitting', nullif(sku.fitting, 'none')
        )),
        '{"is_fragile": false, "tracks_batch": false, "tracks_serial": false}'::jsonb
    ) as care
from catalogue.sku
join catalogue.product on product.id = sku.product_id
where sku.code = any(%(codes)s::text[])
order by sku.code;

-- name: skus_by_id
-- SKUs by their ids; null for no attributes and for care that says nothing. Locks nothing.
select
    sku.id,
    sku.code,
    sku.product_id,
    product.code as product_code,
    product.category,
    sku.name,
    sku.tax_class,
    sku.gtin,
    sku.is_active,
    nullif(sku.attributes, '{}'::jsonb) as attributes,
    nullif(
        jsonb_strip_nulls(jsonb_build_object(
            'weight_grams', sku.weight_grams,
            'length_mm', sku.length_mm,
            'width_mm', sku.width_mm,
            'height_mm', sku.height_mm,
            'is_fragile', sku.is_fragile,
            'temperature_low_celsius', sku.temperature_low_celsius,
            'temperature_high_celsius', sku.temperature_high_celsius,
            'tracks_batch', sku.tracks_batch,
            'tracks_serial', sku.tracks_serial,
            'shelf_life_days', sku.shelf_life_days,
            'sent_with', sku.sent_with,
            'fitting', nullif(sku.fitting, 'none')
        )),
        '{"is_fragile": false, "tracks_batch": false, "tracks_serial": false}'::jsonb
    ) as care
from catalogue.sku
join catalogue.product on product.id = sku.product_id
where sku.id = any(%(sku_ids)s::uuid[])
order by sku.id;

-- name: skus_of_products
-- The SKUs of products, by product and code; null for no attributes and for care that says nothing. Locks nothing.
select
    sku.id,
    sku.code,
    sku.product_id,
    product.code as product_code,
    product.category,
    sku.name,
    sku.tax_class,
    sku.gtin,
    sku.is_active,
    nullif(sku.attributes, '{}'::jsonb) as attributes,
    nullif(
        jsonb_strip_nulls(jsonb_build_object(
            'weight_grams', sku.weight_grams,
            'length_mm', sku.length_mm,
            'width_mm', sku.width_mm,
            'height_mm', sku.height_mm,
            'is_fragile', sku.is_fragile,
            'temperature_low_celsius', sku.temperature_low_celsius,
            'temperature_high_celsius', sku.temperature_high_celsius,
            'tracks_batch', sku.tracks_batch,
            'tracks_serial', sku.tracks_serial,
            'shelf_life_days', sku.shelf_life_days,
            'sent_with', sku.sent_with,
            'fitting', nullif(sku.fitting, 'none')
        )),
        '{"is_fragile": false, "tracks_batch": false, "tracks_serial": false}'::jsonb
    ) as care
from catalogue.sku
join catalogue.product on product.id = sku.product_id
where sku.product_id = any(%(product_ids)s::uuid[])
order by sku.product_id, sku.code;

-- name: price_facts_of
-- What the price of SKUs depends on: tax class, product and its category, and what one weighs. Locks nothing.
select
    sku.id,
    sku.tax_class,
    sku.product_id,
    product.category,
    sku.weight_grams
from catalogue.sku
join catalogue.product on product.id = sku.product_id
where sku.id = any(%(sku_ids)s::uuid[]);

-- name: skus_page
-- SKUs in the order of their codes, after a code, at most so many; null for no attributes and for care that says
-- nothing. Locks nothing.
select
    sku.id,
    sku.code,
    sku.product_id,
    product.code as product_code,
    product.category,
    sku.name,
    sku.tax_class,
    sku.gtin,
    sku.is_active,
    nullif(sku.attributes, '{}'::jsonb) as attributes,
    nullif(
        jsonb_strip_nulls(jsonb_build_object(
            'weight_grams', sku.weight_grams,
            'length_mm', sku.length_mm,
            'width_mm', sku.width_mm,
            'height_mm', sku.height_mm,
            'is_fragile', sku.is_fragile,
            'temperature_low_celsius', sku.temperature_low_celsius,
            'temperature_high_celsius', sku.temperature_high_celsius,
            'tracks_batch', sku.tracks_batch,
            'tracks_serial', sku.tracks_serial,
            'shelf_life_days', sku.shelf_life_days,
            'sent_with', sku.sent_with,
            'fitting', nullif(sku.fitting, 'none')
        )),
        '{"is_fragile": false, "tracks_batch": false, "tracks_serial": false}'::jsonb
    ) as care
from catalogue.sku
join catalogue.product on product.id = sku.product_id
where sku.code > %(after_code)s::text
order by sku.code
limit %(at_most)s::integer;

-- name: skus_by_gtin
-- Who holds which GTIN. Locks nothing.
select
    sku.gtin,
    sku.code
from catalogue.sku
where sku.gtin = any(%(gtins)s::text[])
order by sku.gtin;

-- name: copy_skus
-- New SKUs. The caller holds the lock of the catalogue and has found their codes and GTINs free.
copy catalogue.sku (
    id, code, product_id, name, tax_class, gtin, is_active, attributes, weight_grams, length_mm, width_mm, height_mm,
    is_fragile, temperature_low_celsius, temperature_high_celsius, tracks_batch, tracks_serial, shelf_life_days,
    sent_with, fitting, added_at, changed_at
) from stdin;

-- name: update_skus
-- Write what SKUs say of themselves, all at once, so that two of them can swap their GTINs. Locks them; the caller
-- holds the lock of the catalogue.
update catalogue.sku
set product_id = changed.product_id,
    name = changed.name,
    tax_class = changed.tax_class,
    gtin = changed.gtin,
    is_active = changed.is_active,
    attributes = changed.attributes,
    weight_grams = changed.weight_grams,
    length_mm = changed.length_mm,
    width_mm = changed.width_mm,
    height_mm = changed.height_mm,
    is_fragile = changed.is_fragile,
    temperature_low_celsius = changed.temperature_low_celsius,
    temperature_high_celsius = changed.temperature_high_celsius,
    tracks_batch = changed.tracks_batch,
    tracks_serial = changed.tracks_serial,
    shelf_life_days = changed.shelf_life_days,
    sent_with = changed.sent_with,
    fitting = changed.fitting,
    changed_at = %(changed_at)s::timestamptz
from jsonb_to_recordset(%(skus)s::jsonb) as changed (
    id uuid,
    product_id uuid,
    name text,
    tax_class text,
    gtin text,
    is_active boolean,
    attributes jsonb,
    weight_grams integer,
    length_mm integer,
    width_mm integer,
    height_mm integer,
    is_fragile boolean,
    temperature_low_celsius integer,
    temperature_high_celsius integer,
    tracks_batch boolean,
    tracks_serial boolean,
    shelf_life_days integer,
    sent_with text,
    fitting text
)
where sku.id = changed.id;

-- name: tax_classes
-- The tax classes there are. Locks nothing.
select
    tax_class.code,
    tax_class.name
from catalogue.tax_class
order by tax_class.code;

-- name: insert_tax_classes
-- New tax classes; those that are there stay as they are. Locks the new rows.
insert into catalogue.tax_class (code, name)
select
    new.code,
    new.name
from unnest(%(codes)s::text[], %(names)s::text[]) as new (code, name)
order by new.code
on conflict (code) do nothing;

-- name: weights_of
-- What SKUs weigh, where somebody has said. Locks nothing.
select
    sku.id,
    sku.weight_grams
from catalogue.sku
where sku.id = any(%(sku_ids)s::uuid[])
    and sku.weight_grams is not null;

-- name: ranges_of
-- The temperatures between which SKUs keep, where there is a highest one. Locks nothing.
select
    sku.id,
    sku.temperature_low_celsius,
    sku.temperature_high_celsius
from catalogue.sku
where sku.id = any(%(sku_ids)s::uuid[])
    and sku.temperature_high_celsius is not null;

-- name: companions_of
-- The words of SKUs that are sent with others. Locks nothing.
select
    sku.id,
    sku.sent_with
from catalogue.sku
where sku.id = any(%(sku_ids)s::uuid[])
    and sku.sent_with is not null;

-- name: categories_of
-- The categories of the products of SKUs, where they have one. Locks nothing.
select
    sku.id,
    product.category
from catalogue.sku
join catalogue.product on product.id = sku.product_id
where sku.id = any(%(sku_ids)s::uuid[])
    and product.category is not null;

-- name: skus_of_categories
-- The SKUs of products of some categories. Locks nothing.
select product.category, sku.id
from catalogue.sku
join catalogue.product on product.id = sku.product_id
where product.category = any(%(categories)s::text[])
order by product.category, sku.id
