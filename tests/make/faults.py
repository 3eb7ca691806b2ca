"""One fault of every kind doctor looks for, by the name of the check that finds it, planted in the brand of
`tests.process.test_doctor` (which holds, parks, allocates, hands over, is paid and takes back).

Who adds a check adds its fault here: `test_every_check_has_a_planted_fault` says which ones lack it. A fault is what
only the owner can do, in one transaction that is rolled back; what the brand does not have it brings along, and a
constraint that would stop it is dropped first. The rooms' own tests go further: every way to break a promise, exact
findings, and repairs that mend.
"""

from typing import LiteralString

from tests.make.faults_invoices import FAULTS as INVOICES
from tests.make.faults_notices import FAULTS as NOTICES

_SOMEBODY = "00000000-0000-7000-8000-000000000001"
_MEMBER = f"insert into customers.member (id, registered_at, indexed_with) values ('{_SOMEBODY}', now(), 1);"
_ERASED = f"insert into customers.member values ('{_SOMEBODY}', now(), null, null, null, 1, now());"
_PREORDER = (
    "insert into orders.preorder (id, sku_id, allowance, allowance_most, opens_at, ships_on, stated_at, changed_at,"
    f" changed_by) values ('{_SOMEBODY}', '{_SOMEBODY}', 2, 2, now(), '2100-01-01', now(), now(), 'hq');"
)
_CHARGE = "00000000-0000-7000-8000-000000000002"
_INTENT = (
    "insert into payments.intent (id, key, content_hash, kind, gateway, order_id, of_intent_id, entity_id, currency,"
    " amount_minor, state, written_at, finished_at) select '{id}', '{key}', '', '{kind}', 'wechat', order_id, {of},"
    " entity_id, currency, 5, 'done', now(), now() from payments.payment limit 1;"
)
_REVIEW = (
    "insert into reviews.review (id, about, order_id, site_id, member_id, stars, text, language, written_at,"
    " changed_at, version) select gen_random_uuid(), 'store', id, gen_random_uuid(), gen_random_uuid(), 5, 'good',"
    " 'en', now(), now(), 1 from orders.order where external_number = 'W-2';"
)
_TAKEN_OFF = (
    "update orders.quote set derivation = jsonb_set(derivation, '{lines,0,discounts}', '[{\"amount_minor\": 5,"
    ' "borne": [{"bearer": "seller", "amount_minor": 5}]}]\')'
    " where order_id in (select order_id from sharing.split)"
)
_COUPON = (
    "insert into pricing.coupon_batch (id, code, name, currency, effect, conditions, least_minor, with_promotions,"
    " with_coupons, funders, days, total, by_staff, author, comment, saved_at, published_at, published_by, given)"
    f" values ('{_SOMEBODY}', 'C', 'C', 'CNY', '{{}}', '{{}}', 0, true, false, '[1]', 7, 9, false, 'nobody', 'why',"
    " now(), now(), 'nobody', 1);"
    "insert into pricing.coupon (id, batch_id, secret, how, given_by, given_at, valid_from, valid_until, state,"
    f" order_id, taken_at) select '{_SOMEBODY}', '{_SOMEBODY}', 'S', 'code', 'nobody', now(), now(),"
    " now() + interval '1 day', 'spent', order_id, now() from sharing.split limit 1;"
)
_POINTS = (
    "insert into pricing.points_programme (id, version, terms, author, comment, saved_at)"
    f" values ('{_SOMEBODY}', 99, '{{}}', 'nobody', 'why', now());"
    f"insert into pricing.points_account (member_id) values ('{_SOMEBODY}');"
)
_VALUE = (
    "insert into stored_value.account (id, member_id, entity_id, currency) values"
    f" ('{_SOMEBODY}', gen_random_uuid(), gen_random_uuid(), 'CNY');"
)
_VALUE_USED = (
    _VALUE + "insert into stored_value.use (id, account_id, order_id, amount_minor, bonus_minor)"
    f" values (gen_random_uuid(), '{_SOMEBODY}', gen_random_uuid(), 5, 1)"
)
_SENT = (
    f"insert into stock.transfer select '{_SOMEBODY}', min(id::text)::uuid, max(id::text)::uuid, now(), 'nobody'"
    " from stock.node where kind = 'leaf';"
    f"insert into stock.transfer_line (transfer_id, sku_id, sent) values ('{_SOMEBODY}', gen_random_uuid(), 2);"
)
_LOT = (
    f"insert into stock.lot (id, sku_id, code, batch) select '{_SOMEBODY}', sku_id, 'A', 'A'"
    " from stock.leaf_stock limit 1;"
    f"insert into stock.leaf_lot (leaf_id, sku_id, lot_id, units) select leaf_id, sku_id, '{_SOMEBODY}', 3"
    f" from stock.leaf_stock where sku_id = (select sku_id from stock.lot where id = '{_SOMEBODY}') limit 1;"
)

_RECEIVED = (
    "insert into inbox.message (id, branch_id, sender, may_move_money, channel, external_id, kind, content_hash,"
    " conflicts_with, sealed, wrapped_key, sealed_with, received_at, last_seen_at, state, next_try_at)"
    f" values ('{_SOMEBODY}', gen_random_uuid(), 'key', false, 'web', 'm-1', 'paid', '', {{first}}, '', '', 1, now(),"
    " now(), 'received', now())"
)

_LENT = (
    "insert into marketplaces.loan (channel, sku_id, balance, asked_back)"
    " select 'web', sku_id, 1000000, 0 from stock.leaf_stock limit 1;"
)

_CALL = (
    "insert into fulfilment.call (id, order_id, state, currency, opened_at, deadline)"
    f" select '{_SOMEBODY}', min(id::text)::uuid, 'open', 'CNY', now(), now() + interval '1 hour' from orders.order;"
)

