"""A tiny invoice file: every class of line, and an invoice of two time stamps interrupted by another."""

import gzip
import random
from datetime import datetime, timedelta
from pathlib import Path

from loopline.channels.online_retail.model import LineClass

START = datetime(2010, 12, 1)  # noqa: DTZ001 - the wall clock of the file, which names no zone
HEADER = "InvoiceNo,StockCode,Description,Quantity,InvoiceDate,UnitPrice,CustomerID,Country"

LINES = (
    "536365,85123A,WHITE HANGING HEART T-LIGHT HOLDER,6,2010-12-01 08:26:00,2.55,17850.0,United Kingdom",
    "536365,71053,WHITE METAL LANTERN,6,2010-12-01 08:26:00,3.39,17850.0,United Kingdom",
    "536365,POST,POSTAGE,1,2010-12-01 08:26:00,18.0,17850.0,United Kingdom",
    "536366,85123a,WHITE HANGING HEART T-LIGHT HOLDER,2,2010-12-01 08:28:00,2.95,13047.0,France",
    "536366,gift_0001_20,Gift Voucher £20.00,1,2010-12-01 08:28:00,17.02,13047.0,France",
    '536367,22632,"HAND WARMER, RED ""POLKA""",3,2010-12-01 08:34:00,4.25,,United Kingdom',
    "536367,DOT,DOTCOM POSTAGE,1,2010-12-01 08:34:00,5.91,,United Kingdom",
    "536367,gift_0001_10,Gift Voucher £10.00,1,2010-12-01 08:34:00,8.33,,United Kingdom",
    "536368,22632,found,7,2010-12-01 08:35:00,0.0,,United Kingdom",
    "536369,71053,damaged,-4,2010-12-01 08:40:00,0.0,,United Kingdom",
    "536370,PADS,PADS TO MATCH ALL CUSHIONS,1,2010-12-01 08:41:00,0.001,17850.0,United Kingdom",
    "C536371,85123A,WHITE HANGING HEART T-LIGHT HOLDER,-2,2010-12-01 09:00:00,2.55,17850.0,United Kingdom",
    "536372,71053,WHITE METAL LANTERN,1,2010-12-01 09:00:00,3.39,,United Kingdom",
    "C536371,POST,POSTAGE,-1,2010-12-01 09:01:00,18.0,17850.0,United Kingdom",
    "C536373,gift_0001_20,Gift Voucher £20.00,-1,2010-12-01 09:05:00,17.02,13047.0,France",
    "C536374,22632,HAND WARMER,-1,2010-12-01 09:06:00,4.25,,United Kingdom",
    "A536375,B,Adjust bad debt,1,2010-12-01 09:30:00,11062.06,,United Kingdom",
    "A536376,B,Adjust bad debt,1,2010-12-01 09:31:00,-11062.06,,United Kingdom",
)

NUMBERS_IN_ORDER = (
    "536365",
    "536366",
    "536367",
    "536368",
    "536369",
    "536370",
    "C536371",
    "536372",
    "C536373",
    "C536374",
    "A536375",
    "A536376",
)

LINES_BY_CLASS = {
    LineClass.ASK_GOODS: 4,
    LineClass.ASK_CHARGE: 1,
    LineClass.ASK_VOUCHER: 1,
    LineClass.FACT_GOODS: 3,
    LineClass.FACT_CHARGE: 1,
    LineClass.FACT_VOUCHER: 1,
    LineClass.STOCK_ADJUSTMENT: 1,
    LineClass.RETURN_GOODS: 2,
    LineClass.RETURN_CHARGE: 1,
    LineClass.RETURN_VOUCHER: 1,
    LineClass.LEDGER_ADJUSTMENT: 2,
}

# Added up by hand, in thousandths of a pound: the members' goods and postage, the goods and voucher sent abroad, the
# cushion pads, the tills; less what came back. The two adjustments undo each other.
AMOUNT_THOUSANDTHS = 35_640 + 18_000 + 22_920 + 1 + 26_990 + 3_390 - 5_100 - 18_000 - 17_020 - 4_250
AMOUNT_MINOR = 6_257


def write_invoices(folder: Path, *, lines: tuple[str, ...] = LINES, header: str = HEADER) -> Path:
    """Write the lines as plain CSV and return the path."""
    path = folder / "invoices.csv"
    path.write_text("\n".join((header, *lines)) + "\n", encoding="utf-8")
    return path


def write_packed(folder: Path, *, lines: tuple[str, ...] = LINES) -> Path:
    """Write the lines as gzip under a name that does not say so, and return the path."""
    path = folder / "invoices.data"
    path.write_bytes(gzip.compress(("\n".join((HEADER, *lines)) + "\n").encode()))
    return path


def write_weeks(folder: Path, *, seed: int, invoices: int, weeks: int) -> Path:
    """Write a made-up file of some weeks with members' orders, tills, returns, adjustments: the same for the same seed.

    About one invoice in eight is a return of something bought before, or of nothing that was.
    """
    chance = random.Random(seed)
    minutes = sorted(chance.sample(range(weeks * 7 * 24 * 60), invoices))
    lines: list[str] = []
    bought: list[tuple[str, str, int, str]] = []
    for position, minute in enumerate(minutes):
        at = f"{START + timedelta(minutes=minute):%Y-%m-%d %H:%M:%S}"
        number = str(536_365 + position)
        draw = chance.random()
        if draw < 0.12 and bought:
            member, code, units, price = chance.choice(bought)
            back = chance.randint(1, units)
            lines.append(f"C{number},{code},BACK,-{back},{at},{price},{member},United Kingdom")
            lines.append(f"C{number},POST,POSTAGE,-1,{at},1.5,{member},United Kingdom")
        elif draw < 0.14:
            lines.append(f"{number},{_code(chance)},damaged,-{chance.randint(1, 5)},{at},0.0,,United Kingdom")
        elif draw < 0.15:
            lines.append(f"A{number},B,Adjust bad debt,1,{at},-12.34,,United Kingdom")
        else:
            member = f"{chance.randint(12_346, 12_346 + invoices // 4)}.0" if draw < 0.7 else ""
            country = "France" if member.endswith("7.0") else "United Kingdom"
            for _ in range(chance.randint(1, 9)):
                code, units = _code(chance), chance.randint(1, 12)
                price = f"{chance.randint(0, 900) / 100:.2f}"
                lines.append(f"{number},{code},THING {code},{units},{at},{price},{member},{country}")
                if member and country == "United Kingdom":
                    bought.append((member, code, units, price))
            if chance.random() < 0.2:
                lines.append(f"{number},POST,POSTAGE,1,{at},3.95,{member},{country}")
    return write_packed(folder, lines=tuple(lines))


def _code(chance: random.Random) -> str:
    return str(20_000 + min(chance.randint(0, 99), chance.randint(0, 99)))
