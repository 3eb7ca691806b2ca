"""Labels as pages of 100 × 150 mm."""

from collections.abc import Sequence

from markupsafe import Markup

from loopline.web.labels.code128 import code128_svg
from loopline.web.labels.content import LabelText
from loopline.web.labels.fonts import font, is_latin
from loopline.web.languages import Language
from loopline.web.pages import environment
from loopline.web.paper import set_pages
from loopline.web.qr import qr_svg


def labels_pdf(labels: Sequence[LabelText], language: Language) -> bytes:
    """Set labels, a page each. Raises Refused where the machine cannot: no library, or no font for what is written."""
    texts = (one for label in labels for one in (label.name, label.address, label.sender, *label.marks))
    if not all(is_latin(one) for one in texts):
        font(12)
    drawn = [
        {
            "text": label,
            "bars": Markup(code128_svg(label.barcode)),  # noqa: S704 - drawn by us, of modules alone
            "qr": Markup(qr_svg(label.barcode).decode()),  # noqa: S704 - drawn by us, of modules alone
        }
        for label in labels
    ]
    html = (
        environment()
        .get_template("store/labels.html")
        .render(language=language, say=language.say, labels=drawn)
    )
    return set_pages(html)
