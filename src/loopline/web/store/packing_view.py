"""What a parcel is packed in, as its task's page offers and tells it."""

from typing import Any

from loopline.fulfilment.packing import BoxKind, Material, PackedIn, WhyNoBox
from loopline.processes.packing import Packing
from loopline.web.languages import Language, marked

MATERIAL_WORDS: dict[Material, str] = {
    Material.PADDING: marked("Padding on all sides"),
    Material.ICE_PACKS: marked("Ice packs"),
    Material.DRY_ICE: marked("Dry ice, or frozen packs"),
}
_WHY_WORDS: dict[WhyNoBox, str] = {
    WhyNoBox.SIZES_UNKNOWN: marked("No box is proposed: the catalogue does not say how large all of it is."),
    WhyNoBox.TOO_LARGE: marked("No box of this site takes all of it. Choose what does."),
}


def packing_view(packing: Packing, language: Language) -> dict[str, Any]:
    """Write what is proposed, and what there is to choose from."""
    proposal = packing.proposal
    return {
        "said": language.say("The smallest box that takes it is chosen already. You may know better.")
        if proposal.why_none is None
        else language.say(_WHY_WORDS[proposal.why_none]),
        "boxes": [
            {
                "code": kind.code,
                "name": language.called(kind.name),
                "sizes": sizes(kind),
                "is_proposed": kind.code == proposal.box_code,
            }
            for kind in packing.boxes
        ],
        "materials": [
            {"value": one.value, "word": language.say(word), "is_proposed": one in proposal.materials}
            for one, word in MATERIAL_WORDS.items()
        ],
    }


def sizes(kind: BoxKind) -> str:
    """Write a box's inner sizes."""
    return f"{kind.length_mm} × {kind.width_mm} × {kind.height_mm} mm"


def used_words(used: PackedIn, language: Language) -> str:
    """Say what a parcel was packed in."""
    box = used.box_code or language.say("Another box, or a bag")
    return " · ".join([box, *(language.say(MATERIAL_WORDS[one]) for one in used.materials)])
