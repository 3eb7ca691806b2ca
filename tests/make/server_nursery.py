"""A process that has everything imported and forks a server when it is told to: the next one is there at once.

Reads one line per server from its standard input: the arguments of `order_server`, as JSON. Answers with its id.
"""

import os
import signal
import sys

import msgspec

from tests.make.order_server import main


def nurse() -> None:
    signal.signal(signal.SIGCHLD, signal.SIG_IGN)  # the kernel buries them
    print("ready", flush=True)
    for line in sys.stdin:
        arguments = msgspec.json.decode(line, type=list[str])
        child = os.fork()
        if child == 0:
            signal.signal(signal.SIGCHLD, signal.SIG_DFL)
            try:
                main(*arguments)
            finally:
                os._exit(1)
        print(child, flush=True)


if __name__ == "__main__":
    nurse()
