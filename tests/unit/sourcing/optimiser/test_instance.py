"""Instance files: solved by the command, refused in one line where they are none."""

import gzip
import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from typer.testing import CliRunner

from loopline.cli.source import app


def instance() -> dict[str, Any]:
    site = {"ready_minutes": 60, "accept_probability": 1.0, "capacity_parcels": 9}
    return {
        "name": "two",
        "currency": "CNY",
        "sites": [
            {"id": 7, "lat": 30.0, "lng": 120.0, "handling_minor": 100, **site},
            {"id": 9, "lat": 30.0, "lng": 121.0, "handling_minor": 100, **site},
        ],
        "skus": [{"id": 3, "weight_g": 1000}],
        "stock": [[7, 3, 1, 0], [9, 3, 5, 40]],
        "orders": [
            {"id": 11, "lat": 30.0, "lng": 120.0, "promised_hours": 48, "lines": [[3, 1]]},
            {"id": 12, "lat": 30.0, "lng": 121.0, "promised_hours": 48, "lines": [[3, 2]]},
        ],
        "cost": {
            "parcel_minor": 450,
            "kilometre_minor": 0.9,
            "kilogram_minor": 120,
            "split_minor": 300,
            "late_minor_per_hour": 25,
            "kilometres_per_hour": 45,
            "redispatch_minor": 500,
            "unfilled_minor_per_unit": 6000,
        },
        "rules": {"max_parcels": 3},
    }


def solve(path: Path, out: Path) -> tuple[int, str]:
    found = CliRunner().invoke(app, ["solve", str(path), "--out", str(out), "--work", "4"])
    return found.exit_code, found.output


def test_a_file_is_solved_and_its_solution_names_ids(tmp_path: Path):
    path, out = tmp_path / "i.json.gz", tmp_path / "s.json"
    path.write_bytes(gzip.compress(json.dumps(instance()).encode()))
    code, said = solve(path, out)
    assert (code, json.loads(said[said.index("{") :])["status"]) == (0, "optimal")
    solution = json.loads(out.read_text())
    assert sorted(solution["allocations"]) == [[11, 3, 7, 1], [12, 3, 9, 2]]
    # Two parcels of 450 + 100 where the customers are; two aged pieces earn 40 each.
    assert solution["cost_minor"] == 2 * 550 - 80
    assert {"stock_prices", "capacity_prices", "bound_minor", "seed", "seconds"} <= solution.keys()


def _unknown_sku(one: dict[str, Any]) -> None:
    one["orders"][0]["lines"].append([99, 1])


def _below_zero(one: dict[str, Any]) -> None:
    one["sites"][0]["capacity_parcels"] = -1


def _no_rules(one: dict[str, Any]) -> None:
    del one["rules"]


def _site_twice(one: dict[str, Any]) -> None:
    one["sites"].append(one["sites"][0])


@pytest.mark.parametrize(
    ("spoil", "named"),
    [
        (_unknown_sku, "lines"),
        (_below_zero, "capacity_parcels"),
        (_no_rules, "rules"),
        (_site_twice, "sites"),
    ],
)
def test_a_file_that_is_no_instance_is_refused_by_name(
    tmp_path: Path, spoil: Callable[[dict[str, Any]], None], named: str
):
    one = instance()
    spoil(one)
    path, out = tmp_path / "i.json", tmp_path / "s.json"
    path.write_text(json.dumps(one))
    code, said = solve(path, out)
    assert code == 2
    assert named in said
    assert "Traceback" not in said
    assert not out.exists()


def test_a_file_that_is_not_whole_is_refused(tmp_path: Path):
    path = tmp_path / "i.json.gz"
    path.write_bytes(gzip.compress(json.dumps(instance()).encode())[:40])
    code, said = solve(path, tmp_path / "s.json")
    assert code == 2
    assert "is not whole" in said
