-- Whose rate it is, and in which region: null and empty are every seller's and everywhere in the country.
alter table pricing.tax_rate add column seller_id uuid;
alter table pricing.tax_rate add column region text not null default ''
    constraint tax_rate_region_is_a_code check (region ~ '^([0-9]{2,6})?$');
