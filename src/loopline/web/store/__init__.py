"""Pages of those who work in stores and warehouses, and of streamers: on a phone, with one thumb."""
