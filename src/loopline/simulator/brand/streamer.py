"""The streamer, and whoever plans her shows: there is always one that has not begun, with goods set aside for it. In a
world that nobody presses a button in, she goes on the air by herself.
"""

from collections.abc import Sequence
from datetime import datetime, timedelta
from typing import Any

from loopline.simulator.brand.people import STREAMER_PARTY
from loopline.simulator.brand.scene import Scene, stamp
from loopline.simulator.brand.stocking import FEATURED

KIND_PLAN = "plan_show"
KIND_START = "start_show"
KIND_END = "end_show"
_ROOMS = "/api/v1/live-rooms"
_NAME = "阿岚的直播间 Alan's live room"
_LOOKS_EVERY = timedelta(minutes=1)
_STARTS_IN = timedelta(minutes=10)
_LASTS = timedelta(minutes=30)
_QUOTAS = "/api/v1/stock/quotas"
_SET_ASIDE = 240
_IN_RESERVE = 60
_RESERVE = "LIVE-RESERVE"
_KEPT_FOR = timedelta(hours=12)


class Streamer:
    """Who goes live."""

    def __init__(self, scene: Scene) -> None:
        self._scene = scene
        self._planned = 0
        self._seen_to: set[str] = set()
        agenda = scene.agenda
        agenda.handle(KIND_PLAN, self._plan)
        agenda.handle(KIND_START, self._start)
        agenda.handle(KIND_END, self._end)

    def begin(self, start: datetime, *, goes_live_at: datetime | None) -> None:
        """Plan shows from a moment on, go on the air by herself at another; what was left on air is over."""
        self._end(self._on_air(since=start), start)
        self._scene.agenda.note(start, KIND_PLAN)
        if goes_live_at is not None:
            self._scene.agenda.note(goes_live_at, KIND_START)

    def _plan(self, _: Sequence[None], now: datetime) -> None:
        """See to it that one show is planned, and that none is on air for longer than shows last."""
        scene = self._scene
        scene.agenda.note(now + _LOOKS_EVERY, KIND_PLAN)
        self._end(self._on_air(since=now - _LASTS), now)
        self._set_aside(now)
        if self._next_show() is not None:
            return
        self._planned += 1
        show = {
            "code": scene.key("ALAN", self._planned),
            "name": _NAME,
            "streamer_code": STREAMER_PARTY,
            "starts_at": stamp(now + _STARTS_IN),
            "sku_codes": list(FEATURED),
        }
        (answer,) = scene.api.batch(_ROOMS, [show], key=scene.key("show", self._planned))
        if not answer.is_good:
            scene.tally.refused("show", answer.code)
        self._set_aside(now)

    def _set_aside(self, now: datetime) -> None:
        """Set goods aside for every show that is planned or on air and has none: she knows what she can sell.

        What sells out draws on a reserve for all shows; only of what she shows last nobody gets more than that.
        """
        for show in self._without_quotas():
            ends_at = stamp(now + _KEPT_FOR)
            reserves = [
                {"kind": "event", "code": _RESERVE, "sku_code": one, "units": _IN_RESERVE, "ends_at": ends_at}
                for one in self._without_reserve()
            ]
            own = [
                {
                    "kind": "live_room",
                    "code": show,
                    "sku_code": one,
                    "units": _SET_ASIDE,
                    "ends_at": ends_at,
                    "reserve_code": _RESERVE,
                    "then_free": one != FEATURED[-1],
                }
                for one in FEATURED
            ]
            key = self._scene.key("aside", show, ends_at)
            for answer in self._scene.api.batch(_QUOTAS, [*reserves, *own], key=key):
                if not answer.is_good:
                    self._scene.tally.refused("quota", answer.code)

    def _without_quotas(self) -> list[str]:
        """The shows of this streamer, planned or on air, that are new and for which nothing is set aside."""
        rooms = [
            room["code"]
            for room in self._scene.api.pages(_ROOMS)
            if room["streamer_code"] == STREAMER_PARTY and room["ended_at"] is None
        ]
        new = [room for room in rooms if room not in self._seen_to]
        self._seen_to |= set(new)
        return [room for room in new if not self._quotas_of(room)]

    def _without_reserve(self) -> list[str]:
        standing = {quota["sku_code"] for quota in self._quotas_of(_RESERVE)}
        return [one for one in FEATURED if one not in standing]

    def _quotas_of(self, code: str) -> list[dict[str, Any]]:
        return list(self._scene.api.pages(_QUOTAS, code=code, is_open="true"))

    def _start(self, _: Sequence[None], now: datetime) -> None:
        show = self._next_show()
        if show is None:
            return
        answer = self._scene.api.ask("POST", f"{_ROOMS}/{show}/start", key=self._scene.key("on", show))
        if answer.is_good:
            self._scene.agenda.note(now + _LASTS, KIND_END, show)
        else:
            self._scene.tally.refused("show", answer.code)

    def _end(self, shows: Sequence[str], _: datetime) -> None:
        for show in shows:
            answer = self._scene.api.ask("POST", f"{_ROOMS}/{show}/end", key=self._scene.key("off", show))
            if not answer.is_good:
                self._scene.tally.refused("show", answer.code)

    def _on_air(self, *, since: datetime) -> list[str]:
        """The shows of this streamer that are on air since a moment or longer, whoever began them."""
        rooms = self._scene.api.pages(_ROOMS, is_live="true")
        return [
            room["code"]
            for room in rooms
            if room["streamer_code"] == STREAMER_PARTY and datetime.fromisoformat(room["started_at"]) <= since
        ]

    def _next_show(self) -> str | None:
        """The show that is planned and has not begun, if there is one."""
        rooms = self._scene.api.pages(_ROOMS, is_live="false")
        waiting = [
            room for room in rooms if room["started_at"] is None and room["streamer_code"] == STREAMER_PARTY
        ]
        return min((room["code"] for room in waiting), default=None)
