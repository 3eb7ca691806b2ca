"""Those who earn: guides, stores, dealers, the streamer, the platform and the brand look at what they have earned."""

from loopline.simulator.brand.scene import Scene

_EARNED = frozenset({"share_pending", "share_due"})


def see_shares(scene: Scene) -> None:
    """Let every party look at what it is owed, as its phone shows it, and add it all up."""
    for party in scene.api.pages("/api/v1/parties"):
        for row in scene.api.pages(f"/api/v1/parties/{party['code']}/balances"):
            if row["purpose"] in _EARNED:
                scene.tally.count("shares_seen_minor", row["owed_minor"])
