"""Goods that come to a site, leave it, or turn out to be other than the books say, as somebody tells it by phone."""
