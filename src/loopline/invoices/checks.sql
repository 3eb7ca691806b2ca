-- name: document_equals_its_lines
-- Documents whose amounts are not the sums of their lines.
select
    'invoice ' || document.number as subject,
    document.net_minor || ' and tax ' || document.tax_minor as found,
    coalesce(sum(line.net_minor), 0) || ' and tax ' || coalesce(sum(line.tax_minor), 0) || ' in lines' as expected,
    'select * from invoices.line where document_id = ' || quote_literal(document.id) as repair
from invoices.document as document
left join invoices.line as line on line.document_id = document.id
group by document.id
having document.net_minor <> coalesce(sum(line.net_minor), 0)
    or document.tax_minor <> coalesce(sum(line.tax_minor), 0)
order by document.id

-- name: credited_lines_fit_their_invoice
-- Lines of invoices of which credit notes, open or issued, take back more than they say, or what is no line of theirs.
select
    'invoice ' || blue.number || ' line ' || credited.position as subject,
    credited.net_minor || ' and tax ' || credited.tax_minor || ' taken back' as found,
    'at most ' || coalesce(line.net_minor, 0) || ' and tax ' || coalesce(line.tax_minor, 0) as expected,
    'select * from invoices.document where of_id = ' || quote_literal(blue.id) as repair
from (
    select red.of_id, line.position, -sum(line.net_minor) as net_minor, -sum(line.tax_minor) as tax_minor
    from invoices.document as red
    join invoices.line as line on line.document_id = red.id
    where red.kind = 'red' and red.state <> 'failed'
    group by red.of_id, line.position
) as credited
join invoices.document as blue on blue.id = credited.of_id
left join invoices.line as line on line.document_id = blue.id and line.position = credited.position
where credited.net_minor > coalesce(line.net_minor, 0) or credited.tax_minor > coalesce(line.tax_minor, 0)
order by blue.id, credited.position

-- name: credited_equals_its_notes
-- Invoices whose count of what is taken back is not the sum of their credit notes.
select
    'invoice ' || blue.number as subject,
    blue.credited_net_minor || ' and tax ' || blue.credited_tax_minor || ' counted' as found,
    coalesce(-sum(red.net_minor), 0) || ' and tax ' || coalesce(-sum(red.tax_minor), 0) || ' in notes' as expected,
    'select * from invoices.document where of_id = ' || quote_literal(blue.id) as repair
from invoices.document as blue
left join invoices.document as red on red.of_id = blue.id and red.state <> 'failed'
where blue.kind = 'blue'
group by blue.id
having blue.credited_net_minor <> coalesce(-sum(red.net_minor), 0)
    or blue.credited_tax_minor <> coalesce(-sum(red.tax_minor), 0)
order by blue.id
