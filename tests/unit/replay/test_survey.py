"""What one look through a file tells the world."""

from datetime import UTC, datetime
from pathlib import Path

from loopline.channels.online_retail.reader import read_invoices
from loopline.simulator.replay.survey import UNITS_PER_LINE_MAX, Survey
from tests.make.online_retail import LINES, write_invoices


def survey_of(folder: Path, lines: tuple[str, ...] = LINES) -> Survey:
    survey = Survey()
    for invoice in read_invoices(write_invoices(folder, lines=lines)):
        survey.add(invoice)
    return survey


def test_goods_are_known_by_their_commonest_name_and_price(tmp_path: Path):
    lines = (
        "536365,71053,white lantern,1,2010-12-01 08:26:00,3.75,17850.0,United Kingdom",
        "536366,71053,WHITE METAL LANTERN,1,2010-12-01 08:27:00,3.39,17850.0,United Kingdom",
        "536367,71053,WHITE METAL LANTERN,1,2010-12-01 08:28:00,3.75,17850.0,United Kingdom",
        "536368,71053,check,9,2010-12-01 08:29:00,0.0,,United Kingdom",
        "536369,71053,check,9,2010-12-01 08:30:00,0.0,,United Kingdom",
        "536370,71053,check,9,2010-12-01 08:31:00,0.0,,United Kingdom",
    )
    sku = survey_of(tmp_path, lines).skus["71053"]
    assert (sku.name, sku.list_unit_minor) == ("WHITE METAL LANTERN", 375)
    assert (sku.units_asked, sku.units_rung_up) == (3, 27)
    assert sku.first_at == datetime(2010, 12, 1, 8, 26, tzinfo=UTC)


def test_of_two_prices_as_common_the_lower_is_the_list_price(tmp_path: Path):
    lines = (LINES[1], LINES[1].replace("536365", "536366").replace("3.39", "3.29"))
    assert survey_of(tmp_path, lines).skus["71053"].list_unit_minor == 329


def test_goods_never_sold_have_their_code_for_a_name_and_no_price(tmp_path: Path):
    sku = survey_of(tmp_path, (LINES[9],)).skus["71053"]
    assert (sku.name, sku.list_unit_minor, sku.units_asked, sku.units_rung_up) == ("71053", 0, 0, 0)


def test_a_monstrous_line_says_little_about_a_week(tmp_path: Path):
    sku = survey_of(tmp_path, (LINES[1].replace(",6,", ",80995,"),)).skus["71053"]
    assert sku.units_asked == UNITS_PER_LINE_MAX == 1_000


def test_members_live_where_they_first_ordered_from(tmp_path: Path):
    survey = survey_of(tmp_path)
    assert survey.countries == {"17850": "GB", "13047": "FR"}
    assert survey.weeks == 1.0
