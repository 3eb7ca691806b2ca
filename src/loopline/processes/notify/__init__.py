"""Notify: customers are told by message what happens to their orders, once, and as long as it is true.

`wanted` follows the log and puts down what is to be told; `telling` claims what is due, opens the phones for it, and
takes in what a gateway says. The gateway is called by an errand, outside any transaction.
"""

from loopline.processes.notify.telling import PURPOSE, claim_to_tell, take_in
from loopline.processes.notify.wanted import FOLLOWERS, put_down

__all__ = ["FOLLOWERS", "PURPOSE", "claim_to_tell", "put_down", "take_in"]
