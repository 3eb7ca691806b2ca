"""What is known of offers, of a site's acceptance, and of how well it was foretold."""

from datetime import date, datetime

import msgspec
import numpy as np
import numpy.typing as npt

from loopline.kernel.ids import SiteId

Floats = npt.NDArray[np.float64]
Integers = npt.NDArray[np.int64]
Flags = npt.NDArray[np.bool_]


class Acceptance(msgspec.Struct, frozen=True, kw_only=True):
    """How likely an offer is accepted, in (0, 1), and the minutes until it is answered, whatever the answer."""

    probability: float
    answer_minutes: float


class OfferAhead(msgspec.Struct, frozen=True, kw_only=True):
    """An offer that may be made. What is None is as it mostly is at that site; `load` as it is there today.

    `load`: tasks of the site's day that are open or done. `value_minor`: what its goods cost the customer, of which
    the site is paid a part. `rounds`: how often the work came back from others before; `extra_minor`: what it pays on
    top for that.
    """

    site_id: SiteId
    at: datetime
    kilometres: float | None = None
    value_minor: int | None = None
    units: int | None = None
    is_collected: bool = False
    load: int | None = None
    rounds: int = 0
    extra_minor: int = 0


class Offers(msgspec.Struct, frozen=True, kw_only=True):
    """Answered offers as columns of equal length, in order of being made. `day`: ordinal of the site's business day.

    `minutes`: until it was accepted, refused or lapsed. `kilometres` is NaN where nobody knows where the goods go.
    `rounds`, `extra_minor`: how often the work came back from others before, and what it paid on top for that.
    """

    site: Integers
    day: Integers
    hour: Integers
    weekday: Integers
    load: Integers
    kilometres: Floats
    value_minor: Integers
    units: Integers
    is_collected: Flags
    rounds: Integers
    extra_minor: Integers
    accepted: Flags
    minutes: Floats

    def __len__(self) -> int:
        return len(self.site)

    def only(self, rows: Flags) -> "Offers":
        """Return the offers at which `rows` is true."""
        return Offers(**{name: getattr(self, name)[rows] for name in self.__struct_fields__})


class CalibrationBin(msgspec.Struct, frozen=True, kw_only=True):
    """Held-back offers of about the same foretold probability: what was foretold on average, and what came of it."""

    offers: int
    foretold: float
    accepted: float


class Measure(msgspec.Struct, frozen=True, kw_only=True):
    """How well probabilities did: the lower `log_loss` and `brier` the better. `auc` is None where all did the same."""

    log_loss: float
    brier: float
    auc: float | None
    calibration: tuple[CalibrationBin, ...]


class Measures(msgspec.Struct, frozen=True, kw_only=True):
    """How the plain rates and the trees did on the days held back; None where nothing was held back.

    `better_by`, `better_by_error`: by how much an offer's log loss is smaller with trees, and the standard error of it.
    `minutes_*`: root mean square error of the minutes to an answer. `paid_more_*`: of the held-back offers alone that
    paid something on top because the work had come back; how many they are, and how both did on them.
    """

    held_back_offers: int = 0
    rates: Measure | None = None
    trees: Measure | None = None
    better_by: float | None = None
    better_by_error: float | None = None
    minutes_rates: float | None = None
    minutes_trees: float | None = None
    paid_more_offers: int = 0
    paid_more_rates: Measure | None = None
    paid_more_trees: Measure | None = None


class Version(msgspec.Struct, frozen=True, kw_only=True):
    """What was learnt once, without what it knows of each site."""

    version: int
    learnt_at: datetime
    first_day: date
    last_day: date
    held_back_from: date | None
    offers: int
    prior_probability: float
    prior_offers: float
    prior_minutes: float
    trees: str | None
    minute_trees: str | None
    measures: Measures
