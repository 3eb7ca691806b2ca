"""What goods looked like before they were sent, for whoever takes them back and compares."""

from datetime import datetime
from uuid import UUID

from litestar import Response, get
from litestar.di import NamedDependency
from litestar.params import FromPath

from loopline import catalogue, orders
from loopline.db import Conn
from loopline.fulfilment.photos import PhotoContent
from loopline.kernel.ids import OrderId, PhotoId
from loopline.kernel.refusals import Refused
from loopline.processes.photos import photo_of_order, photos_of_order
from loopline.web.api.answers import read
from loopline.web.api.refusals import NoSuchThing
from loopline.web.edge import WebRequest, language_of
from loopline.web.photo_words import PhotoPlace, PhotoRow, photo_rows
from loopline.web.store.desk import Desk
from loopline.web.store.photos import photo_answer
from loopline.web.store.returns.place import RETURNING, RETURNS


def photos_back(request: WebRequest, desk: Desk, order_id: OrderId, number: str) -> list[PhotoRow]:
    """Return what the goods of an order looked like, and why there is no photo where one was needed."""
    language = language_of(request)
    place = PhotoPlace(path=f"{RETURNS}/of/{number}", zone=desk.site.time_zone)

    def find(conn: Conn, _: datetime) -> list[PhotoRow]:
        found = photos_of_order(conn, order_id)
        skus = catalogue.skus_by_id(conn, {one.line.sku_id for one in found})
        return photo_rows(found, skus, place, language)

    return [one for one in read(request, find) if one.photos or one.waived]


@get(
    "/store/returns/of/{order_number:str}/photos/{photo_id:uuid}",
    dependencies=RETURNING,
    sync_to_thread=True,
)
def show_photo_back(
    request: WebRequest,
    returning: NamedDependency[Desk],
    order_number: FromPath[str],
    photo_id: FromPath[UUID],
) -> Response[bytes]:
    """Show a photo of an order that may come back here, as every order may."""
    assert returning.site

    def find(conn: Conn, _: datetime) -> PhotoContent:
        head = orders.orders_by_numbers(conn, [order_number]).get(order_number)
        found = photo_of_order(conn, head.id, PhotoId(photo_id)) if head is not None else None
        if found is None:
            raise Refused(NoSuchThing(noun="photo", value=str(photo_id)))
        return found.content

    return photo_answer(read(request, find))
