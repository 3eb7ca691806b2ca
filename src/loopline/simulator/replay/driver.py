"""Takes a year of invoices through the loop: in time order, batch by batch, each call of a stage one transaction.

Killed anywhere and started again it ends the same: where it stands is written in the transaction of each step's effect,
chance depends on names and not on what was drawn before, and what replenishment knows of the past is read again from
the file. Run again when it has ended it changes nothing.
"""

import gzip
import hashlib
from collections.abc import Callable, Sequence
from datetime import datetime, timedelta
from itertools import islice
from pathlib import Path

import msgspec

from loopline import org
from loopline.channels.online_retail.census import Census
from loopline.channels.online_retail.reader import GZIP_MAGIC, read_invoices
from loopline.customers import KeyRing
from loopline.db import Conn, Database
from loopline.db.followers import catch_up
from loopline.db.partitions import ensure_months
from loopline.kernel.refusals import Refusal, Refused
from loopline.processes.follow import FOLLOWERS as SETTLING
from loopline.simulator.replay.batches import Cut, batches
from loopline.simulator.replay.chance import Chance
from loopline.simulator.replay.places import BRAND_UNIT
from loopline.simulator.replay.progress import Progress, advance, begin, find_progress
from loopline.simulator.replay.scene import Scene
from loopline.simulator.replay.stages import BATCH_STEPS, CLOSING_STEPS, Step
from loopline.simulator.replay.survey import Survey
from loopline.simulator.replay.world import build_world, load_world

NAME = "online_retail"
_CHUNK_BYTES = 1 << 20
# The world is founded the day before the first invoice, and work goes on for two months after the last one.
_BEFORE_FIRST = timedelta(days=1)
AFTER_LAST = timedelta(days=60)


class AnotherReplay(Refusal, frozen=True, kw_only=True):
    """This database holds a replay of another file, or of this one from seed {seed}: give this one a new database."""

    seed: int


class BelongsToAnother(Refusal, frozen=True, kw_only=True):
    """This database belongs to {brand}: give the replay a database of its own."""

    brand: str


class NothingToReplay(Refusal, frozen=True, kw_only=True):
    """There is no invoice in {path}."""

    path: str


class ReplayAsk(msgspec.Struct, frozen=True, kw_only=True):
    """What to replay: a file, the seed of the world around it, and perhaps only its first invoices."""

    path: Path
    seed: int
    invoices_max: int | None = None


class Standing(msgspec.Struct, frozen=True, kw_only=True):
    """How far a replay is, for who watches."""

    invoices: int
    invoices_in_all: int
    at: datetime


class Reading(msgspec.Struct, frozen=True, kw_only=True):
    """What one look through the file tells: the world of the whole year, and what is to be replayed of it."""

    survey: Survey
    census: Census
    first_at: datetime
    last_at: datetime
    until: datetime


def read_file(ask: ReplayAsk) -> Reading:
    """Look through the file once; raises Refused where it is not an invoice file, or empty.

    The world is that of the whole file, however much of it is replayed: a later run may go on.
    """
    survey, census = Survey(), Census()
    until: datetime | None = None
    for position, invoice in enumerate(read_invoices(ask.path)):
        survey.add(invoice)
        if ask.invoices_max is None or position < ask.invoices_max:
            census.add(invoice)
            until = invoice.at
    if survey.first_at is None or survey.last_at is None or until is None:
        raise Refused(NothingToReplay(path=str(ask.path)))
    return Reading(
        survey=survey, census=census, first_at=survey.first_at, last_at=survey.last_at, until=until
    )


def source_hash(path: Path) -> bytes:
    """Return the SHA-256 of the file's text, packed or not."""
    digest = hashlib.sha256()
    with path.open("rb") as probe:
        is_packed = probe.read(len(GZIP_MAGIC)) == GZIP_MAGIC
    with gzip.open(path) if is_packed else path.open("rb") as source:
        while chunk := source.read(_CHUNK_BYTES):
            digest.update(chunk)
    return digest.digest()


