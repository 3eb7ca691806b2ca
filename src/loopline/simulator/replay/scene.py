"""What the replay has in hand while a batch goes through the loop: the world, the batch, the clock, past weeks."""

from datetime import datetime

from loopline.channels.online_retail.drafts import ordered_lines
from loopline.channels.online_retail.model import CodeKind, Invoice, InvoiceKind
from loopline.customers import KeyRing
from loopline.kernel.ids import MemberId
from loopline.simulator.replay.batches import Batch
from loopline.simulator.replay.chance import Chance
from loopline.simulator.replay.demand import TrailingDemand
from loopline.simulator.replay.people import Home, home_of, returned_to, till_of
from loopline.simulator.replay.places import WAREHOUSE, Place
from loopline.simulator.replay.survey import UNITS_PER_LINE_MAX, Survey
from loopline.simulator.replay.world import World


class Scene:
    """The state of one run; nothing in it outlives the run, and everything in it can be built again from the file."""

    def __init__(self, *, world: World, survey: Survey, chance: Chance, ring: KeyRing) -> None:
        self.world = world
        self.ring = ring
        self.survey = survey
        self.chance = chance
        self.demand = TrailingDemand()
        self.invoices: tuple[Invoice, ...] = ()
        self.first = 0
        self.returned: list[Invoice] = []
        self.opens_week = False
        self.step = 0
        self.member_ids: dict[str, MemberId] = {}
        self._now: datetime | None = None
        self._homes: dict[str, Home] = {}

    @property
    def now(self) -> datetime:
        """The world's clock: the moment of the last invoice of the batch."""
        assert self._now is not None
        return self._now

    def open(self, batch: Batch) -> None:
        """Turn to a batch; where it opens a week, the week before is over."""
        self.first, self.invoices, self.opens_week = batch.first, batch.invoices, batch.opens_week
        self._now = batch.invoices[-1].at
        if batch.opens_week:
            self.demand.close_week()

    def close(self, at: datetime) -> None:
        """Turn to what is left to do after the last invoice: goods come in once more."""
        self.first += len(self.invoices)
        self.invoices, self.opens_week = (), True
        self._now = at
        self.demand.close_week()

    def remember(self, batch: Batch, *, returned: int) -> None:
        """Keep in mind what a batch asked of whom, for replenishment in the weeks that follow, and what came back.

        Goods come back once the parcels of their batch have reached the books: with the next batch. What came back in
        the first `returned` invoices is taken back already.
        """
        self.returned += [
            invoice
            for position, invoice in enumerate(batch.invoices, start=batch.first)
            if invoice.kind is InvoiceKind.RETURN and position >= returned
        ]
        for invoice in batch.invoices:
            if invoice.kind is not InvoiceKind.SALE:
                continue
            place = WAREHOUSE if invoice.is_ask else self.till(invoice)
            self.demand.add(
                place.code,
                (
                    (line.code, min(line.units, UNITS_PER_LINE_MAX))
                    for line in ordered_lines(invoice)
                    if line.code_kind is CodeKind.GOODS
                ),
            )

    def till(self, invoice: Invoice) -> Place:
        """The store that rings an invoice up."""
        return till_of(invoice.number, lines=len(invoice.lines), chance=self.chance)

    def returned_to(self, invoice: Invoice) -> Place:
        """The place that takes a return: that of the member's choice, or the till it was rung up at."""
        if invoice.member_code is None:
            return self.till(invoice)
        return returned_to(self.home(invoice.member_code), invoice.number, chance=self.chance)

    def home(self, member_code: str) -> Home:
        """Where a member lives and who brought them."""
        home = self._homes.get(member_code)
        if home is None:
            country = self.survey.countries[member_code]
            home = self._homes[member_code] = home_of(member_code, country=country, chance=self.chance)
        return home
