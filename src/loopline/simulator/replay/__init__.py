"""Replays of real histories through the whole loop."""
