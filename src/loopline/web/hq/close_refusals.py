"""Which status answers what closes refuse; all else is a conflict with how things stand."""

from litestar.status_codes import HTTP_404_NOT_FOUND, HTTP_422_UNPROCESSABLE_ENTITY

from loopline.closing.model import BooksNotKept, CloseUncommented, MonthBeforeTheBooks
from loopline.kernel.refusals import Refusal

CLOSE_STATUSES: dict[type[Refusal], int] = {
    BooksNotKept: HTTP_404_NOT_FOUND,
    MonthBeforeTheBooks: HTTP_404_NOT_FOUND,
    CloseUncommented: HTTP_422_UNPROCESSABLE_ENTITY,
}