_PROMISED = (
    "insert into promises.promise (id, order_id, kind, promised_at, due_at, first_due_at, source_by, accept_by,"
    " hand_over_by, ready_minutes, lane_minutes, terms_version, pace_version, handed_over_at, state, ended_at)"
    " select gen_random_uuid(), id, 'collect', placed_at, placed_at + interval '1 hour', placed_at + interval '1 hour',"
    " placed_at, placed_at, placed_at + interval '1 hour', 60, 0, 0, 0, {ready}, '{state}', {ended} from orders.order"
)

_SHIFT = (
    "insert into payments.shift (id, till_id, site_id, entity_id, currency, opened_by, opened_at, float_minor,"
    " float_pieces, float_note, closed_by, closed_at, z_number, expected_minor, counted_minor, counted_pieces, note)"
    " select '{id}', gen_random_uuid(), gen_random_uuid(), entity_id, 'CNY', gen_random_uuid(), now(), 500,"
    " '[[100, 5]]', '', gen_random_uuid(), now(), {z}, {expected}, 500, '[[100, 5]]', ''"
    " from payments.payment limit 1;"
)

_SEALED = (
    "insert into statements.seal"
    " (day, secret, tree_size, lines, leaf_hashes, tree_root, previous_root, root, sealed_at)"
    " values ('2100-01-01', sha256('s'), 0, 0, '', sha256(''), decode(repeat('00', 32), 'hex'), sha256('r'), now());"
)
_CLOSED = (
    "insert into closing.close (id, entity_id, currency, month, zone, start_at, end_at, cut, entries,"
    " entries_of_before, estimate_before_minor, came_back_minor, still_expected_minor, notices, digest, closed_at,"
    f" closed_by, comment) select '{_SOMEBODY}', entity_id, currency, '2026-03-01', 'UTC', '2026-03-01', '2026-04-01',"
    " 9, 1, 0, 0, 0, 0, '[]', sha256('c'), '2026-04-01', 'nobody', 'looked' from ledger.account limit 1;"
)
_ON_WAY = 'update closing.close set arrives_within_days = 7, on_way = \'[{"purpose": "revenue", "amount_minor": -5}]\''
_CLOSED_BALANCE = (
    "insert into closing.balance (close_id, purpose, opening_minor, debit_minor, credit_minor, closing_minor)"
    f" values ('{_SOMEBODY}', 'cash', {{opening}}, {{debit}}, 0, {{opening}} + {{debit}})"
)
_LEAF = (
    "insert into statements.leaf (party_id, day, line_count, lines_root, opening, moved, kinds)"
    " values (gen_random_uuid(), '2100-01-01', 1, sha256('l'), '{opening}', '{moved}', '[]')"
)
_PAID_OUT = (
    "insert into payouts.payer (id, entity_id, currency, way, number, name, added_at, added_by)"
    f" values ('{_SOMEBODY}', '{_SOMEBODY}', 'CNY', 'wechat_sharing', '1900', 'hq', now(), 'hq');"
    "insert into payouts.account (id, party_id, kind, masked, sealed, wrapped_key, sealed_with, added_at, added_by)"
    f" values ('{_SOMEBODY}', '{_SOMEBODY}', 'wechat_person', 'x', '', '', 1, now(), 'hq');"
    "insert into payouts.payout (id, party_id, entity_id, currency, payer_id, account_id, gross_minor, withheld_minor,"
    " withheld_basis_points, terms_version, needs_second, state, made_by, made_at, approved_by, approved_at, sent_at,"
    f" ended_at) values ('{_SOMEBODY}', '{_SOMEBODY}', '{_SOMEBODY}', 'CNY', '{_SOMEBODY}', '{_SOMEBODY}', 100, 0, 0,"
    " 1, false, 'paid', 'hq', now(), 'hq', now(), now(), now());"
    "insert into payouts.transaction (payer_id, number, payment_id, amount_minor, taken_at, shared_minor)"
    f" values ('{_SOMEBODY}', 'T-1', '{_SOMEBODY}', 1000, now(), {{shared}});"
    "insert into payouts.request (id, payer_id, way, transaction_number, state, written_at, ended_at)"
    f" values ('{_SOMEBODY}', '{_SOMEBODY}', 'wechat_sharing', 'T-1', 'done', now(), now());"
    "insert into payouts.line (id, payout_id, request_id, account_id, gross_minor, withheld_minor, net_minor, state,"
    f" ended_at) values ('{_SOMEBODY}', '{_SOMEBODY}', '{_SOMEBODY}', '{_SOMEBODY}', {{gross}}, 0, {{gross}},"
    " '{state}', {ended});"
)
_BILLED = (
    "insert into bills.source (id, code, name, kind, layout, entity_id, currency, zone, account, methods, payer,"
    " grace_days, fee_basis_points, saved_at, saved_by)"
    f" values ('{_SOMEBODY}', 'bank', 'bank', 'bank', 'mapped', '{_SOMEBODY}', 'CNY', 'UTC', 'cash', array[]::text[],"
    " '', 0, 0, now(), 'hq');"
    "insert into bills.bill (id, source_id, content_hash, file_name, size_bytes, lines, first_day, last_day,"
    " amount_minor, fee_minor, taken_at, taken_by, revision)"
    f" values ('{_SOMEBODY}', '{_SOMEBODY}', sha256('x'), 'x.csv', 1, {{lines}}, '2026-03-02', '2026-03-02', 5, 0,"
    " now(), 'hq', 1);"
    "insert into bills.line (id, bill_id, source_id, row, day, kind, amount_minor, fee_minor, number, keys, wording)"
    f" values ('{_SOMEBODY}', '{_SOMEBODY}', '{_SOMEBODY}', 1, '2026-03-02', 'payment', 5, 0, 'N', array['N'], '');"
    "insert into bills.run (id, source_id, first_day, last_day, run_at, run_by, totals, classes, opened, closed,"
    f" revision) values ('{_SOMEBODY}', '{_SOMEBODY}', '2026-03-02', '2026-03-02', now(), 'hq',"
    " '{totals}', '[]', 0, 0, {run});"
)
FAULTS: dict[str, LiteralString] = {
    # ------------------------------------------------------------------------------------------------ organisation
    "every_unit_hangs_below_a_brand": (
        "alter table org.unit drop constraint only_a_brand_is_a_root;"
        "update org.unit set kind = 'region' where code = 'HX'"
    ),
    "paths_follow_the_tree": ("update org.unit set path = gen_random_uuid() || path[2:] where code = 'U-S'"),
    "roles_lie_in_the_tree": "update org.role set role = 'guide'",
    "sites_have_a_place": "update org.unit set longitude = null, latitude = null where code = 'U-S'",
    "people_who_left_hold_nothing": "update org.person set is_active = false",
    "organisation_ids_lead_somewhere": (
        "alter table org.person drop constraint person_works_at_a_unit;"
        "update org.person set unit_id = gen_random_uuid()"
    ),
    # --------------------------------------------------------------------------------------------------- catalogue
    "gtins_have_their_check_digit": (
        "alter table catalogue.sku drop constraint gtin_is_fourteen_digits_ending_in_their_check_digit;"
        "update catalogue.sku set gtin = '09506000134353' where code = 'COAT'"
    ),
    "stock_codes_have_one_spelling": (
        "alter table catalogue.sku drop constraint sku_code_is_normal;"
        "update catalogue.sku set code = 'coat' where code = 'COAT'"
    ),
    "every_sku_is_of_a_product": (
        "alter table catalogue.sku drop constraint sku_is_of_a_product;"
        "update catalogue.sku set product_id = gen_random_uuid() where code = 'COAT'"
    ),
    "every_tax_class_is_set_up": (
        "alter table catalogue.sku drop constraint sku_tax_class_is_known;"
        "update catalogue.sku set tax_class = 'unheard of' where code = 'COAT'"
    ),
    # ----------------------------------------------------------------------------------------------------- pricing
    "equal_lists_price_no_sku_twice": (
        "insert into pricing.price_list (id, code, name, currency, priority, valid_from, added_at)"
        " select gen_random_uuid(), 'AGAIN', 'Again', currency, priority, valid_from, now() from pricing.price_list;"
        "insert into pricing.price select gen_random_uuid(), list.id, price.sku_id, 1, price.valid_from, now()"
        " from pricing.price, pricing.price_list as list where list.code = 'AGAIN'"
    ),
    "every_sku_has_a_tax_rate": (
        "delete from pricing.tax_rate;"
        "insert into pricing.tax_rate (id, tax_class, country, valid_from, rate_basis_points, added_at)"
        " values (gen_random_uuid(), 'another', 'CN', date '2026-03-02', 600, now())"
    ),
    "every_price_is_of_a_sku": "update pricing.price set sku_id = gen_random_uuid()",
    "every_price_stands_in_a_list": (
        "alter table pricing.price drop constraint price_stands_in_a_list;"
        "update pricing.price set price_list_id = gen_random_uuid()"
    ),
    "what_is_borne_is_of_something": (
        "insert into pricing.borne select part_id, 1, order_id, line_id, gen_random_uuid(), 'seller', entity_id, null,"
        " currency, units, 5, now() from sharing.split limit 1"
    ),
    "coupons_stand_as_their_entries_say": _COUPON,
    "coupons_given_are_counted": _COUPON + "update pricing.coupon_batch set given = 2",
    "coupons_stand_where_their_orders_do": _COUPON + "update pricing.coupon set state = 'held'",
    "coupons_took_off_what_quotes_say": (
        _COUPON
        + f"insert into pricing.coupon_line select order_id, '{_SOMEBODY}', line_id, 5 from sharing.split limit 1"
    ),
    "points_accounts_equal_their_entries": _POINTS + "update pricing.points_account set available = 5",
    "points_lots_equal_their_entries": (
        _POINTS
        + "insert into pricing.points_lot (id, member_id, programme_id, whole, points, is_pending, due_at, expires_at)"
        f" values ('{_SOMEBODY}', '{_SOMEBODY}', '{_SOMEBODY}', 5, 5, false, now(), now() + interval '1 day')"
    ),
    "points_stand_where_their_orders_do": (
        _POINTS
        + "insert into pricing.points_use (order_id, member_id, programme_id, line_ids, line_points, is_kept, held,"
        f" spent) select order_id, '{_SOMEBODY}', '{_SOMEBODY}', array[line_id], array[7], false, 3, 0"
        " from sharing.split limit 1"
    ),
    "points_go_back_with_their_goods": (
        _POINTS + "insert into pricing.points_lot select part_id, "
        f"'{_SOMEBODY}', '{_SOMEBODY}', order_id, line_id, units, 9, 0, true, due_at, due_at + interval '1 day'"
        " from sharing.split as split where not exists (select from sharing.returned_part as back"
        " where back.part_id = split.part_id and back.units_returned > 0) limit 1"
    ),
    "points_are_deferred": _POINTS + "update pricing.points_account set liability_minor = 5",
    "stored_value_equals_its_movements": _VALUE + "update stored_value.account set principal_minor = 5",
    "uses_of_stored_value_equal_their_movements": _VALUE_USED,
    "stored_value_is_paid_out_as_asked": (
        _VALUE
        + "insert into stored_value.cash_out (id, account_id, method, state, amount_minor, asked_at, asked_by,"
        f" decided_at, decided_by) values (gen_random_uuid(), '{_SOMEBODY}', 'cash', 'paid', 5, now(), 'a', now(), 'b')"
    ),
    "stored_value_is_owed_as_books_say": (
        _VALUE + "update stored_value.account set principal_minor = 5;"
        "insert into stored_value.movement (kind, ref, account_id, principal_minor, bonus_minor, at, by)"
        f" values ('topped_up', gen_random_uuid(), '{_SOMEBODY}', 5, 0, now(), 'nobody')"
    ),
    "stored_value_pays_what_payments_say": _VALUE_USED,
    "tills_moved_what_was_topped_up": (
        "insert into payments.till_move (id, till_id, kind, method, currency, amount_minor, source_id, note, moved_by,"
        " moved_at, recorded_at) values (gen_random_uuid(), gen_random_uuid(), 'top_up', 'cash', 'CNY', 5,"
        " gen_random_uuid(), '', 'nobody', now(), now())"
    ),
    "discounts_explain_what_is_paid": _TAKEN_OFF,
    "what_was_taken_off_is_borne": _TAKEN_OFF,
    "what_others_bear_is_owed": (
        "insert into pricing.promotion (id, code, version, name, currency, effect, conditions, stack_group,"
        " is_exclusive, funders, author, comment, saved_at)"
        f" values ('{_SOMEBODY}', 'P', 1, 'P', 'CNY', '{{}}', '{{}}', 1, false, '[1]', 'nobody', 'why', now());"
        "insert into pricing.borne select part_id, 1, order_id, line_id,"
        f" '{_SOMEBODY}', 'brand', entity_id, (select id from org.party limit 1), currency, units, 5, now()"
        " from sharing.split limit 1"
    ),
    "what_others_bear_goes_back": (
        "alter table ledger.entry disable trigger all;"
        "update ledger.entry set kind = 'promotion' where id in (select of_entry_id from ledger.reversal);"
        "update sharing.returned_part set units_returned = 0"
    ),
    # ------------------------------------------------------------------------------------------------------- stock
    "guards_stand": "alter table stock.node_stock drop constraint node_held_within_free",
    "node_path_passes_parents": "update stock.node set path = path[1:1] || path[3:] where kind = 'leaf'",
    "promises_lie_in_tree": "update stock.hold set node_id = gen_random_uuid()",
    "lots_sum_to_leaf": "update stock.leaf_stock set in_lots = true where on_hand > 0",
    "lot_equals_movements": _LOT,
    "allocations_are_planned": (
        _LOT
        + f"insert into stock.lot_plan select gen_random_uuid(), '{_SOMEBODY}', leaf_id, sku_id, 1 from stock.leaf_lot"
    ),
    "planned_equals_plans": _LOT + "update stock.leaf_lot set planned = 1",
    "recalled_lots_are_locked": _LOT + "update stock.leaf_lot set is_recalled = true",
    "transfer_equals_arrivals": _SENT + "update stock.transfer_line set received = 1",
    "transfer_equals_movements": _SENT,
    "leaf_equals_movements": "update stock.leaf_stock set safety = safety + 1 where missing = 0",
    "leaf_allocated_equals_allocations": "delete from stock.allocation",
    "missing_equals_shortfalls": (
        "insert into stock.shortfall (id, kind, node_id, sku_id, units, units_most, opened_at, changed_at)"
        " select gen_random_uuid(), 'missing', id, gen_random_uuid(), 1, 1, now(), now() from stock.node"
        " where kind = 'leaf'"
    ),
    "notes_speak_of_movements": (
        "alter table stock.movement_note drop constraint movement_note_movement_id_fkey;"
        f"insert into stock.movement_note values ('{_SOMEBODY}', 'damaged', null, now(), 'test')"
    ),
    "doubt_equals_movements": "update stock.doubt set units = units + 1, wanted = wanted + 1",
    "node_free_equals_leaves": "delete from stock.node_stock",
    "held_equals_holds": "delete from stock.hold",
    "draws_lie_in_holds": (
        "with made as ("
        "insert into stock.quota (id, kind, code, node_id, sku_id, set_aside, remaining, drawn, starts_at, ends_at,"
        " then_free, opened_at)"
        " select gen_random_uuid(), 'event', 'X', id, gen_random_uuid(), 2, 1, 1, now(), now() + interval '1 hour',"
        " false, now() from stock.node"
        " returning id)"
        " insert into stock.quota_draw (line_id, quota_id, units, is_reserve)"
        " select gen_random_uuid(), id, 1, false from made"
    ),
    "quota_adds_up": (
        "insert into stock.quota (id, kind, code, node_id, sku_id, set_aside, remaining, drawn, starts_at, ends_at,"
        " then_free, opened_at)"
        " select gen_random_uuid(), 'event', 'X', id, gen_random_uuid(), 2, 1, 1, now(), now() + interval '1 hour',"
        " false, now() from stock.node"
    ),
    "levels_count_quotas": "update stock.node_stock set quotas = quotas + 1",
    "overheld_equals_shortfalls": (
        "insert into stock.shortfall (id, kind, node_id, sku_id, units, units_most, opened_at, changed_at)"
        " select gen_random_uuid(), 'overheld', id, gen_random_uuid(), 1, 1, now(), now() from stock.node"
        " where kind = 'network'"
    ),
    # ------------------------------------------------------------------------------------------------------- feeds
    "stated_at_its_feeds_leaf": "update feeds.stated set leaf_id = gen_random_uuid()",
    "suspicion_newer_than_stated": (
        "insert into feeds.suspicion (id, feed_id, leaf_id, sku_id, as_at, units, ours, why, raised_at, state)"
        " select gen_random_uuid(), feed_id, leaf_id, sku_id, as_at, 99, 8, 'leap', now(), 'open' from feeds.stated"
    ),
    "snapshot_counts_add_up": "update feeds.snapshot set applied = applied + 1",
    "books_follow_statements": "update feeds.stated set units = units + 1, most_units = most_units + 1",
    # ------------------------------------------------------------------------------------------------------ orders
    "line_units_add_up": (
        "alter table orders.line drop constraint line_units_add_up;"
        "update orders.line set cancelled = cancelled + 1"
    ),
    "line_returned_within_handed_over": (
        "alter table orders.line drop constraint line_lost_within_handed_over;"
        "update orders.line set lost = handed_over + 1"
    ),
    "order_equals_its_lines": "update orders.order set amount_minor = amount_minor + 1",
    "unpaid_is_what_waits": (
        "insert into orders.unpaid (order_id, pay_until) select id, now() from orders.order"
        " where external_number = 'W-2' on conflict (order_id) do update set lapsed_at = now()"
    ),
    "payer_has_an_order": f"insert into orders.payer values ('{_SOMEBODY}')",
    "line_has_its_order": "delete from orders.order where external_number = 'W-2'",
    "parking_has_its_line": (
        "insert into orders.parking (order_id, line_id, sku_id, reason, since)"
        " values (gen_random_uuid(), gen_random_uuid(), gen_random_uuid(), 'no_goods', now())"
    ),
    "sold_ahead_waits_with_its_line": (
        _PREORDER + "insert into orders.preordered (order_id, line_id, preorder_id, sku_id, units, waiting)"
        f" select order_id, line_id, '{_SOMEBODY}', sku_id, 1, 1 from orders.line"
        " where parked = 0 and kind = 'goods' order by order_id, line_id limit 1"
    ),
    "sold_ahead_within_allowance": (
        _PREORDER
        + "insert into orders.preordered (order_id, line_id, preorder_id, sku_id, units, waiting, covered)"
        f" select gen_random_uuid(), gen_random_uuid(), '{_SOMEBODY}', gen_random_uuid(), 3, 0, 3"
    ),
    "named_site_has_its_order": (
        "insert into orders.named_site (order_id, site_id) values (gen_random_uuid(), gen_random_uuid())"
    ),
    "order_is_known_by_its_number": "delete from orders.known where external_number = 'W-2'",
    "known_number_is_an_order": "delete from orders.order where external_number = 'W-2'",
    "short_number_is_one_order": "update orders.order set number = 1",
    "till_sale_is_its_order": (
        "insert into orders.till_sale select gen_random_uuid(), 1, id, site_id, gen_random_uuid(), gen_random_uuid(),"
        " now(), now() from orders.order where external_number = 'T-1'"
    ),
    "changed_price_is_its_line": (
        "insert into orders.price_change select gen_random_uuid(), id, site_id, gen_random_uuid(), 1, currency, 2, 1,"
        " 'not_allowed', null, gen_random_uuid(), now(), null, null, now() from orders.order"
        " where external_number = 'T-1'"
    ),
    "price_approval_is_spent_once": (
        "insert into orders.price_ask select gen_random_uuid(), gen_random_uuid(), site_id, gen_random_uuid(), 1,"
        " currency, 2, 1, 'goodwill', gen_random_uuid(), now(), null, gen_random_uuid(), now(), true, '', id"
        " from orders.order where external_number = 'T-1'"
    ),
    # --------------------------------------------------------------------------------------------------- customers
    "consents_equal_their_history": (
        _MEMBER + "insert into customers.consent"
        f" values ('{_SOMEBODY}', 'marketing', 'sms', gen_random_uuid(), true, now())"
    ),
    "erased_members_agree_to_nothing": (
        _ERASED + "insert into customers.consent"
        f" values ('{_SOMEBODY}', 'marketing', 'sms', gen_random_uuid(), true, now())"
    ),
    "erased_members_left_nothing": (
        _ERASED + f"insert into customers.member_key values ('{_SOMEBODY}', '', 1)"
    ),
    "members_have_their_keys": (_MEMBER),
    "members_are_known_by_something": (_MEMBER),
    "members_with_addresses_have_a_default": (
        _MEMBER + f"insert into customers.address values (gen_random_uuid(), '{_SOMEBODY}', '', false, now())"
    ),
    # ------------------------------------------------------------------------------------------------------- inbox
    "messages_equal_their_history": _RECEIVED.format(first="null"),
    "conflicts_name_their_first": _RECEIVED.format(first=f"'{_SOMEBODY}'"),
    # ------------------------------------------------------------------------------------------------------ buyers
    "openings_follow_a_sealing": (
        "insert into buyers.opening (id, at, person_id, order_id, purpose, platform)"
        " select gen_random_uuid(), now(), gen_random_uuid(), id, 'ship_parcel', 'tmall' from orders.order limit 1"
    ),
    # ---------------------------------------------------------------------------------------------------- payments
    "payment_refunded_equals_its_parts": "update payments.payment set refunded_minor = 1",
    "refund_equals_its_parts": (
        "insert into payments.refund select gen_random_uuid(), 'r', '', order_id, null, method, entity_id, currency,"
        " 5, now(), now() from payments.payment limit 1"
    ),
    "refunds_go_back_the_way_they_came": (
        "with given as (insert into payments.refund select gen_random_uuid(), 'r', '', gen_random_uuid(), null, method,"
        " entity_id, currency, 5, now(), now() from payments.payment limit 1 returning id)"
        " insert into payments.refund_part select given.id, payment.id, 5 from given, payments.payment limit 1"
    ),
    "gateways_give_back_what_they_took": (
        _INTENT.format(key="charge", kind="capture", id=_CHARGE, of="null")
        + _INTENT.format(key="back", kind="refund", id=_SOMEBODY, of=f"'{_CHARGE}'")
        + "insert into payments.refund select gen_random_uuid(), 'intent:' || intent.id, '', intent.order_id, null,"
        " 'wechat', entity_id, currency, 5, now(), now() from payments.intent where kind = 'refund';"
        "insert into payments.refund_part select refund.id, payment.id, 5 from payments.refund, payments.payment"
        " where refund.key like 'intent:%'"
    ),
    "shifts_add_up": _SHIFT.format(id=_SOMEBODY, z="1", expected="400"),
    "shifts_are_numbered": _SHIFT.format(id=_SOMEBODY, z="2", expected="500"),
    "tills_moved_what_was_paid": (
        "insert into payments.till_move select gen_random_uuid(), gen_random_uuid(), null, 'sale', method, currency,"
        " amount_minor + 1, null, id, '', '', now(), now() from payments.payment limit 1"
    ),
    "drawers_are_booked": _SHIFT.format(id=_SOMEBODY, z="1", expected="400"),
    "money_of_done_intents_is_recorded": (
        _INTENT.format(key="charge", kind="capture", id=_CHARGE, of="null")
    ),
    # ------------------------------------------------------------------------------------------------------ ledger
    "entry_parts_sum_to_zero": ("update ledger.entry_part set amounts_minor[1] = amounts_minor[1] + 1"),
    "balances_equal_postings": "update ledger.balance_change set amount_minor = amount_minor + 1",
    "postings_name_open_accounts": "update ledger.entry_part set currency = 'GBP'",
    "parts_belong_to_entries": "delete from ledger.entry",
    "reversed_parts_equal_reversals": "update ledger.reversed_part set units_reversed = units_reversed + 1",
    "reversals_invert_their_originals": "update ledger.reversed_part set units_reversed = 0",
    "pending_amounts_end_once": (
        "alter table ledger.entry disable trigger all;"
        "update ledger.account set purpose = 'payout_in_transit' where purpose = 'share_pending';"
        "update ledger.entry set kind = 'payout_paid' where kind = 'sale'"
    ),
    # ----------------------------------------------------------------------------------------------------- sharing
    "shares_add_up_to_their_base": "update sharing.split set base_minor = base_minor + 1",
    "shares_name_published_rules": "update sharing.split set rule_rows[1] = 44",
    "published_rules_are_lawful": (
        "alter table sharing.rule_row disable trigger user; update sharing.rule_row set level = 3"
    ),
    "queue_holds_split_parts": "update sharing.pending_part set due_at = due_at + interval '1 day'",
    "pending_shares_equal_postings": "delete from sharing.pending_part",
    "releases_equal_due_shares": "delete from sharing.pending_part",
    "returned_parts_equal_claw_backs": "delete from sharing.returned_part",
    "claw_backs_are_proportional": "update sharing.claw_back set amounts_minor[1] = amounts_minor[1] + 100",
    # ----------------------------------------------------------------------------------------------------- returns
    "matches_fit_return_lines": ("delete from returns.match"),
    "received_units_equal_receipts": (
        "insert into returns.receipt select gen_random_uuid(), id, 1, gen_random_uuid(), now() from returns.return_line"
    ),
    "graded_units_equal_gradings": (
        "insert into returns.grading select gen_random_uuid(), id, 1, 'as_new', 'restock', 'me', '', now()"
        " from returns.return_line"
    ),
    "returns_have_lines": ("delete from returns.match; delete from returns.return_line"),
    "received_announcements_are_returns": (
        "insert into returns.announced select gen_random_uuid(), 'web', 'A-1', '', order_id, null, now(), now(),"
        " 'received' from returns.return"
    ),
    "ways_are_awaited_as_announced": (
        "insert into returns.announced select gen_random_uuid(), 'web', 'A-2', '', order_id, null, now(), now(),"
        " 'withdrawn' from returns.return; insert into returns.announced_way (announced_id, way, code, cost_minor,"
        " currency) select id, 'store', id::text, 0, 'CNY' from returns.announced where external_number = 'A-2'"
    ),
    # ---------------------------------------------------------------------------------------------------- sourcing
    "decision_has_its_wave": "delete from sourcing.wave",
    "decision_explains_every_site": "update sourcing.wave set site_ids = site_ids[2:]",
    "decision_costs_its_parcels": "update sourcing.decision set cost_minor = cost_minor + 1",
    # -------------------------------------------------------------------------------------------------- fulfilment
    "capacity_equals_its_tasks": "update fulfilment.capacity set confirmed = confirmed + 1",
    "withdrawn_units_equal_records": (
        "insert into fulfilment.withdrawal (id, allocation_id, task_id, cause, units, at, ends_task)"
        " select gen_random_uuid(), allocation_id, task_id, 'cancelled', 1, now(), false from fulfilment.task_line"
    ),
    "open_task_has_units_left": "delete from fulfilment.task_line",
    "withdrawn_task_has_none_left": "update fulfilment.task set state = 'cancelled', ended_at = now()",
    "allocation_is_in_one_task": (
        "update fulfilment.task_line set allocation_id = (select line.allocation_id from fulfilment.task_line as line"
        " join fulfilment.task on task.id = line.task_id where task.state = 'handed_over' limit 1)"
        " where ctid = (select min(line.ctid) from fulfilment.task_line as line"
        " join fulfilment.task on task.id = line.task_id where task.state = 'offered')"
    ),
    "task_line_has_its_task": "delete from fulfilment.task",
    "round_picks_at_its_site": (
        f"insert into fulfilment.round (id, site_id, picker_id, begun_at) values ('{_SOMEBODY}', '{_SOMEBODY}',"
        f" '{_SOMEBODY}', now()); insert into fulfilment.round_task (round_id, task_id, box)"
        f" select '{_SOMEBODY}', id, 1 from fulfilment.task limit 1"
    ),
    "sent_goods_have_their_photo": (
        "insert into fulfilment.photo_point (task_id, allocation_id, causes, demand)"
        " select line.task_id, line.allocation_id, '{any}', 'required' from fulfilment.task_line as line"
        " join fulfilment.task on task.id = line.task_id where task.state = 'handed_over'"
        " and line.units > line.refused_units + line.cancelled_units"
        " on conflict (task_id, allocation_id) do update set demand = 'required', waived_reason = null,"
        " waived_by = null, waived_at = null"
    ),
    "photo_is_of_a_line": (
        "insert into fulfilment.photo_point (task_id, allocation_id, causes, demand)"
        f" values ('{_SOMEBODY}', '{_SOMEBODY}', '{{any}}', 'asked')"
    ),
    "claimed_call_has_its_task": (
        "insert into fulfilment.call (id, order_id, state, currency, opened_at, deadline, ended_at, site_id, task_id)"
        " select gen_random_uuid(), order_id, 'claimed', 'CNY', now(), now() + interval '1 hour', now(),"
        " gen_random_uuid(), id from fulfilment.task limit 1"
    ),
    "call_is_put_to_sites": _CALL,
    "waiting_pay_follows_what_came_back": (
        "insert into fulfilment.waiting_pay select id, site_id, order_id, 1, offered_at, 2, 300, 0, offered_at"
        " from fulfilment.task limit 1"
    ),
    # ------------------------------------------------------------------------------------------------------ boards
    "sales_equal_orders": "update insight.sales_by_day set sold_units = sold_units + 1",
    "sales_spans_agree": "delete from insight.sales_by_minute",
    "takings_equal_sales": "update insight.takings_by_day set sold_minor = sold_minor + 1",
    "takings_spans_agree": "delete from insight.takings_by_hour",
    "order_counts_equal_orders": "update insight.takings_by_day set orders = orders + 1",
    "stages_equal_orders": "update insight.stage_count set orders = orders + 1",
    "rights_equal_judged_lines": "update insight.rights_by_day set goods_kept = goods_kept - 1 where goods_kept > 0",
    "handed_over_equals_judged_lines": "update insight.handed_over_by_sku set units = units + 1",
    "causes_equal_judged_lines": (
        "insert into insight.broken_by_day values (now(), 'sold', gen_random_uuid(), 'lapsed', 1)"
    ),
    "cancellations_equal_orders": "update insight.sales_by_day set cancelled_units = cancelled_units - 1",
    # ------------------------------------------------------------------------------------------------- touchpoints
    "scan_counts_equal_scans": (
        "insert into touchpoints.scan_count values (gen_random_uuid(), date '2026-03-02', 2, 1)"
    ),
    "touches_are_of_something": (
        "insert into touchpoints.scan values (gen_random_uuid(), gen_random_uuid(), gen_random_uuid(), null,"
        " 'browser', now(), now())"
    ),
    "live_rooms_have_their_codes": (
        "insert into touchpoints.live_room (id, code, name, streamer_id, unit_id, starts_at, added_at)"
        " values (gen_random_uuid(), 'L-1', 'Live', gen_random_uuid(), gen_random_uuid(), now(), now())"
    ),
    # ----------------------------------------------------------------------------------------------------- reviews
    "tallies_equal_reviews": (
        "insert into reviews.tally (about, subject_id, fives) values ('store', gen_random_uuid(), 1)"
    ),
    "reviews_show_their_latest": _REVIEW,
    "reviews_are_of_buyers": _REVIEW,
    # ------------------------------------------------------------------------------------------------------ search
    "order_documents_equal_their_orders": "delete from search.order_document where channel = 'till'",
    "order_sites_equal_their_work": "delete from search.order_site where sends",
    "product_documents_equal_the_catalogue": (
        "update search.product_document set name = 'x' where code = 'HAT'"
    ),
    # ---------------------------------------------------------------------------------------------------- webhooks
    "tries_are_used_up_before_giving_up": (
        "with made as (insert into webhooks.subscription (id, name, url, branch_id, types, state, secret_version,"
        " made_at) values (gen_random_uuid(), 'x', 'https://example.com', gen_random_uuid(), '{order_placed}',"
        " 'active', 1, now()) returning id)"
        " insert into webhooks.delivery (id, subscription_id, event_id, type, body, state, tries, made_at)"
        " select gen_random_uuid(), id, gen_random_uuid(), 'order_placed', '', 'given_up', 9, now() from made"
    ),
    # ----------------------------------------------------------------------------------------------- between rooms
    "line_held_equals_its_hold": "update stock.hold set units = units + 1",
    "line_allocated_equals_its_allocations": "update stock.allocation set units = units + 1",
    "open_tasks_equal_allocations": (
        "delete from fulfilment.task_line where task_id in (select id from fulfilment.task where state = 'offered')"
    ),
    "cold_work_went_to_equipped_sites": (
        "update fulfilment.task set temperature_class = 'frozen' where kind = 'deliver';"
        "insert into sourcing.site_equipment (site_id, temperature_class, since, declared_by, until, withdrawn_by)"
        " select distinct site_id, 'frozen', '2000-01-01'::timestamptz, 'hq', '2001-01-01'::timestamptz, 'hq'"
        " from fulfilment.task"
    ),
    "open_calls_are_held": (
        _CALL
        + f"insert into fulfilment.call_line values ('{_SOMEBODY}', gen_random_uuid(), gen_random_uuid(), 1)"
    ),
    "handed_over_is_settled": (
        "delete from sharing.split where ctid in (select min(ctid) from sharing.split)"
    ),
    "lower_limits_were_learnt": (
        "insert into fulfilment.learnt_limit select site_id, 1, 77, now() from fulfilment.site_limit limit 1"
    ),
    "waiting_is_paid_as_fixed": (
        "update sharing.split set rule_rows[cardinality(rule_rows)] = 0, waited_since = now(), waited_rounds = 1,"
        " waited_version = 1"
    ),
    "shares_equal_postings": "update sharing.split set amounts_minor[1] = amounts_minor[1] + 1",
    "order_money_agrees": (
        "update payments.payment set amount_minor = amount_minor + 1 where refunded_minor = 0"
    ),
    "returns_are_reversed": "update sharing.returned_part set units_returned = units_returned + 1",
    "followers_stand_in_the_log": "update log.follower set position = position + 1000",
    "ids_point_to_something": "update orders.line set sku_id = gen_random_uuid() where sku_id is not null",
    "serving_role_has_no_other_power": "grant delete on log.event to loopline_app",
    # ------------------------------------------------------------------------------------------------ marketplaces
    "loan_is_the_sum_of_its_entries": _LENT,
    "steps_moved_their_loans": (
        _LENT + f"insert into marketplaces.step (id, channel, sku_id, units, made_at, next_try_at)"
        f" select '{_SOMEBODY}', 'web', sku_id, 3, now(), now() from marketplaces.loan"
    ),
    "asked_back_in_open_steps": _LENT + "update marketplaces.loan set asked_back = 1",
    "lent_no_more_than_there_is": (
        _LENT
        + "insert into marketplaces.marketplace (channel, version, id, connector, is_on, weight, buffer_units,"
        " puts_back, alarm_hours, late_basis_points, late_least_minor, test_prefixes, set_at, set_by, note)"
        f" values ('web', 1, '{_SOMEBODY}', 'sandbox', true, 1, 0, true, 6, 0, 0, array[]::text[], now(), 'hq', '');"
        "insert into log.follower (name, position) select 'loans', max(position) from log.event"
        " on conflict (name) do update set position = excluded.position"
    ),
    "test_orders_are_no_orders": (
        "insert into marketplaces.test_order (id, channel, external_number, because, placed_at, received_at)"
        f" select '{_SOMEBODY}', channel, external_number, 'said', now(), now() from orders.known limit 1"
    ),
    # ---------------------------------------------------------------------------------------------------- promises
    "replaced_promise_has_its_successor": (
        _PROMISED.format(ready="null", state="replaced", ended="placed_at") + " limit 1"
    ),
    "broken_promise_was_late": _PROMISED.format(ready="null", state="broken", ended="placed_at") + " limit 1",
    "promised_orders_have_an_open_promise": (
        _PROMISED.format(ready="null", state="untold", ended="placed_at") + " where held + parked > 0 limit 1"
    ),
    "kept_promises_match_their_facts": (
        _PROMISED.format(ready="placed_at", state="kept", ended="placed_at") + " limit 1"
    ),
    "slots_have_as_many_taken_as_booked": (
        "insert into slots.slot values (gen_random_uuid(), 'courier', now(), now() + interval '2 hours', 1)"
    ),
    "places_belong_to_orders_that_stand": (
        f"insert into slots.slot values ('{_SOMEBODY}', 'courier', '2026-03-02', '2026-03-03', 0);"
        "insert into slots.booking (order_id, way, site_id, starts_at, ends_at, state, moves, made_at)"
        f" select id, 'courier', '{_SOMEBODY}', '2026-03-02', '2026-03-03', 'released', 0, now()"
        " from orders.order where stage <> 'cancelled' limit 1"
    ),
    "what_was_fitted_was_handed_over": (
        "update orders.order set delivery = 'fitting' where kind = 'ask' and id in"
        " (select order_id from fulfilment.task where state = 'handed_over')"
    ),
    # -------------------------------------------------------------------------------------------------- statements
    "sealed_days_follow_one_another": _SEALED + "update statements.seal set previous_root = sha256('x')",
    "leaves_hold_their_pages": _SEALED + _LEAF.format(opening="[]", moved="[]"),
    "leaves_open_with_what_stood": (
        _SEALED
        + _LEAF.format(opening='[{"currency": "CNY", "pending_minor": 1, "due_minor": 0}]', moved="[]")
    ),
    "disputes_keep_their_words": (
        "insert into statements.dispute (id, party_id, entry_id, part_id, currency, entity_id, pending_minor,"
        f" due_minor, state, opened_at, opened_by) values ('{_SOMEBODY}', gen_random_uuid(), gen_random_uuid(),"
        " gen_random_uuid(), 'CNY', gen_random_uuid(), 1, 0, 'open', now(), gen_random_uuid())"
    ),
    "sealed_statements_equal_postings": _SEALED,
    # ------------------------------------------------------------------------------------------------------ supply
    "companies_mirror_each_other": (
        "update ledger.account set purpose = 'intercompany', party_id = (select party.id from org.party as party"
        " where party.entity_id <> account.entity_id limit 1) where purpose = 'revenue'"
    ),
    "exchanges_are_paid_once": (
        "insert into returns.exchange select id, '', id, id, 'CNY', 5, now(), '', now() from orders.order limit 1;"
    ),
    "counters_are_owed_what_they_gave": (
        "update ledger.account set purpose = 'intercompany', party_id = (select id from org.party limit 1) where"
        " purpose = 'cash'; update ledger.entry set kind = 'paid_for_another', key = 'counter:nothing' where id ="
        " (select id from ledger.entry where kind = 'payment' limit 1);"
    ),
    "noted_supplies_are_not_settled": (
        "insert into supply.noted (part_id, order_id, line_id, owner_id, buyer_id, sku_id, currency, units, units_of,"
        " list_minor, net_minor, placed_at, at)"
        " select part_id, entry_id, entry_id, entry_id, part_id, part_id, 'CNY', 1, 1, 5, 5, now(), now()"
        " from ledger.entry_part where part_id <> entry_id limit 1;"
        "alter table ledger.entry disable trigger all;"
        "update ledger.entry set kind = 'supply' where id = (select order_id from supply.noted)"
    ),
    # ----------------------------------------------------------------------------------------------------- closing
    "closed_months_sum_to_zero": _CLOSED + _CLOSED_BALANCE.format(opening="0", debit="5"),
    "closed_months_follow_one_another": _CLOSED + _CLOSED_BALANCE.format(opening="5", debit="0"),
    "closed_months_equal_postings": _CLOSED,
    "on_way_stands_as_closed": _CLOSED + _ON_WAY,
    "on_way_was_on_its_way": _CLOSED + _ON_WAY,
    # ----------------------------------------------------------------------------------------------------- payouts
    "payout_lines_fit_their_payout": _PAID_OUT.format(gross="101", state="paid", shared="101", ended="now()"),
    "payout_ended_as_its_lines": _PAID_OUT.format(gross="100", state="returned", shared="0", ended="now()"),
    "request_done_when_its_lines_are": _PAID_OUT.format(
        gross="100", state="in_transit", shared="100", ended="null"
    ),
    "shared_equals_its_lines": _PAID_OUT.format(gross="100", state="paid", shared="99", ended="now()"),
    "reclaims_fit_their_line": (
        _PAID_OUT.format(gross="100", state="paid", shared="100", ended="now()")
        + "update payouts.line set reclaimed_minor = 1"
    ),
    "payouts_equal_postings": _PAID_OUT.format(gross="100", state="in_transit", shared="100", ended="null"),
    **INVOICES,
    **NOTICES,
    # ------------------------------------------------------------------------------------------------------- bills
    "bills_have_their_lines": _BILLED.format(
        lines="2", run="1", totals='{"theirs_minor": 0, "ours_minor": 0}'
    ),
    "bill_lines_stand_in_one_place": _BILLED.format(
        lines="1", run="2", totals='{"theirs_minor": 0, "ours_minor": 0}'
    ),
    "runs_add_up": _BILLED.format(lines="1", run="1", totals='{"theirs_minor": 5, "ours_minor": 0}'),
}
