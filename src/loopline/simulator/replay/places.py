"""The made-up retailer: a brand, four dealers, a platform, one warehouse and twenty stores in British towns.

Towns are real, and so, roughly, are their coordinates. The companies, stores and people are not.
"""

import msgspec

from loopline.kernel.geography import Coordinates

CURRENCY = "GBP"
HOME_COUNTRY = "GB"
TIME_ZONE = "Europe/London"
BRAND_UNIT = "LANTERN"
BRAND_ENTITY = "LANTERN-LTD"
PLATFORM_ENTITY = "LANTERN-PLATFORM"
BRAND_PARTY = "BRAND"
PLATFORM_PARTY = "PLATFORM"
RULE_MAKER = "finance"


class Region(msgspec.Struct, frozen=True, kw_only=True):
    code: str
    name: str


class Dealer(msgspec.Struct, frozen=True, kw_only=True):
    """A dealer with a company of its own, in a region."""

    code: str
    name: str
    region: str

    @property
    def entity_code(self) -> str:
        return f"{self.code}-LTD"


class Place(msgspec.Struct, frozen=True, kw_only=True):
    """A warehouse or store. `dealer` is empty for the brand's own. `weight` is its part of the till trade."""

    code: str
    town: str
    longitude: float
    latitude: float
    region: str
    dealer: str | None
    weight: int
    parcels_per_day: int

    @property
    def coordinates(self) -> Coordinates:
        """Where it lies."""
        return Coordinates(longitude=self.longitude, latitude=self.latitude)

    @property
    def unit_code(self) -> str:
        """The unit of the tree that it is."""
        return f"UNIT-{self.code}"

    @property
    def entity_code(self) -> str:
        """The company that sells there and owns the goods."""
        return f"{self.dealer}-LTD" if self.dealer else BRAND_ENTITY

    @property
    def dealer_party(self) -> str:
        """Who earns the dealer's part of what is sold there: the dealer, or the brand in its own stores."""
        return f"DEALER-{self.dealer}" if self.dealer else BRAND_PARTY

    @property
    def store_party(self) -> str:
        """The store as one that earns."""
        return f"STORE-{self.code}"


REGIONS = (
    Region(code="NORTH", name="North of England"),
    Region(code="MIDLANDS", name="Midlands"),
    Region(code="SOUTH", name="South of England"),
    Region(code="SCOTLAND-WALES", name="Scotland and Wales"),
)

DEALERS = (
    Dealer(code="PENNINE", name="Pennine Gifts", region="NORTH"),
    Dealer(code="TRENT", name="Trent Homeware", region="MIDLANDS"),
    Dealer(code="CHANNEL", name="Channel Coast Trading", region="SOUTH"),
    Dealer(code="CELTIC", name="Celtic Hearth", region="SCOTLAND-WALES"),
)


def _place(  # noqa: PLR0913, PLR0917 - a row of the table below
    code: str,
    town: str,
    longitude: float,
    latitude: float,
    region: str,
    dealer: str | None,
    weight: int,
    parcels_per_day: int,
) -> Place:
    return Place(
        code=code,
        town=town,
        longitude=longitude,
        latitude=latitude,
        region=region,
        dealer=dealer,
        weight=weight,
        parcels_per_day=parcels_per_day,
    )


WAREHOUSE = _place("W01", "Daventry", -1.1606, 52.2569, "MIDLANDS", None, 0, 4_000)

