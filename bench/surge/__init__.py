"""Surge: a livestream's orders, taken at the machine's limit: `place`, `bulk`, `hot` and `avail`."""
