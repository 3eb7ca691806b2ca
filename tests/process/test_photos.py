"""Photos of goods from the check to the hand-over: what is asked, what holds a parcel back, what is forgotten."""

from datetime import timedelta
from uuid import UUID

import pytest

from loopline.db import Conn
from loopline.db.checks import run_check
from loopline.fulfilment import photos
from loopline.fulfilment import queries as fulfilment
from loopline.fulfilment.checks import CHECKS
from loopline.fulfilment.model import (
    AcceptTask,
    CheckTask,
    CollectParcel,
    HandedOver,
    HandOverTask,
    PackTask,
    PickTask,
    RefusalReason,
    RefuseTask,
    TaskKind,
    TaskState,
    WithdrawnUnits,
)
from loopline.fulfilment.photos import (
    KEPT_DAYS,
    Demand,
    KeepPhoto,
    PhotoCause,
    PhotoDone,
    SetPhotoRule,
    WaivePhoto,
    WhyNoPhoto,
)
from loopline.fulfilment.photos.rules import (
    NoPhotoAsked,
    PhotoDiffers,
    TooManyPhotos,
    UnknownPhotoLine,
)
from loopline.fulfilment.rules import PhotoIsMissing, UnknownTask, WrongState
from loopline.kernel.ids import AllocationId, PhotoId, TaskId
from loopline.kernel.pictures import Picture
from loopline.kernel.refusals import Refusal
from loopline.kernel.scope import WHOLE_BRAND, Scope
from loopline.processes import dispatch, fulfil
from loopline.processes import photos as process
from loopline.processes.membership import forget
from tests.make.customers import member, phone, registered
from tests.make.loop import subject_types
from tests.make.org import succeeded
from tests.make.shop import NOON, lines, stock_up
from tests.make.store import Stage, offer, offer_to_collect, open_store

LATER = NOON + timedelta(minutes=5)
CODE = "ABCDEFGH"
PHOTO = PhotoId(UUID("019cacb3-0000-7000-8000-0000000000aa"))


def dear(from_minor: int, demand: Demand = Demand.REQUIRED) -> SetPhotoRule:
    return SetPhotoRule(cause=PhotoCause.HIGH_VALUE, category=None, demand=demand, from_minor=from_minor)


def picture(content: bytes = b"what it shows") -> Picture:
    return Picture(content=content, media_type="image/webp", width=4, height=3, sent_hash=(content * 32)[:32])


def set_rules(conn: Conn, *rules: SetPhotoRule) -> None:
    succeeded(photos.set_photo_rules(conn, rules, by="tests", now=NOON))


@pytest.fixture
def stage(conn: Conn) -> Stage:
    """A store where coats, for 113.00, are dear; scarves, for 22.60, are fragile."""
    stage = open_store(conn)
    stock_up(conn, stage.shop, {("S", "COAT"): 9, ("S", "SCARF"): 9})
    set_rules(conn, dear(11_300))
    return stage


def checked(conn: Conn, task_id: TaskId) -> TaskId:
    succeeded(dispatch.accept(conn, [AcceptTask(task_id=task_id)], scope=WHOLE_BRAND, now=NOON))
    succeeded(fulfil.pick(conn, [PickTask(task_id=task_id)], scope=WHOLE_BRAND, now=NOON))
    succeeded(fulfil.check(conn, [CheckTask(task_id=task_id)], scope=WHOLE_BRAND, now=NOON))
    return task_id


def packed(conn: Conn, task_id: TaskId) -> TaskId:
    checked(conn, task_id)
    (task,) = fulfilment.tasks_by_id(conn, [task_id])
    is_collected = task.kind is TaskKind.COLLECT
    command = PackTask(
        task_id=task_id,
        code=CODE if is_collected else None,
        collect_by=NOON + timedelta(days=3) if is_collected else None,
    )
    succeeded(fulfil.pack(conn, [command], scope=WHOLE_BRAND, now=NOON))
    return task_id


def line(conn: Conn, stage: Stage, task_id: TaskId, code: str = "COAT") -> AllocationId:
    found = fulfilment.lines_of_tasks(conn, [task_id])[task_id]
    return next(one.allocation_id for one in found if one.sku_id == stage.shop.skus[code])


def keep(
    conn: Conn,
    task_id: TaskId,
    allocation_id: AllocationId,
    *,
    number: PhotoId = PHOTO,
    shows: Picture | None = None,
    scope: Scope = WHOLE_BRAND,
) -> PhotoDone | Refusal:
    command = KeepPhoto(
        id=number,
        task_id=task_id,
        allocation_id=allocation_id,
        taken_at=NOON,
        by="person:x",
        picture=shows or picture(),
    )
    (outcome,) = process.keep_photos(conn, [command], scope=scope, now=LATER)
    return outcome


