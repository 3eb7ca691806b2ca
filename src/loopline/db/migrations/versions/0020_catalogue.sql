create schema catalogue;

-- The classes by which goods are taxed; the rates by country and day are pricing's.
create table catalogue.tax_class (
    code text not null primary key constraint tax_class_code_is_normal check (code ~ '^[a-z][a-z0-9_]{0,31}$'),
    name text not null
);
insert into catalogue.tax_class (code, name) values
    ('standard', 'Standard rate'),
    ('reduced', 'Reduced rate'),
    ('low', 'Low rate'),
    ('zero', 'Zero rate'),
    ('exempt', 'Exempt from tax');

create table catalogue.product (
    id uuid not null primary key,
    code text not null constraint product_code_is_unique unique
        constraint product_code_is_normal check (code = btrim(code) and code <> '' and code !~ '[a-z]'),
    name text not null,
    category text,
    season text,
    added_at timestamptz not null,
    changed_at timestamptz not null
);

create table catalogue.sku (
    id uuid not null primary key,
    code text not null constraint sku_code_is_unique unique
        constraint sku_code_is_normal check (code = btrim(code) and code <> '' and code !~ '[a-z]'),
    product_id uuid not null constraint sku_is_of_a_product references catalogue.product,
    name text not null,
    tax_class text not null constraint sku_tax_class_is_known references catalogue.tax_class,
    -- Fourteen digits whatever the length printed on the goods. Checked at the end of each statement, so that two
    -- SKUs can swap theirs.
    gtin text constraint gtin_is_unique unique deferrable initially immediate,
    is_active boolean not null,
    attributes jsonb not null,
    weight_grams integer constraint weight_is_positive check (weight_grams > 0),
    length_mm integer constraint length_is_positive check (length_mm > 0),
    width_mm integer constraint width_is_positive check (width_mm > 0),
    height_mm integer constraint height_is_positive check (height_mm > 0),
    is_fragile boolean not null,
    temperature_low_celsius integer,
    temperature_high_celsius integer,
    tracks_batch boolean not null,
    tracks_serial boolean not null,
    shelf_life_days integer constraint shelf_life_is_positive check (shelf_life_days > 0),
    added_at timestamptz not null,
    changed_at timestamptz not null,
    constraint gtin_is_fourteen_digits_ending_in_their_check_digit check (
        case when gtin ~ '^[0-9]{14}$' then
            (3 * (substr(gtin, 1, 1)::integer + substr(gtin, 3, 1)::integer + substr(gtin, 5, 1)::integer
                  + substr(gtin, 7, 1)::integer + substr(gtin, 9, 1)::integer + substr(gtin, 11, 1)::integer
                  + substr(gtin, 13, 1)::integer)
             + substr(gtin, 2, 1)::integer + substr(gtin, 4, 1)::integer + substr(gtin, 6, 1)::integer
             + substr(gtin, 8, 1)::integer + substr(gtin, 10, 1)::integer + substr(gtin, 12, 1)::integer
             + substr(gtin, 14, 1)::integer) % 10 = 0
        else gtin is null end
    ),
    constraint temperatures_are_a_range check (temperature_low_celsius <= temperature_high_celsius)
);
create index sku_by_product on catalogue.sku (product_id);

create view catalogue.published_sku with (security_invoker = true) as
select
    sku.id,
    sku.code,
    sku.name,
    sku.product_id,
    product.code as product_code,
    product.name as product_name,
    product.category,
    product.season,
    sku.gtin,
    sku.tax_class,
    sku.is_active,
    sku.attributes
from catalogue.sku
join catalogue.product on product.id = sku.product_id;

create view catalogue.published_product with (security_invoker = true) as
select
    product.id,
    product.code,
    product.name,
    product.category,
    product.season
from catalogue.product;
