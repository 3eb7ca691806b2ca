"""Files made for one answer: written aside while the database is read, then sent in pieces, and gone when sent.

Nothing of any size stands in memory, and no connection waits for a slow reader.
"""

import tempfile
from collections.abc import Callable, Iterator
from typing import IO
from urllib.parse import quote

from litestar.response import Stream

from loopline.db import Conn
from loopline.web.api.answers import AnyRequest, read

_IN_MEMORY_BYTES = 1 << 20
_PIECE_BYTES = 1 << 16


class Written:
    """What is written for an answer; small things never reach a disk."""

    def __init__(self) -> None:
        self.file: IO[bytes] = tempfile.SpooledTemporaryFile(max_size=_IN_MEMORY_BYTES)  # noqa: SIM115 - closed below

    @classmethod
    def of(cls, request: AnyRequest, write: Callable[[Conn, "Written"], None]) -> "Written":
        """Let `write` write all of it, seeing one state of the database. What it raises is raised here."""
        made = cls()
        try:
            read(request, lambda conn, _: write(conn, made))
        except BaseException:
            made.file.close()
            raise
        return made

    def write(self, piece: bytes) -> None:
        """Write on."""
        self.file.write(piece)

    def streamed(self, *, media_type: str, name: str) -> Stream:
        """Send it as a file to be saved under a name."""
        return Stream(
            self._pieces(),
            media_type=media_type,
            headers={
                "Cache-Control": "no-store",
                "Content-Disposition": f"attachment; filename*=UTF-8''{quote(name)}",
            },
        )

    def _pieces(self) -> Iterator[bytes]:
        with self.file as file:
            file.seek(0)
            while piece := file.read(_PIECE_BYTES):
                yield piece