def waive(
    conn: Conn, task_id: TaskId, allocation_id: AllocationId, *, scope: Scope = WHOLE_BRAND
) -> PhotoDone | Refusal:
    command = WaivePhoto(
        task_id=task_id, allocation_id=allocation_id, reason=WhyNoPhoto.NO_CAMERA, by="person:x"
    )
    (outcome,) = process.waive_photos(conn, [command], scope=scope, now=LATER)
    return outcome


def hand_over(conn: Conn, *task_ids: TaskId) -> list[HandedOver | Refusal]:
    return fulfil.hand_over(
        conn, [HandOverTask(task_id=one) for one in task_ids], scope=WHOLE_BRAND, now=LATER
    )


def state(conn: Conn, task_id: TaskId) -> TaskState:
    return fulfilment.tasks_by_id(conn, [task_id])[0].state


def events(conn: Conn, task_id: TaskId) -> list[str]:
    return subject_types(conn, fulfilment.tasks_by_id(conn, [task_id])[0].order_id)


def test_goods_that_need_a_photo_stay_until_there_is_one(conn: Conn, stage: Stage):
    task_id = packed(conn, offer(conn, stage, "W-1"))
    coat = line(conn, stage, task_id)
    before = events(conn, task_id)
    assert hand_over(conn, task_id) == [PhotoIsMissing(task_id=task_id)]
    assert (state(conn, task_id), events(conn, task_id)) == (TaskState.PACKED, before)
    # A photo of other goods of the parcel is none of these.
    assert isinstance(keep(conn, task_id, line(conn, stage, task_id, "SCARF")), PhotoDone)
    assert hand_over(conn, task_id) == [PhotoIsMissing(task_id=task_id)]
    number = PhotoId(UUID("019cacb3-0000-7000-8000-0000000000bb"))
    assert keep(conn, task_id, coat, number=number) == PhotoDone(
        task_id=task_id,
        order_id=fulfilment.tasks_by_id(conn, [task_id])[0].order_id,
        site_id=stage.shop.sites["S"],
        allocation_id=coat,
        photo_id=number,
        is_repeat=False,
    )
    assert isinstance(hand_over(conn, task_id)[0], HandedOver)
    assert state(conn, task_id) is TaskState.HANDED_OVER
    assert events(conn, task_id)[len(before) :] == ["photo_kept", "photo_kept", "parcel_handed_over"]
    content = photos.photo_content(conn, number)
    assert content is not None
    assert (content.content, content.task_id) == (b"what it shows", task_id)


def test_one_parcel_that_lacks_a_photo_holds_up_no_other(conn: Conn, stage: Stage):
    first = packed(conn, offer(conn, stage, "W-1"))
    second = packed(conn, offer(conn, stage, "W-2", lines=lines(stage.shop, ("SCARF", 1))))
    lacking, gone = hand_over(conn, first, second)
    assert lacking == PhotoIsMissing(task_id=first)
    assert isinstance(gone, HandedOver)
    assert [state(conn, first), state(conn, second)] == [TaskState.PACKED, TaskState.HANDED_OVER]


def test_what_a_customer_comes_for_needs_its_photo_too(conn: Conn, stage: Stage):
    task_id = packed(conn, offer_to_collect(conn, stage, "W-1"))
    command = CollectParcel(site_id=stage.shop.sites["S"], code=CODE)
    assert fulfil.collect(conn, [command], scope=WHOLE_BRAND, now=LATER) == [PhotoIsMissing(task_id=task_id)]
    assert state(conn, task_id) is TaskState.PACKED
    assert isinstance(waive(conn, task_id, line(conn, stage, task_id)), PhotoDone)
    (given,) = fulfil.collect(conn, [command], scope=WHOLE_BRAND, now=LATER)
    assert isinstance(given, HandedOver)


def test_a_reason_stands_for_the_photo_that_there_is_not(conn: Conn, stage: Stage):
    task_id = packed(conn, offer(conn, stage, "W-1"))
    coat, scarf = line(conn, stage, task_id), line(conn, stage, task_id, "SCARF")
    set_rules(conn, SetPhotoRule(cause=PhotoCause.FRAGILE, category=None, demand=Demand.OFF))
    first = waive(conn, task_id, coat)
    assert isinstance(first, PhotoDone)
    assert not first.is_repeat
    again = waive(conn, task_id, coat)
    assert isinstance(again, PhotoDone)
    assert again.is_repeat
    assert events(conn, task_id).count("photo_waived") == 1
    # The scarf was fragile when it was checked, so that a photo of it was asked for then.
    assert isinstance(waive(conn, task_id, scarf), PhotoDone)
    assert isinstance(hand_over(conn, task_id)[0], HandedOver)
    (point,) = [one for one in photos.photos_asked(conn, [task_id]) if one.allocation_id == coat]
    assert (point.demand, point.waived_reason, point.waived_by, point.waived_at) == (
        Demand.REQUIRED,
        WhyNoPhoto.NO_CAMERA,
        "person:x",
        LATER,
    )


