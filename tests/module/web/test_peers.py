"""Who tries codes out behind a proxy is stopped, and nobody else with them. Real HTTP."""

import httpx

from loopline.db import Database
from tests.make.shop import open_shop
from tests.make.web import served, settings

MOST = 60


def test_who_tries_codes_out_behind_a_proxy_closes_the_way_for_their_own_address(database: Database):
    with database.transaction() as conn:
        open_shop(conn)

    def opened(client: httpx.Client, number: int, address: str) -> int:
        # The first address is one that who asks wrote, the last the proxy's word.
        said = {"x-forwarded-for": f"192.0.2.{number}, {address}"}
        return client.get(f"/coupons/NOSUCH{number}", headers=said).status_code

    with (
        served(database, settings(is_secure=True)) as base,
        httpx.Client(base_url=base, headers={"accept": "text/html"}, timeout=30) as client,
    ):
        assert {opened(client, number, "203.0.113.9") for number in range(MOST)} == {404}
        assert opened(client, MOST, "203.0.113.9") == 429
        assert opened(client, MOST, "203.0.113.10") == 404