def replay(
    database: Database, ask: ReplayAsk, reading: Reading, *, ring: KeyRing, told: Callable[[Standing], None]
) -> Progress:
    """Replay what was read to its end from wherever the database stands; `told` hears after every batch."""
    progress = _begin(database, ask, reading)
    scene = _open_scene(database, reading.survey, chance=Chance(ask.seed), ring=ring)
    invoices = islice(read_invoices(ask.path), ask.invoices_max)
    for batch in batches(invoices, Cut(done=progress.invoices, under_way=progress.under_way)):
        scene.open(batch)
        if not batch.is_done:
            progress = _run_batch(database, scene, progress)
        scene.remember(batch, returned=progress.returned)
        told(
            Standing(
                invoices=batch.first + len(batch.invoices),
                invoices_in_all=reading.census.invoice_count,
                at=batch.invoices[-1].at,
            )
        )
    if progress.finished_at_invoices != progress.invoices:
        scene.close(reading.until)
        progress = _run_steps(database, scene, CLOSING_STEPS, progress=progress)
    return progress


def _begin(database: Database, ask: ReplayAsk, reading: Reading) -> Progress:
    """Make room for the months, found the world once, and return where the replay stands."""
    found_at = reading.first_at - _BEFORE_FIRST
    hashed = source_hash(ask.path)
    with database.owner_transaction() as owner:
        ensure_months(owner, first=found_at.date(), last=(reading.last_at + AFTER_LAST).date())
    with database.transaction() as conn:
        known = find_progress(conn, NAME)
        progress = known or begin(conn, name=NAME, seed=ask.seed, source_hash=hashed)
        if (progress.seed, progress.source_hash) != (ask.seed, hashed):
            raise Refused(AnotherReplay(seed=progress.seed))
        if known is None:
            _refuse_foreign(conn)
            build_world(conn, reading.survey, chance=Chance(ask.seed), now=found_at)
    return progress


def _refuse_foreign(conn: Conn) -> None:
    """Raise Refused where another brand than the replayed one stands, such as the demo's."""
    others = [unit for unit in org.branch_units(conn) if unit.parent_id is None and unit.code != BRAND_UNIT]
    if others:
        raise Refused(BelongsToAnother(brand=others[0].name))


def _open_scene(database: Database, survey: Survey, *, chance: Chance, ring: KeyRing) -> Scene:
    with database.reading() as conn:
        return Scene(world=load_world(conn, survey), survey=survey, chance=chance, ring=ring)


def _run_batch(database: Database, scene: Scene, progress: Progress) -> Progress:
    if progress.steps and not progress.under_way:
        # The replay was closing when it was killed, and the file goes on now: closing begins anew afterwards.
        with database.transaction() as conn:
            before, progress = progress, progress.at_next_batch()
            advance(conn, before=before, after=progress)
    return _run_steps(database, scene, BATCH_STEPS, progress=progress)


def _run_steps(database: Database, scene: Scene, steps: Sequence[Step], *, progress: Progress) -> Progress:
    """Run the steps that are not done yet, each in a transaction with its trace; the last one ends the batch."""
    for number, step in enumerate(steps, start=1):
        if number <= progress.steps:
            continue
        if step.takes_back and scene.returned:
            catch_up(database, SETTLING, now=scene.now)
        with database.transaction() as conn:
            _need_no_flush(conn)
            scene.step = number
            counted = step.run(conn, scene)
            after = progress.after_step(counted, batch=len(scene.invoices))
            if step.takes_back:
                after = after.with_returns_until(scene.first)
            if number == len(steps):
                after = after.at_next_batch() if scene.invoices else after.finished()
            advance(conn, before=progress, after=after)
        progress = after
        if step.takes_back:
            scene.returned.clear()
    return progress


def _need_no_flush(conn: Conn) -> None:
    """Let this commit wait for no disk: a crash may cost the last steps, whole ones, and they are done again."""
    conn.execute("set local synchronous_commit to off")
