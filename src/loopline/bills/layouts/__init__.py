"""Files of outside parties, each layout read strictly: whole, or refused with line, column and reason. Pure."""

from loopline.bills.layouts.reading import BILL_BYTES_MAX, read_bill

__all__ = ["BILL_BYTES_MAX", "read_bill"]
