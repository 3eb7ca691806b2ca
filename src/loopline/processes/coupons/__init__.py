"""Coupons between rooms: their batches, how they come to members, and where they stand with orders."""
