"""Faults of invoices, as `tests.make.faults` plants them: an invoice with a line and a credit note
of it, and wishes that came to their end without a document.
"""

from typing import LiteralString

_BLUE = "00000000-0000-7000-8000-000000000011"
_RED = "00000000-0000-7000-8000-000000000012"
_INVOICED: LiteralString = (
    "alter table invoices.document drop constraint document_credits_no_more_than_it_invoices;"
    "insert into invoices.wish (id, order_id, entity_id, currency, buyer_kind, buyer_title, buyer_tax_number,"
    " wished_at, wished_by) select id, order_id, seller_entity_id, 'CNY', 'person', 'x', '', now(), 'hq' from ("
    " select gen_random_uuid() as id, order_id, seller_entity_id from orders.line limit 1) as sold;"
    "insert into invoices.document (id, wish_id, kind, number, of_id, reason, buyer_kind, buyer_title,"
    " buyer_tax_number, net_minor, tax_minor, credited_net_minor, state, written_at, ended_at, fiscal_number)"
    f" select '{_BLUE}', id, 'blue', repeat('A', 20), null, null, 'person', 'x', '', 10, 0, {{counted}}, 'issued',"
    " now(), now(), '12345678' from invoices.wish;"
    "insert into invoices.document (id, wish_id, kind, number, of_id, reason, buyer_kind, buyer_title,"
    " buyer_tax_number, net_minor, tax_minor, state, written_at, ended_at, fiscal_number)"
    f" select '{_RED}', id, 'red', repeat('B', 20), '{_BLUE}', 'returned', 'person', 'x', '', -{{red}}, 0, 'issued',"
    " now(), now(), '12345679' from invoices.wish;"
    "insert into invoices.line (document_id, position, line_id, code, name, goods_code, tax_rate_basis_points, units,"
    " net_minor, tax_minor) select document_id, 1, gen_random_uuid(), 'x', 'x', '', 0, 1, net_minor, 0 from (values"
    f" ('{_BLUE}'::uuid, {{blue_line}}), ('{_RED}', -{{red}})) as line (document_id, net_minor)"
)
_NEVER_INVOICED: LiteralString = (
    "insert into invoices.wish (id, order_id, entity_id, currency, buyer_kind, buyer_title, buyer_tax_number,"
    " wished_at, wished_by) select gen_random_uuid(), order_id, seller_entity_id, 'CNY', 'person', 'x', '', now(), 'hq'"
    " from orders.line group by order_id, seller_entity_id"
)
FAULTS: dict[str, LiteralString] = {
    "document_equals_its_lines": _INVOICED.format(counted="4", red="4", blue_line="9"),
    "credited_lines_fit_their_invoice": _INVOICED.format(counted="11", red="11", blue_line="10"),
    "credited_equals_its_notes": _INVOICED.format(counted="3", red="4", blue_line="10"),
    "invoices_equal_postings": _NEVER_INVOICED,
}
