"""A process that uses an embedded server until its standard input ends: says 'ready', and 'left' at the end."""

import sys
from pathlib import Path

from loopline.db.embedded import EmbeddedServer


def main(directory: str) -> None:
    server = EmbeddedServer(Path(directory))
    server.start()
    print("ready", flush=True)
    sys.stdin.read()
    server.stop()
    print("left", flush=True)


if __name__ == "__main__":
    main(*sys.argv[1:])
