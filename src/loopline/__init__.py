"""Loopline (环线): one customer, one stock, one price, one order, one transparent split of the money."""
