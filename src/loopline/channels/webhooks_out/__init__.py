"""Telling other systems what happened: HTTP POST of a CloudEvent, signed as Standard Webhooks says.

`SecretBook` reckons each subscription's secret from a key kept in a file; `Sender` sends a batch of deliveries side by
side, to addresses of the open internet alone, and says what became of each. It follows no redirect and reads no answer
beyond its status.
"""

from loopline.channels.webhooks_out.secret_book import SecretBook
from loopline.channels.webhooks_out.sender import Sender

__all__ = ["SecretBook", "Sender"]