def test_a_rule_that_is_set_later_asks_nothing_of_what_is_checked(conn: Conn, stage: Stage):
    early = checked(conn, offer(conn, stage, "W-1", lines=lines(stage.shop, ("SCARF", 1))))
    late = offer(conn, stage, "W-2", lines=lines(stage.shop, ("SCARF", 1)))
    set_rules(conn, dear(2_260))
    packed(conn, late)
    succeeded(fulfil.pack(conn, [PackTask(task_id=early)], scope=WHOLE_BRAND, now=NOON))
    assert isinstance(hand_over(conn, early)[0], HandedOver)
    assert hand_over(conn, late) == [PhotoIsMissing(task_id=late)]


def test_goods_that_are_taken_out_of_a_parcel_need_no_photo_any_more(conn: Conn, stage: Stage):
    task_id = checked(conn, offer(conn, stage, "W-1"))
    refusal = RefuseTask(
        command_id=UUID(int=5),
        task_id=task_id,
        reason=RefusalReason.DAMAGED,
        lines=(WithdrawnUnits(allocation_id=line(conn, stage, task_id), units=1),),
    )
    succeeded(dispatch.refuse(conn, [refusal], scope=WHOLE_BRAND, now=NOON))
    succeeded(fulfil.pack(conn, [PackTask(task_id=task_id)], scope=WHOLE_BRAND, now=NOON))
    assert isinstance(hand_over(conn, task_id)[0], HandedOver)


def test_the_last_ones_at_a_site_are_asked_for(conn: Conn, stage: Stage):
    task_id = offer(conn, stage, "W-1", lines=lines(stage.shop, ("SCARF", 9)))
    (task,) = fulfilment.tasks_by_id(conn, [task_id])
    conn.execute("update stock.leaf_stock set on_hand = 9 where sku_id = %s", (stage.shop.skus["SCARF"],))
    (point,) = process.photos_wanted(conn, [task]).values()
    assert (point.causes, point.demand) == ((PhotoCause.FRAGILE, PhotoCause.LAST_UNITS), Demand.ASKED)
    conn.execute("update stock.leaf_stock set on_hand = 10 where sku_id = %s", (stage.shop.skus["SCARF"],))
    (point,) = process.photos_wanted(conn, [task]).values()
    assert point.causes == (PhotoCause.FRAGILE,)


def test_a_photo_is_kept_once_and_only_of_goods_that_are_in_hand(conn: Conn, stage: Stage):
    offered = offer(conn, stage, "W-1")
    coat = line(conn, stage, offered)
    assert keep(conn, offered, coat) == WrongState(task_id=offered, state=TaskState.OFFERED)
    task_id = packed(conn, offered)
    stranger = AllocationId(UUID(int=9))
    assert keep(conn, task_id, stranger) == UnknownPhotoLine(task_id=task_id, allocation_id=stranger)
    hangzhou = Scope(sites=frozenset({stage.shop.sites["D"]}))
    assert keep(conn, task_id, coat, scope=hangzhou) == UnknownTask(task_id=task_id)
    assert waive(conn, task_id, coat, scope=hangzhou) == UnknownTask(task_id=task_id)
    assert waive(conn, task_id, stranger) == NoPhotoAsked(task_id=task_id, allocation_id=stranger)
    assert photos.photos_of_tasks(conn, [task_id]) == []
    outcomes = [keep(conn, task_id, coat) for _ in range(2)]
    assert [isinstance(one, PhotoDone) and one.is_repeat for one in outcomes] == [False, True]
    assert keep(conn, task_id, coat, shows=picture(b"other")) == PhotoDiffers(photo_id=PHOTO)
    for count in range(11):
        number = PhotoId(UUID(int=100 + count))
        assert isinstance(keep(conn, task_id, coat, number=number), PhotoDone)
    assert keep(conn, task_id, coat, number=PhotoId(UUID(int=200))) == TooManyPhotos(most=12)
    assert len(photos.photos_of_tasks(conn, [task_id])) == 12


