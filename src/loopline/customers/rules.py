"""Pure decisions of customers: how identities are written, who a registration is, what may be shown."""

import unicodedata
from collections.abc import Mapping, Sequence

import msgspec
import phonenumbers

from loopline.customers.model import (
    ConsentChange,
    ConsentKey,
    Identity,
    IdentityKind,
    NewMember,
    Registered,
)
from loopline.customers.refusals import IdentitiesOfSeveralMembers, IdentityNotValid, NameNotValid, NoIdentity
from loopline.kernel.ids import MemberId
from loopline.kernel.refusals import Refusal

CHARACTERS_MAX = 200
_LAST = 4

IdentityKey = tuple[IdentityKind, bytes]


def normalised(member: NewMember) -> NewMember | Refusal:
    """Return a member with every identity written in its one way, each once, or why that cannot be."""
    if not member.identities:
        return NoIdentity()
    identities: dict[Identity, None] = {}
    for identity in member.identities:
        value = normalised_value(identity, country=member.country)
        if value is None:
            return IdentityNotValid(kind=identity.kind)
        identities[Identity(kind=identity.kind, value=value)] = None
    name = member.name.strip() if member.name is not None else None
    if name is not None and not is_storable(name):
        return NameNotValid()
    return msgspec.structs.replace(member, identities=tuple(identities), name=name)


def normalised_value(identity: Identity, *, country: str) -> str | None:
    """Return an identity's value in the one way it is written, or None where it is not a valid one.

    Phones are E.164, read as a number of `country` unless they name their own; cards are upper case without spaces.
    """
    text = unicodedata.normalize("NFKC", identity.value).strip()
    if not is_storable(text):
        return None
    match identity.kind:
        case IdentityKind.PHONE:
            return _phone(text, country)
        case IdentityKind.CARD:
            return "".join(text.split()).replace("-", "").upper() or None
        case IdentityKind.EMAIL:
            name, at, host = text.rpartition("@")
            return text.casefold() if at and name and "." in host and " " not in text else None
        case _:
            return text


def _phone(text: str, country: str) -> str | None:
    try:
        number = phonenumbers.parse(text, country)
    except phonenumbers.NumberParseException:
        return None
    if not phonenumbers.is_valid_number(number):
        return None
    return phonenumbers.format_number(number, phonenumbers.PhoneNumberFormat.E164)


def is_storable(text: str) -> bool:
    """Tell whether a text is not empty, not too long, and has no characters that cannot be kept."""
    return 0 < len(text) <= CHARACTERS_MAX and not any(
        unicodedata.category(letter) in {"Cc", "Cs"} for letter in text
    )


def searchable_name(name: str) -> str:
    """Return a name as it is compared: width, case and spaces do not matter."""
    return " ".join(unicodedata.normalize("NFKC", name).casefold().split())


def last_four(identity: Identity) -> str | None:
    """Return the last four digits by which a phone is asked for at a counter; other kinds have none."""
    return identity.value[-_LAST:] if identity.kind is IdentityKind.PHONE else None


def masked_phone(phone: str) -> str:
    """Return a phone as most roles see it: country and last four digits."""
    return f"{phone[:3]}•••{phone[-_LAST:]}" if len(phone) > 3 + _LAST else "•••"


def masked_name(name: str) -> str:
    """Return a name as most roles see it: its first letter."""
    return f"{name[:1]}••" if name else ""


class Registration(msgspec.Struct, frozen=True, kw_only=True):
    """What a batch of registrations comes to; outcomes are in the order of the items.

    `new_members` names the item that first brought each new member; `additions` are identities to be written: the item
    and the identity's place in it, for new members and known ones alike.
    """

    outcomes: list[Registered | Refusal]
    new_members: dict[MemberId, int]
    additions: list[tuple[int, int]]


def plan_registrations(
    keys: Sequence[Sequence[IdentityKey]],
    *,
    known: Mapping[IdentityKey, MemberId],
    new_ids: Sequence[MemberId],
    may_add: Sequence[frozenset[IdentityKind]] | None = None,
) -> Registration:
    """Decide who each item is, one after the other: an item sees the identities of those before it.

    All of an item's identities that are known name one member, who then has the others too, as far as `may_add` lets
    the item add them (None: all do); where they name several, the item is refused and changes nothing. `new_ids` has an
    id for each item, used where the item is somebody new.
    """
    owners = dict(known)
    plan = Registration(outcomes=[], new_members={}, additions=[])
    for position, item in enumerate(keys):
        found = dict.fromkeys(owners[key] for key in item if key in owners)
        if len(found) > 1:
            plan.outcomes.append(IdentitiesOfSeveralMembers(count=len(found), member_ids=tuple(found)))
            continue
        member_id = next(iter(found), new_ids[position])
        if not found:
            plan.new_members[member_id] = position
        fresh = [place for place, key in enumerate(item) if key not in owners]
        kept = fresh if may_add is None else _addable(item, fresh, may_add[position], is_known=bool(found))
        for place in kept:
            owners[item[place]] = member_id
            plan.additions.append((position, place))
        left_out = tuple(item[place][0] for place in fresh if place not in kept)
        plan.outcomes.append(Registered(member_id=member_id, was_known=bool(found), left_out=left_out))
    return plan


def _addable(
    item: Sequence[IdentityKey], fresh: Sequence[int], may_add: frozenset[IdentityKind], *, is_known: bool
) -> list[int]:
    """Return which of an item's new identities become its member's: of somebody new, all but a second phone."""
    if is_known:
        return [place for place in fresh if item[place][0] in may_add]
    phones = [place for place in fresh if item[place][0] is IdentityKind.PHONE]
    second = [] if IdentityKind.PHONE in may_add else phones[1:]
    return [place for place in fresh if place not in second]


def latest_consents(changes: Sequence[ConsentChange]) -> dict[ConsentKey, ConsentChange]:
    """Return per consent the statement that stands: the latest, and of two at one moment the no."""
    standing: dict[ConsentKey, ConsentChange] = {}
    for change in changes:
        other = standing.get(change.key)
        if other is None or (change.at, not change.granted) > (other.at, not other.granted):
            standing[change.key] = change
    return standing
