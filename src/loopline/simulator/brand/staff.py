"""The people in the stores and warehouses: they look at what was put to them, take it, refuse it or let it lapse, and
do what they took: pick, check, pack, give to the carrier. What somebody else began they never touch.
"""

from collections.abc import Mapping, Sequence
from datetime import datetime, timedelta
from random import Random
from typing import Any
from uuid import UUID

import msgspec

from loopline.simulator.brand.agenda import Handler
from loopline.simulator.brand.api import Answer
from loopline.simulator.brand.chance import stream
from loopline.simulator.brand.demand import minutes
from loopline.simulator.brand.people import HUMAN_STORE
from loopline.simulator.brand.scene import Scene
from loopline.simulator.brand.tally import Bought

KIND_LOOK = "look_at_tasks"
KIND_TAKE_UP = "take_up_tasks"
KIND_REFUSE = "refuse"
_STEPS = ("accept", "pick", "check", "pack", "hand_over", "collect")
_NEXT_IN = {"accepted": "pick", "picking": "check", "checked": "pack", "packed": "hand_over"}
_FOLLOWS = {"accept": "pick", "pick": "check", "check": "pack"}
# How many minutes each step takes at most and at least; a carrier comes by, a customer comes when there is time.
_TAKES = {
    "accept": (0.5, 8.0),
    "pick": (1.0, 5.0),
    "check": (0.5, 3.0),
    "pack": (0.5, 3.0),
    "hand_over": (2.0, 25.0),
    "collect": (8.0, 150.0),
}
_REFUSED_SHARE = 0.03
_IGNORED_SHARE = 0.012
# Of what is refused: mostly because something is not there or broken, else for want of hands.
_REASONS = ("not_found", "not_found", "not_found", "damaged", "no_capacity")
_ARRIVES_AFTER_MINUTES = (10.0, 180.0)
_REVIEW_SHARE = 0.2
_RETURN_SHARE = 0.07
_SPARED_FOR = timedelta(minutes=10)


class _Work(msgspec.Struct, kw_only=True):
    """A task that somebody of ours deals with, by the chance of its own."""

    task_id: str
    order_id: str
    site_code: str
    kind: str
    lines: tuple[tuple[str, int], ...]
    chance: Random
    refused_because: str = ""
    command_id: str = ""
    collect_code: str = ""


