"""Marketplaces: what each is lent of the stock, by when it wants its orders shipped, which of them are tests.

Purpose: a marketplace sells what it was told of without asking, so what it may still sell is a loan: told, or on its
way to it, less the sales that came back (docs/decisions/0022 and 0029). `rules.plan_goods` decides who is told of how
much; `write_steps` writes that down with what it does to the loans, `claim_steps` hands it to whoever calls, and
`record_answers` takes in what was really taken or given up. `shipping` watches the moments that marketplaces want
orders shipped by. `test_orders` keeps orders that are none, so that nothing else needs to know of them.

Invariants:
- a loan is the sum of its entries, each with its cause, and is changed by deltas alone;
- units told are lent from the moment that is written; units asked back are lent until it is answered;
- a step is known at the marketplace by its id, is told until it is answered, and an answer counts once;
- terms are never changed: every version that ever was in force is there, with who set it;
- an order missed is told of once; what was missed stays missed.

Lock order: test orders by channel and number, terms by channel, SKUs to be looked at by id, steps by id, loans by
(channel, SKU), shipments by order. No row of another room is locked after these, but the log.
"""

from loopline.marketplaces.checks import CHECKS
from loopline.marketplaces.model import (
    AnsweredStep,
    Cause,
    DueStep,
    Goods,
    GoodsTerms,
    GoodsTermsSet,
    LoanChange,
    LoanRow,
    Marketplace,
    MarketplaceId,
    MarketplaceTerms,
    NewStep,
    NewTestOrder,
    Seller,
    Shipment,
    ShipmentState,
    Standing,
    StepId,
    SubjectKind,
    TermsBy,
    TestGoods,
    TestOrder,
    TestOrderId,
    WhyTest,
)
from loopline.marketplaces.port import Answer, Connector, Telling, Told
from loopline.marketplaces.queries import (
    Dealings,
    ToldStep,
    dealings,
    goods_terms,
    loans_page,
    marketplaces,
    missed_page,
    rooms_seen,
    shipments_at_risk,
    test_orders_page,
    told_page,
    versions,
)
from loopline.marketplaces.refusals import (
    MarketplaceUnknown,
    NothingLent,
    PenaltyMostBelowLeast,
    StillAskedBack,
    TermsChangedMeanwhile,
    WriteOffNeedsNote,
    WriteOffSentBefore,
)
from loopline.marketplaces.rules import Share, is_test_number, penalty_minor, plan_goods, share_of
from loopline.marketplaces.service import (
    changed_goods,
    claim_steps,
    loans_to_look_at,
    mark_goods,
    move_loans,
    record_answers,
    set_goods_terms,
    set_marketplaces,
    write_off,
    write_steps,
)
from loopline.marketplaces.shipping import lock_shipments, move_shipments, note_shipments, watch_shipments
from loopline.marketplaces.test_orders import (
    cancel_test_orders,
    keep_test_orders,
    pay_test_orders,
    test_orders_by_numbers,
)

__all__ = [
    "CHECKS",
    "Answer",
    "AnsweredStep",
    "Cause",
    "Connector",
    "Dealings",
    "DueStep",
    "Goods",
    "GoodsTerms",
    "GoodsTermsSet",
    "LoanChange",
    "LoanRow",
    "Marketplace",
    "MarketplaceId",
    "MarketplaceTerms",
    "MarketplaceUnknown",
    "NewStep",
    "NewTestOrder",
    "NothingLent",
    "PenaltyMostBelowLeast",
    "Seller",
    "Share",
    "Shipment",
    "ShipmentState",
    "Standing",
    "StepId",
    "StillAskedBack",
    "SubjectKind",
    "Telling",
    "TermsBy",
    "TermsChangedMeanwhile",
    "TestGoods",
    "TestOrder",
    "TestOrderId",
    "Told",
    "ToldStep",
    "WhyTest",
    "WriteOffNeedsNote",
    "WriteOffSentBefore",
    "cancel_test_orders",
    "changed_goods",
    "claim_steps",
    "dealings",
    "goods_terms",
    "is_test_number",
    "keep_test_orders",
    "loans_page",
    "loans_to_look_at",
    "lock_shipments",
    "mark_goods",
    "marketplaces",
    "missed_page",
    "move_loans",
    "move_shipments",
    "note_shipments",
    "pay_test_orders",
    "penalty_minor",
    "plan_goods",
    "record_answers",
    "rooms_seen",
    "set_goods_terms",
    "set_marketplaces",
    "share_of",
    "shipments_at_risk",
    "test_orders_by_numbers",
    "test_orders_page",
    "told_page",
    "versions",
    "watch_shipments",
    "write_off",
    "write_steps",
]
