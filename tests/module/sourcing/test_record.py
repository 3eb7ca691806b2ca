import psycopg
import pytest

from loopline.db import Conn, statements
from loopline.sourcing import queries, service
from loopline.sourcing.model import (
    DecisionCounts,
    EliminatedSite,
    Method,
    SiteCost,
    StoredParcel,
    Unfilled,
    UnfilledReason,
    Verdict,
)
from loopline.sourcing.rules import SOLVER_NAME, choose_sites
from loopline.sourcing.service import CostIsNegative
from tests.make.sourcing import NOON, WAVE, line_id, order, order_id, random_wave, site, site_id, sku_id, wave

SQL = statements(service.__file__, name="store")


def cost(number: int, *, handling: int = 500, currency: str = "CNY") -> SiteCost:
    return SiteCost(
        site_id=site_id(number),
        currency=currency,
        handling_minor=handling,
        hundred_kilometres_minor=40,
        kilogram_minor=90,
    )


def test_site_costs_by_currency_the_later_holds(conn: Conn):
    given = [cost(1), cost(2), cost(1, currency="GBP"), cost(1, handling=700)]
    assert service.set_site_costs(conn, given, now=NOON) == given
    assert queries.site_costs(conn, [site_id(2), site_id(1), site_id(3)], currency="CNY") == [
        cost(1, handling=700),
        cost(2),
    ]
    service.set_site_costs(conn, [cost(2, handling=0)], now=NOON)
    assert queries.site_costs(conn, [site_id(2)], currency="CNY") == [cost(2, handling=0)]
    assert queries.site_costs(conn, [site_id(2)], currency="GBP") == []


def test_a_negative_cost_is_refused_alone(conn: Conn):
    outcomes = service.set_site_costs(conn, [cost(1, handling=-1), cost(2)], now=NOON)
    assert outcomes == [CostIsNegative(site_id=str(site_id(1))), cost(2)]
    assert queries.site_costs(conn, [site_id(1), site_id(2)], currency="CNY") == [cost(2)]


def test_an_explanation_is_read_as_it_was_decided(conn: Conn):
    one = wave(
        [order(1, [(7, 2), (8, 1)], excluded=[4]), order(2, [(9, 1)])],
        [site(0, cost=(100, 0, 50)), site(1, cost=(300, 0, 50)), site(2, capacity=0), site(3), site(4)],
        {(0, 7): 1, (0, 8): 5, (1, 7): 2, (1, 8): 1, (2, 7): 2, (4, 7): 9},
        grams={7: 1000, 8: 500},
    )
    plan = choose_sites(one)
    assert service.record_decisions(conn, one, plan, now=NOON) is True
    short, long = queries.explanations(conn, [order_id(2), order_id(1)])[::-1]
    assert (long.order_id, long.wave_id, long.solver, long.method) == (
        order_id(1),
        WAVE,
        SOLVER_NAME,
        Method.EXACT,
    )
    assert (long.currency, long.cost_minor) == ("CNY", 425)
    assert long.chosen == (StoredParcel(site_id=site_id(1), units=3, cost=plan.parcels[0].cost),)
    assert plan.parcels[0].cost.weight_minor == 125
    assert long.eliminated == (
        EliminatedSite(site_id=site_id(0), verdict=Verdict.MORE_PARCELS, price_minor=225),
        EliminatedSite(site_id=site_id(2), verdict=Verdict.NO_CAPACITY, price_minor=0),
        EliminatedSite(site_id=site_id(3), verdict=Verdict.NO_GOODS, price_minor=0),
        EliminatedSite(site_id=site_id(4), verdict=Verdict.EXCLUDED, price_minor=0),
    )
    assert long.unfilled == ()
    assert (short.chosen, short.cost_minor) == ((), 0)
    assert short.unfilled == (
        Unfilled(line_id=line_id(2, 0), sku_id=sku_id(9), units=1, reason=UnfilledReason.NO_GOODS),
    )
    assert queries.decision_counts(conn) == DecisionCounts(decisions=2, parcels=1, split=0, short=1, greedy=0)
    assert queries.explanations(conn, [order_id(3)]) == []


def test_a_wave_is_kept_once(conn: Conn):
    one = wave([order(1, [(7, 1)])], [site(0)], {(0, 7): 1})
    plan = choose_sites(one)
    assert service.record_decisions(conn, one, plan, now=NOON) is True
    assert service.record_decisions(conn, one, plan, now=NOON) is False
    assert queries.decision_counts(conn).decisions == 1


def test_a_large_wave_comes_back_whole(conn: Conn):
    one = random_wave(3, orders=200)
    plan = choose_sites(one)
    service.record_decisions(conn, one, plan, now=NOON)
    stored = {
        found.order_id: found for found in queries.explanations(conn, [asks.order_id for asks in one.orders])
    }
    for decision in plan.decisions:
        found = stored[decision.order_id]
        assert [(parcel.site_id, parcel.cost) for parcel in found.chosen] == [
            (parcel.site_id, parcel.cost) for parcel in decision.parcels
        ]
        assert len(found.chosen) + len(found.eliminated) == 21
        assert found.unfilled == decision.unfilled
        assert found.cost_minor == decision.cost_minor


@pytest.mark.parametrize("table", ["wave", "decision"])
@pytest.mark.parametrize(
    "change", ["delete from sourcing.{}", "truncate sourcing.{}", "update sourcing.{} set {}"]
)
def test_decisions_stay_as_they_were(conn: Conn, table: str, change: str):
    column = {"wave": "solver = ''", "decision": "method = 'exact'"}[table]
    with pytest.raises(psycopg.errors.InsufficientPrivilege):
        conn.execute(change.format(table, column).encode())


def test_copy_refuses_a_price_too_few(conn: Conn):
    with pytest.raises(psycopg.errors.CheckViolation, match="every_verdict_has_its_price"):
        conn.execute(
            "insert into sourcing.decision (order_id, wave_id, method, cost_minor, verdicts, prices_minor, parcels)"
            " values (gen_random_uuid(), gen_random_uuid(), 'exact', 0, 'nn', '{1}', '[]')"
        )
