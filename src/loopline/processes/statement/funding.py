"""What parties bear of parts, as their statements tell it: promotion, version, row, base, rate and amount."""

from collections.abc import Collection, Mapping, Sequence
from uuid import UUID

from loopline import org
from loopline.db import Conn
from loopline.kernel.ids import EntityId, PartyId
from loopline.org import Party
from loopline.pricing.coupons import Batch
from loopline.pricing.points import Programme
from loopline.pricing.promotions import Bearer, Borne, Funder, Promotion, borne_of_parts
from loopline.processes.fund import what_takes_off
from loopline.processes.supply import parties_of_companies
from loopline.statements.model import OF_COUPONS, LineFunding

Fundings = Mapping[tuple[UUID, PartyId], Sequence[LineFunding]]


def fundings_of_parts(conn: Conn, part_ids: Collection[UUID]) -> Fundings:
    """Return what was noted that others bear of parts, by part and the party in whose name the books have it."""
    borne = borne_of_parts(conn, part_ids)
    if not borne:
        return {}
    known = what_takes_off(conn, {one.promotion_id for one in borne})
    parties = org.branch_parties(conn)
    stands_for, by_id = parties_of_companies(parties), {party.id: party for party in parties}
    whole: dict[tuple[UUID, UUID], int] = {}
    for one in borne:
        key = (one.part_id, one.promotion_id)
        whole[key] = whole.get(key, 0) + one.amount_minor
    found: dict[tuple[UUID, PartyId], list[LineFunding]] = {}
    for one in borne:
        if one.owed_by is None:
            continue
        party_id = _in_books(one, one.owed_by, stands_for=stands_for, parties=by_id)
        found.setdefault((one.part_id, party_id), []).append(
            _told(one, known[one.promotion_id], base_minor=whole[one.part_id, one.promotion_id])
        )
    return found


def _in_books(
    one: Borne, owed_by: PartyId, *, stands_for: Mapping[EntityId, PartyId], parties: Mapping[PartyId, Party]
) -> PartyId:
    """Between two companies books name each by the first party that stands for it (`fund`)."""
    party = parties.get(owed_by)
    company = party.entity_id if party is not None else None
    if company is None or one.seller_id not in stands_for:
        return owed_by
    return stands_for.get(company, owed_by)


def _told(one: Borne, cause: Promotion | Batch | Programme, *, base_minor: int) -> LineFunding:
    row, funder = next(
        (place, funder) for place, funder in enumerate(cause.funders, start=1) if _is_row(funder, one)
    )
    return LineFunding(
        promotion=cause.code,
        version=OF_COUPONS if isinstance(cause, Batch) else cause.version,
        row=row,
        bearer=one.bearer.value,
        base_minor=base_minor,
        basis_points=funder.basis_points,
        amount_minor=one.amount_minor,
    )


def _is_row(funder: Funder, one: Borne) -> bool:
    """A party that is named stands in its row by itself; a role has one row, whoever it turned out to be."""
    named = funder.bearer is Bearer.PARTY
    return funder.bearer is one.bearer and (not named or funder.party_id == one.owed_by)