def test_a_phone_may_send_for_a_week_after_the_goods_left(conn: Conn, stage: Stage):
    task_id = packed(conn, offer(conn, stage, "W-1"))
    coat = line(conn, stage, task_id)
    assert isinstance(waive(conn, task_id, coat), PhotoDone)
    assert isinstance(hand_over(conn, task_id)[0], HandedOver)

    def sent_after(days: int, number: int) -> PhotoDone | Refusal:
        command = KeepPhoto(
            id=PhotoId(UUID(int=number)),
            task_id=task_id,
            allocation_id=coat,
            taken_at=NOON,
            by="person:x",
            picture=picture(),
        )
        return photos.keep_photos(conn, [command], scope=WHOLE_BRAND, now=LATER + timedelta(days=days))[0]

    assert isinstance(sent_after(7, 1), PhotoDone)
    assert sent_after(8, 2) == WrongState(task_id=task_id, state=TaskState.HANDED_OVER)


def test_what_a_photo_shows_is_let_go_after_its_time_and_that_there_was_one_stays(conn: Conn, stage: Stage):
    task_id = packed(conn, offer(conn, stage, "W-1"))
    keep(conn, task_id, line(conn, stage, task_id))
    end = LATER + timedelta(days=KEPT_DAYS)
    assert photos.forget_photos(conn, now=end, limit=10) == 0
    assert photos.photo_content(conn, PHOTO) is not None
    assert photos.forget_photos(conn, now=end + timedelta(microseconds=1), limit=10) == 1
    assert photos.photo_content(conn, PHOTO) is None
    assert [one.is_forgotten for one in photos.photos_of_tasks(conn, [task_id])] == [True]
    # It was there: nothing holds the parcel back.
    assert isinstance(hand_over(conn, task_id)[0], HandedOver)
    assert photos.forget_photos(conn, now=end + timedelta(days=1), limit=10) == 0


def test_forgetting_a_customer_lets_go_of_what_the_photos_show(conn: Conn, stage: Stage):
    someone, other = registered(conn, [member(phone(1)), member(phone(2))])
    theirs = packed(conn, offer(conn, stage, "W-1", member_id=someone))
    others = packed(conn, offer(conn, stage, "W-2", member_id=other))
    kept = PhotoId(UUID(int=7))
    assert isinstance(keep(conn, theirs, line(conn, stage, theirs)), PhotoDone)
    assert isinstance(keep(conn, others, line(conn, stage, others), number=kept), PhotoDone)
    assert all(isinstance(one, HandedOver) for one in hand_over(conn, theirs, others))
    (erased,) = forget(conn, [someone], now=LATER, actor="tests")
    assert not isinstance(erased, Refusal), erased
    assert photos.photo_content(conn, PHOTO) is None
    assert photos.photo_content(conn, kept) is not None


def test_the_doctor_finds_goods_that_left_without_their_photo(conn: Conn, stage: Stage):
    task_id = packed(conn, offer(conn, stage, "W-1"))
    coat = line(conn, stage, task_id)
    (check,) = [one for one in CHECKS if one.name == "sent_goods_have_their_photo"]
    assert isinstance(waive(conn, task_id, coat), PhotoDone)
    assert isinstance(hand_over(conn, task_id)[0], HandedOver)
    assert run_check(conn, check) == []
    conn.execute(
        "update fulfilment.photo_point set waived_reason = null, waived_by = null, waived_at = null"
        " where allocation_id = %s",
        (coat,),
    )
    (found,) = run_check(conn, check)
    assert found.subject == f"task {task_id} line {coat}"
    conn.execute(found.repair)  # type: ignore[arg-type]
    assert run_check(conn, check) == []


def test_of_what_left_it_is_told_how_much_needed_a_photo_and_has_one(conn: Conn, stage: Stage):
    there, waived, waits = (packed(conn, offer(conn, stage, f"W-{number}")) for number in (1, 2, 3))
    keep(conn, there, line(conn, stage, there))
    waive(conn, waived, line(conn, stage, waived))
    hand_over(conn, there, waived, waits)
    sites = [stage.shop.sites["S"]]
    told = photos.photos_lately(conn, sites, since=NOON)
    assert [(one.demand, one.has_one, one.why_none, one.lines) for one in told] == [
        (Demand.ASKED, False, None, 2),
        (Demand.REQUIRED, True, None, 1),
        (Demand.REQUIRED, False, WhyNoPhoto.NO_CAMERA, 1),
    ]
    assert photos.photos_lately(conn, None, since=NOON) == told
    assert photos.photos_lately(conn, [stage.shop.sites["D"]], since=NOON) == []
    assert photos.photos_lately(conn, None, since=LATER + timedelta(seconds=1)) == []