STORES = (
    _place("S01", "London Covent Garden", -0.1240, 51.5117, "SOUTH", None, 300, 200),
    _place("S02", "Manchester", -2.2426, 53.4808, "NORTH", None, 200, 150),
    _place("S03", "Birmingham", -1.8904, 52.4862, "MIDLANDS", None, 140, 150),
    _place("S04", "Leeds", -1.5491, 53.8008, "NORTH", "PENNINE", 60, 80),
    _place("S05", "Glasgow", -4.2518, 55.8642, "SCOTLAND-WALES", "CELTIC", 50, 80),
    _place("S06", "Bristol", -2.5879, 51.4545, "SOUTH", None, 40, 60),
    _place("S07", "Nottingham", -1.1505, 52.9548, "MIDLANDS", "TRENT", 35, 60),
    _place("S08", "Edinburgh", -3.1883, 55.9533, "SCOTLAND-WALES", "CELTIC", 30, 60),
    _place("S09", "Brighton", -0.1372, 50.8225, "SOUTH", "CHANNEL", 25, 60),
    _place("S10", "Liverpool", -2.9916, 53.4084, "NORTH", None, 20, 60),
    _place("S11", "Cardiff", -3.1791, 51.4816, "SCOTLAND-WALES", "CELTIC", 15, 40),
    _place("S12", "Newcastle", -1.6178, 54.9783, "NORTH", "PENNINE", 15, 40),
    _place("S13", "Sheffield", -1.4701, 53.3811, "NORTH", "PENNINE", 15, 40),
    _place("S14", "Leicester", -1.1398, 52.6369, "MIDLANDS", "TRENT", 10, 40),
    _place("S15", "Southampton", -1.4044, 50.9097, "SOUTH", "CHANNEL", 10, 40),
    _place("S16", "Norwich", 1.2974, 52.6309, "SOUTH", None, 10, 40),
    _place("S17", "Derby", -1.4746, 52.9225, "MIDLANDS", "TRENT", 8, 30),
    _place("S18", "Plymouth", -4.1427, 50.3755, "SOUTH", "CHANNEL", 7, 30),
    _place("S19", "York", -1.0815, 53.9590, "NORTH", None, 5, 30),
    _place("S20", "Oxford", -1.2577, 51.7520, "SOUTH", None, 5, 30),
)

PLACES = (WAREHOUSE, *STORES)
PLACES_BY_CODE = {place.code: place for place in PLACES}

STREAMERS = ("Amelia", "Rosa", "Winifred")
GUIDES_PER_STORE = 2

# Where goods go that leave the country: the capital, or the largest town.
ABROAD = {
    "AE": (55.27, 25.20),
    "AT": (16.37, 48.21),
    "AU": (151.21, -33.87),
    "BB": (-59.61, 13.10),
    "BE": (4.35, 50.85),
    "BH": (50.59, 26.23),
    "BM": (-64.78, 32.29),
    "BR": (-46.63, -23.55),
    "CA": (-79.38, 43.65),
    "CH": (8.54, 47.38),
    "CY": (33.38, 35.19),
    "CZ": (14.44, 50.08),
    "DE": (13.40, 52.52),
    "DK": (12.57, 55.68),
    "ES": (-3.70, 40.42),
    "EU": (4.35, 50.85),
    "FI": (24.94, 60.17),
    "FR": (2.35, 48.86),
    "GR": (23.73, 37.98),
    "HK": (114.17, 22.32),
    "IE": (-6.26, 53.35),
    "IL": (34.78, 32.09),
    "IS": (-21.94, 64.15),
    "IT": (12.50, 41.90),
    "JE": (-2.11, 49.19),
    "JP": (139.69, 35.69),
    "KR": (126.98, 37.57),
    "LB": (35.50, 33.89),
    "LT": (25.28, 54.69),
    "MT": (14.51, 35.90),
    "NG": (3.38, 6.52),
    "NL": (4.90, 52.37),
    "NO": (10.75, 59.91),
    "PL": (21.01, 52.23),
    "PT": (-9.14, 38.72),
    "SA": (46.68, 24.71),
    "SE": (18.07, 59.33),
    "SG": (103.82, 1.35),
    "TH": (100.50, 13.76),
    "US": (-74.01, 40.71),
    "ZA": (28.05, -26.20),
    "ZZ": (-0.12, 51.51),
}
