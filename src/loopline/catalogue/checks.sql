-- name: gtins_have_their_check_digit
-- GTINs that are not fourteen digits ending in the right one: weights 3 and 1 in turn make a multiple of ten.
select
    'sku ' || sku.code as subject,
    'gtin ' || sku.gtin as found,
    'fourteen digits with their check digit' as expected,
    'update catalogue.sku set gtin = null where id = ''' || sku.id || '''' as repair
from catalogue.sku
where sku.gtin is not null
  and (
    sku.gtin !~ '^[0-9]{14}$'
    or (
        select mod(sum(digit.value::integer * case when mod(digit.position, 2) = 1 then 3 else 1 end), 10)
        from regexp_split_to_table(sku.gtin, '') with ordinality as digit (value, position)
        where digit.value ~ '^[0-9]$'
    ) <> 0
  )
order by sku.code;

-- name: stock_codes_have_one_spelling
-- Codes of SKUs that differ from another's only by case or space around them.
select
    'sku ' || sku.code as subject,
    'spelt ''' || sku.code || '''' as found,
    'spelt ''' || upper(btrim(sku.code)) || '''' as expected,
    'update catalogue.sku set code = ''' || replace(upper(btrim(sku.code)), '''', '''''')
        || ''' where id = ''' || sku.id || '''' as repair
from catalogue.sku
where sku.code <> upper(btrim(sku.code))
order by sku.code;

-- name: every_sku_is_of_a_product
-- SKUs whose product does not exist, should a constraint ever have been switched off.
select
    'sku ' || sku.code as subject,
    'of product ' || sku.product_id || ', which does not exist' as found,
    'a product' as expected,
    'insert into catalogue.product (id, code, name, added_at, changed_at) values (''' || sku.product_id || ''', '''
        || replace(sku.code, '''', '''''') || ''', ''' || replace(sku.name, '''', '''''') || ''', now(), now())' as repair
from catalogue.sku
where not exists (select from catalogue.product where product.id = sku.product_id)
order by sku.code;

-- name: every_tax_class_is_set_up
-- SKUs of a tax class that does not exist, should a constraint ever have been switched off.
select
    'sku ' || sku.code as subject,
    'tax class ' || sku.tax_class as found,
    'one of ' || (select string_agg(known.code, ', ' order by known.code) from catalogue.tax_class as known) as expected,
    'update catalogue.sku set tax_class = ''standard'' where id = ''' || sku.id || '''' as repair
from catalogue.sku
where not exists (select from catalogue.tax_class where tax_class.code = sku.tax_class)
order by sku.code;
