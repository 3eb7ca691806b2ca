"""Which status answers what closes refuse; all else is a conflict with how things stand."""

from litestar.status_codes import HTTP_403_FORBIDDEN, HTTP_404_NOT_FOUND, HTTP_422_UNPROCESSABLE_ENTITY

from loopline.closing.model import BooksNotKept, CloseUncommented, MonthBeforeTheBooks, RecoveryNotUsable
from loopline.kernel.refusals import Refusal
from loopline.processes.close.command import RecoveryIsTheBrands

CLOSE_STATUSES: dict[type[Refusal], int] = {
    BooksNotKept: HTTP_404_NOT_FOUND,
    MonthBeforeTheBooks: HTTP_404_NOT_FOUND,
    CloseUncommented: HTTP_422_UNPROCESSABLE_ENTITY,
    RecoveryNotUsable: HTTP_422_UNPROCESSABLE_ENTITY,
    RecoveryIsTheBrands: HTTP_403_FORBIDDEN,
}
