"""A server that grants everything, for a made-up world to talk to: remembers what was asked, answers in its order."""

from itertools import count
from typing import Any

import httpx
import msgspec


class GrantingServer:
    """Answers as the API does where nothing is ever refused. Every order to be sent becomes a task of store S01."""

    def __init__(self) -> None:
        self.asked: list[tuple[str, str, Any]] = []
        self._numbers = count(1)
        self._tasks: list[dict[str, Any]] = []
        self.is_live = False
        self.has_rung_up = False
        self.tasks_done: set[str] = set()

    @property
    def transport(self) -> httpx.MockTransport:
        """What a client of this server is given."""
        return httpx.MockTransport(self.answer)

    def answer(self, request: httpx.Request) -> httpx.Response:
        """Answer one request."""
        body: Any = msgspec.json.decode(request.content) if request.content else None
        path = request.url.path
        self.asked.append((request.method, path, body))
        if request.method == "GET":
            return httpx.Response(200, json=self._shown(path, request))
        if body is not None and "items" in body:
            outcomes = [{"value": self._done(path, item)} for item in body["items"]]
            return httpx.Response(200, json={"outcomes": outcomes})
        return httpx.Response(200, json=self._done(path, body))

    def _shown(self, path: str, request: httpx.Request) -> Any:
        if path.endswith(("/orders", "/live-rooms")):
            return {"items": self._listed(path, request), "next_cursor": None}
        if path.endswith("/tasks"):
            open_ones = [
                task | {"state": "offered"} for task in self._tasks if task["id"] not in self.tasks_done
            ]
            return {"items": open_ones, "next_cursor": None}
        if "/tasks/" in path:
            return next(task for task in self._tasks if task["id"] == path.rsplit("/", 1)[1])
        if "/returns/" in path:
            return {"lines": [{"return_line_id": "line"}]}
        if "/orders/" in path:
            return {"parcels": [{"task_id": task["id"], "collect_code": "CODE1234"} for task in self._tasks]}
        return {"items": [], "next_cursor": None}

    def _listed(self, path: str, request: httpx.Request) -> list[dict[str, Any]]:
        if path.endswith("/orders"):
            return [{}] if self.has_rung_up else []
        is_asked_live = request.url.params.get("is_live") == "true"
        return [_ROOM] if self.is_live and is_asked_live else []

    def _done(self, path: str, item: Any) -> Any:
        number = next(self._numbers)
        if path.endswith(("/orders", "/orders/batch")):
            return self._placed(number, item)
        if path.endswith("/payments") and "/orders/" in path:
            return {"pay_path": f"/sandbox/pay/cashier/{number}"}
        if path.endswith("/sign-in-codes"):
            return {"demo_code": f"{number:06d}"}
        if path.endswith("/member-sessions"):
            return {"token": f"llm_{number}", "member_id": f"member-{number}", "expires_at": "2030-01-01"}
        if "/tasks/" in path:
            self.tasks_done.add(item.get("task_id", ""))
            return {"is_repeat": False, "task_id": item.get("task_id")}
        return {
            "id": str(number),
            "code": f"T{number}",
            "is_repeat": False,
            "is_new": True,
            "saved_at": "2026-03-02T04:00:00Z",
            "refund_minor": 100,
            "disposition": "restock",
        }

    def _placed(self, number: int, order: dict[str, Any]) -> dict[str, Any]:
        units = sum(line["units"] for line in order["lines"])
        if order["kind"] == "ask":
            self._tasks.append(
                {
                    "id": f"task-{number:06d}",
                    "order_id": f"order-{number}",
                    "order_number": f"N{number:06d}",
                    "site_code": "S01",
                    "kind": "collect" if order["delivery"] == "collect" else "deliver",
                    "lines": [
                        {"sku_code": line["sku_code"], "units_left": line["units"]} for line in order["lines"]
                    ],
                }
            )
        return {
            "id": f"order-{number}",
            "number": f"N{number:06d}",
            "amount_minor": 10_000 * units,
            "receipt_code": f"R{number}" if order["kind"] == "fact" else None,
        }


_ROOM: dict[str, Any] = {
    "code": "ALAN-1",
    "started_at": "2026-03-02T04:00:00Z",
    "streamer_code": "STREAMER-ALAN",
    "touchpoint_code": "LIVE1",
    "sku_codes": ["LZ015-AM", "LZ045-A"],
}
