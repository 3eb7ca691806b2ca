"""Counting on the phone: a page that opens without a network, what it sends, and the review of what was counted."""