class Staff:
    """Everybody who works at a site."""

    def __init__(self, scene: Scene, *, looks_every: timedelta, haste: float = 1.0) -> None:
        self._scene = scene
        self._looks_every = looks_every
        self._haste = haste
        self._seen: set[str] = set()
        self._unanswered: list[str] = []
        self._spared: dict[str, datetime] = {}
        agenda = scene.agenda
        agenda.handle(KIND_TAKE_UP, self._take_up)
        agenda.handle(KIND_LOOK, self._look)
        agenda.handle(KIND_REFUSE, self._refuse)
        for step in _STEPS:
            agenda.handle(step, self._stepper(step))

    def begin(self, start: datetime) -> None:
        """Look at tasks from a moment on."""
        self._scene.agenda.note(start, KIND_TAKE_UP)
        self._scene.agenda.note(start, KIND_LOOK)

    def _take_up(self, _: Sequence[None], now: datetime) -> None:
        """Take up what an earlier run of the world left half done; the one store's people see to their own."""
        for task in self._scene.api.pages("/api/v1/tasks"):
            step = _NEXT_IN.get(task["state"])
            is_spared = self._scene.ask.spares_human_store and task["site_code"] == HUMAN_STORE
            if step is not None and not is_spared and not (step == "hand_over" and task["kind"] == "collect"):
                self._seen.add(task["id"])
                self._note(self._work_of(task), step, step, now)

    def _look(self, _: Sequence[None], now: datetime) -> None:
        """Look at what is offered, and make up one's mind about what was not there before."""
        self._scene.agenda.note(now + self._looks_every, KIND_LOOK)
        offered = self._scene.api.pages("/api/v1/tasks", state="offered")
        for task in sorted(offered, key=lambda one: (one["order_number"], one["site_code"])):
            if task["id"] not in self._seen and self._may_touch(task, now):
                self._seen.add(task["id"])
                self._make_up_mind(task, now)

    def _may_touch(self, task: Mapping[str, Any], now: datetime) -> bool:
        """Leave the one store to whoever signed in there, for some minutes."""
        if not self._scene.ask.spares_human_store or task["site_code"] != HUMAN_STORE:
            return True
        return now - self._spared.setdefault(task["id"], now) >= _SPARED_FOR

    def _make_up_mind(self, task: Mapping[str, Any], now: datetime) -> None:
        work = self._work_of(task)
        mood = work.chance.random()
        if mood < _REFUSED_SHARE:
            work.refused_because = work.chance.choice(_REASONS)
            work.command_id = str(UUID(int=work.chance.getrandbits(128), version=4))
            self._note(work, KIND_REFUSE, "accept", now)
        elif mood < _REFUSED_SHARE + _IGNORED_SHARE:
            self._unanswered.append(work.task_id)
            self._scene.tally.count("tasks.ignored")
        else:
            self._note(work, "accept", "accept", now)

    def _work_of(self, task: Mapping[str, Any]) -> _Work:
        return _Work(
            task_id=task["id"],
            order_id=task["order_id"],
            site_code=task["site_code"],
            kind=task["kind"],
            lines=tuple((line["sku_code"], line["units_left"]) for line in task["lines"]),
            chance=stream(self._scene.ask.seed, "staff", task["order_number"], task["site_code"]),
        )

    def _note(self, work: _Work, kind: str, takes: str, now: datetime) -> None:
        low, high = _TAKES[takes]
        self._scene.agenda.note(now + minutes(work.chance, low, high) / self._haste, kind, work)

    def _stepper(self, step: str) -> Handler:
        def handle(works: Sequence[_Work], now: datetime) -> None:
            self._step(step, works, now)

        return handle

    def _step(self, step: str, works: Sequence[_Work], now: datetime) -> None:
        if step == "collect":
            works = self._who_come(works)
        if not works:
            return
        scene = self._scene
        items = [self._item(step, work) for work in works]
        key = scene.key(step, works[0].task_id, len(works))
        answers = scene.api.batch(f"/api/v1/tasks/{step.replace('_', '-')}", items, key=key)
        for work, answer in zip(works, answers, strict=True):
            self._stepped(step, work, answer, now)

    def _item(self, step: str, work: _Work) -> dict[str, Any]:
        if step == "hand_over":
            return {"task_id": work.task_id, "tracking_number": f"LZ{work.chance.randrange(10**10):010d}"}
        if step == "collect":
            return {"site_code": work.site_code, "code": work.collect_code}
        return {"task_id": work.task_id}

    def _stepped(self, step: str, work: _Work, answer: Answer, now: datetime) -> None:
        scene = self._scene
        if not answer.is_good:
            scene.tally.refused(f"task_{step}", answer.code)
            if step == "accept":
                self._unanswered.append(work.task_id)
            return
        if answer.body["is_repeat"]:
            scene.tally.count("tasks.left_to_others")
            return
        scene.tally.count(f"tasks.{step}")
        if step in {"hand_over", "collect"}:
            self._gone(work, now)
            return
        following = _FOLLOWS.get(step) or ("collect" if work.kind == "collect" else "hand_over")
        self._note(work, following, following, now)

    def _gone(self, work: _Work, now: datetime) -> None:
        """The goods have left: the shelf is emptier, the customer has them soon."""
        scene = self._scene
        for line in scene.api.get(f"/api/v1/tasks/{work.task_id}")["lines"]:
            if line["units_left"]:
                scene.shelves.take(work.site_code, line["sku_code"], line["units_left"])
                scene.tally.count("handed_over_units", line["units_left"])
        bought = scene.tally.orders.get(work.order_id)
        if bought is not None:
            self._customer_has_it(bought, work, now)

    def _customer_has_it(self, bought: Bought, work: _Work, now: datetime) -> None:
        chance = work.chance
        arrives = now + (minutes(chance, *_ARRIVES_AFTER_MINUTES) if work.kind == "deliver" else timedelta())
        writes, regrets = chance.random() < _REVIEW_SHARE, chance.random() < _RETURN_SHARE
        if writes and bought.token is not None:
            self._scene.agenda.note(arrives + minutes(chance, 5, 60), "review", bought)
        if regrets:
            self._scene.agenda.note(arrives + minutes(chance, 20, 200), "return", bought)

    # ------------------------------------------------------------------------------------------------ work refused

    def _refuse(self, works: Sequence[_Work], now: datetime) -> None:
        """Give work back: as a whole for want of hands, or the first line because it is not there or broken."""
        del now
        scene = self._scene
        items = [
            {"id": work.command_id, "task_id": work.task_id, "reason": work.refused_because} for work in works
        ]
        key = scene.key("refuse", works[0].task_id, len(works))
        answers = scene.api.batch("/api/v1/tasks/refuse", items, key=key)
        for work, answer in zip(works, answers, strict=True):
            if not answer.is_good:
                scene.tally.refused("task_refuse", answer.code)
            elif not answer.body["is_repeat"]:
                scene.tally.count("tasks.refuse")
                self._look_at_shelf(work)

    def _look_at_shelf(self, work: _Work) -> None:
        """What was refused as missing is on no shelf, and what is broken on none that sells."""
        if work.refused_because == "no_capacity":
            return
        for sku_code, units in work.lines:
            self._scene.shelves.take(work.site_code, sku_code, units)
            self._scene.tally.count("gone_astray_units", units)
            if work.refused_because == "not_found":
                self._scene.tally.count("not_found_units", units)

    def see_lapsed(self) -> None:
        """See which of the tasks that nobody answered, or somebody too late, have lapsed."""
        for task_id in self._unanswered:
            if self._scene.api.get(f"/api/v1/tasks/{task_id}")["state"] == "lapsed":
                self._scene.tally.count("tasks.lapsed")

    # --------------------------------------------------------------------------------------------- work collected

    def _who_come(self, works: Sequence[_Work]) -> list[_Work]:
        """Customers of ours come by themselves, with the code the shop told them; what others bought waits for them."""
        come: list[_Work] = []
        for work in works:
            bought = self._scene.tally.orders.get(work.order_id)
            if bought is None:
                continue
            order = self._scene.api.get(f"/api/v1/orders/{work.order_id}", token=bought.token)
            codes = {parcel["task_id"]: parcel["collect_code"] for parcel in order["parcels"]}
            if (code := codes.get(work.task_id)) is not None:
                work.collect_code = code
                come.append(work)
        return come
