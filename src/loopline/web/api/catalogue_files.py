"""Files into the catalogue: first a preview of every change and every refused row, then the same file for good.

A file is taken over whole or not at all, and changes exactly what its preview showed.
"""

import hashlib
from datetime import datetime
from enum import StrEnum
from typing import Annotated

import msgspec
from litestar import Response, post
from litestar.di import NamedDependency
from litestar.params import QueryParameter, RawBody

from loopline import catalogue
from loopline.catalogue import Addition, Change, ImportPreview, RefusedRow
from loopline.db import Conn
from loopline.kernel.refusals import Refused
from loopline.org import Permission
from loopline.processes import catalogue_changes
from loopline.web.api.answers import PROBLEMS, AnyRequest, commanded, granted, read
from loopline.web.api.caller import Caller
from loopline.web.api.catalogue import whole_brand
from loopline.web.api.refusals import NotAsPreviewed
from loopline.web.edge import language_of
from loopline.web.languages import Language

_TAG = "catalogue"
SHOWN_MAX = 1_000


class FileFormat(StrEnum):
    """What kind of file the body is."""

    CSV = "csv"
    XLSX = "xlsx"


OfFormat = Annotated[FileFormat, QueryParameter(name="format", description="What kind of file the body is.")]
PreviewHash = Annotated[
    str,
    QueryParameter(
        name="preview_hash",
        pattern=r"^[0-9a-f]{64}$(?!\n)",
        description="The hash of the preview that somebody looked at.",
    ),
]


class RefusedRowTold(msgspec.Struct, frozen=True, kw_only=True):
    """Why a row cannot be taken: its line, the column (null: the row as such), what stood there."""

    line: int
    field: str | None
    value: str
    code: str
    reason: str


class PreviewTold(msgspec.Struct, frozen=True, kw_only=True):
    """What a file would do, the first thousand of each. With a refused row it cannot be applied."""

    preview_hash: str
    is_applicable: bool
    added: list[Addition]
    added_total: int
    changed: list[Change]
    changed_total: int
    refused: list[RefusedRowTold]
    refused_total: int
    unchanged: int


class ImportTold(msgspec.Struct, frozen=True, kw_only=True):
    """What was written."""

    products_added: int
    products_changed: int
    skus_added: int
    skus_changed: int
    unchanged: int


@post(
    "/catalogue/imports/preview",
    tags=[_TAG],
    operation_id="preview_import",
    status_code=200,
    sync_to_thread=True,
    responses=dict(PROBLEMS),
)
def preview_import(
    request: AnyRequest, caller: NamedDependency[Caller], body: RawBody, file_format: OfFormat
) -> PreviewTold:
    """Say what a CSV or XLSX file would change, row by row. Writes nothing."""
    whole_brand(caller, Permission.CATALOGUE_WRITE, subject=_TAG)
    preview = _read(request, body, file_format)
    return _preview_told(preview, language=language_of(request))


@post(
    "/catalogue/imports",
    tags=[_TAG],
    operation_id="apply_import",
    status_code=200,
    sync_to_thread=True,
    responses=dict(PROBLEMS),
)
def apply_import(
    request: AnyRequest,
    caller: NamedDependency[Caller],
    body: RawBody,
    file_format: OfFormat,
    preview_hash: PreviewHash,
) -> Response[ImportTold]:
    """Write what the preview of this file showed, all of it or nothing."""
    whole_brand(caller, Permission.CATALOGUE_WRITE, subject=_TAG)
    # Read outside the transaction that writes: a large file takes seconds, and the lock of the catalogue must not.
    preview = _read(request, body, file_format)
    if hash_of(preview) != preview_hash:
        raise Refused(NotAsPreviewed())

    def work(conn: Conn, now: datetime) -> ImportTold:
        applied = granted(catalogue_changes.apply_import(conn, preview, now=now, actor=caller.actor))
        return msgspec.convert(applied, ImportTold, from_attributes=True)

    return commanded(request, caller, None, work)


def _read(request: AnyRequest, body: bytes, file_format: FileFormat) -> ImportPreview:
    name = f"body.{file_format.value}"
    return granted(read(request, lambda conn, _: catalogue.read_import(conn, body, file_name=name)))


def hash_of(preview: ImportPreview) -> str:
    """Return what tells one preview from another: of rows, additions, changes and refusals."""
    said = (
        preview.rows,
        preview.added,
        preview.changed,
        [(row.line, row.field, row.value, row.reason.code) for row in preview.refused],
    )
    return hashlib.sha256(msgspec.json.encode(said, order="deterministic")).hexdigest()


def _preview_told(preview: ImportPreview, *, language: Language) -> PreviewTold:
    return PreviewTold(
        preview_hash=hash_of(preview),
        is_applicable=not preview.refused,
        added=list(preview.added[:SHOWN_MAX]),
        added_total=len(preview.added),
        changed=list(preview.changed[:SHOWN_MAX]),
        changed_total=len(preview.changed),
        refused=[_refused_told(row, language=language) for row in preview.refused[:SHOWN_MAX]],
        refused_total=len(preview.refused),
        unchanged=preview.unchanged,
    )


def _refused_told(row: RefusedRow, *, language: Language) -> RefusedRowTold:
    return RefusedRowTold(
        line=row.line,
        field=row.field,
        value=row.value,
        code=row.reason.code,
        reason=language.refusal(row.reason),
    )


CATALOGUE_FILE_HANDLERS = [preview_import, apply_import]
