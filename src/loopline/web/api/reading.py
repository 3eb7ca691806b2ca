"""Reading a request: a body becomes records, or it is said which field is wrong and why.

Strict: a number is no text, an unknown field is a mistake, text holds nothing a database cannot keep.
"""

import re
from collections.abc import Iterator
from datetime import datetime
from functools import lru_cache
from typing import Any

import msgspec
from litestar import Request
from litestar.datastructures import State
from litestar.types import Empty

from loopline.web.languages import Language, marked

_JSON = "application/json"
_PLACE = re.compile(r"^(?P<reason>.*?)(?: - at `(?P<place>[^`]*)`)?$", re.DOTALL)
_FIRST_YEAR, _LAST_YEAR = 2000, 2100
_MOMENT = re.compile(rb"[0-9][Tt ][0-9]")

# What msgspec says, in words people read: (its sentence, ours).
_REASONS: tuple[tuple[re.Pattern[str], str], ...] = (
    (re.compile(r"^Object missing required field `(?P<name>[^`]*)`$"), marked("{name} is missing")),
    (re.compile(r"^Object contains unknown field `(?P<name>[^`]*)`$"), marked("{name} is not known here")),
    (
        re.compile(r"^Expected `(?P<wanted>[^`]*)`, got `(?P<found>[^`]*)`$"),
        marked("{wanted} is wanted, not {found}"),
    ),
    (re.compile(r"^Expected `(?:int|float)` >= (?P<least>\S+)$"), marked("at least {least} is wanted")),
    (re.compile(r"^Expected `(?:int|float)` <= (?P<most>\S+)$"), marked("at most {most} is wanted")),
    (
        re.compile(r"^Expected `(?:str|array)` of length >= (?P<least>\d+)$"),
        marked("at least {least} are wanted"),
    ),
    (
        re.compile(r"^Expected `(?:str|array)` of length <= (?P<most>\d+)$"),
        marked("at most {most} are wanted"),
    ),
    (re.compile(r"^Expected `str` matching regex .*$"), marked("it is not written as this field wants it")),
    (re.compile(r"^Invalid enum value (?P<value>.*)$"), marked("{value} is none of the choices")),
    (re.compile(r"^Invalid UUID$"), marked("it is no UUID")),
    (re.compile(r"^Invalid RFC3339.*$"), marked("it is no moment as RFC 3339 writes it")),
    (
        re.compile(r"^Expected `datetime` with a timezone component$"),
        marked("its offset from UTC is missing"),
    ),
    (re.compile(r"^Integer value out of range$"), marked("the number is too large")),
    (re.compile(r"^'data'$"), marked("a body is wanted")),
)
_MALFORMED = marked("it is not JSON: {reason}")
_NUL = marked("it holds a character that cannot be kept (NUL)")
_FAR_YEAR = marked("its year is not between 2000 and 2100")
_MISSING_BODY = "a body is wanted"
_OTHER = marked("it cannot be read: {reason}")


class FieldProblem(msgspec.Struct, frozen=True, kw_only=True):
    """What is wrong with one field: its path from the top of the body, or the name of a parameter."""

    field: str
    reason: str


class BadInput(Exception):  # noqa: N818 - says what is so; becomes a 400
    """A request that cannot be read. `template` and `fields` say why in any language."""

    def __init__(self, *, field: str, template: str, **fields: str) -> None:
        super().__init__(f"{field}: {template.format(**fields)}")
        self.field = field
        self.template = template
        self.fields = fields

    def problem(self, language: Language) -> FieldProblem:
        """Say it in somebody's language."""
        return FieldProblem(field=self.field, reason=language.say(self.template, **self.fields))


class WrongMediaType(Exception):  # noqa: N818 - becomes a 415
    """The body is not JSON, by its own word."""


class ApiRequest(Request[Any, Any, State]):
    """A request of the API: its body is decoded once, into what the handler wants of it."""

    async def json(self) -> Any:
        """Return the body as the records the handler declares. Raises BadInput or WrongMediaType."""
        if self._json is Empty:
            wanted = self.route_handler.parsed_data_field
            body = await self.body()
            media_type = self.headers.get("content-type", _JSON).partition(";")[0].strip().lower()
            if media_type != _JSON:
                raise WrongMediaType
            self._json = decode(body, wanted.annotation if wanted is not None else Any)
        return self._json


@lru_cache(maxsize=512)
def _decoder(wanted: Any) -> msgspec.json.Decoder[Any]:
    return msgspec.json.Decoder(wanted)


def decode(body: bytes, wanted: Any) -> Any:
    """Decode a body into records; raises BadInput, which names the first field that is wrong."""
    if not body:
        raise BadInput(field="", template=_MISSING_BODY)
    try:
        value = _decoder(wanted).decode(body)
    except msgspec.ValidationError as error:
        raise bad_input(str(error)) from error
    except (msgspec.DecodeError, UnicodeDecodeError, RecursionError) as error:
        raise BadInput(field="", template=_MALFORMED, reason=str(error)) from error
    for path, one in _leaves(value) if _may_hold_the_unkeepable(body) else ():
        if isinstance(one, str) and ("\x00" in one or not _is_text(one)):
            raise BadInput(field=path, template=_NUL)
        if isinstance(one, datetime) and not _FIRST_YEAR <= one.year <= _LAST_YEAR:
            raise BadInput(field=path, template=_FAR_YEAR)
    return value


def _may_hold_the_unkeepable(body: bytes) -> bool:
    """A body without escapes and without moments needs no second look; one of most orders is such."""
    return b"\\u" in body or _MOMENT.search(body) is not None


def _is_text(value: str) -> bool:
    try:
        value.encode()
    except UnicodeEncodeError:
        return False
    return True


def _leaves(value: Any, path: str = "") -> Iterator[tuple[str, Any]]:
    if isinstance(value, msgspec.Struct):
        for name in value.__struct_fields__:
            yield from _leaves(getattr(value, name), f"{path}.{name}" if path else name)
    elif isinstance(value, dict):
        for name, one in value.items():  # pyright: ignore[reportUnknownVariableType]
            yield from _leaves(name, path)
            yield from _leaves(one, f"{path}.{name}" if path else str(name))  # pyright: ignore[reportUnknownArgumentType]
    elif isinstance(value, list | tuple):
        for position, one in enumerate(value):  # pyright: ignore[reportUnknownVariableType, reportUnknownArgumentType]
            yield from _leaves(one, f"{path}[{position}]")
    else:
        yield path, value


def bad_input(said: str, *, field: str = "") -> BadInput:
    """Make what msgspec said into a problem of a field."""
    found = _PLACE.match(said)
    reason, place = (found["reason"], found["place"] or "") if found else (said, "")
    place = place.removeprefix("$").removeprefix(".") or field
    for pattern, template in _REASONS:
        matched = pattern.match(reason)
        if matched is not None:
            named = matched.groupdict()
            name = named.get("name")
            if name is not None:
                place = f"{place}.{name}" if place else name
            return BadInput(field=place if place != "data" else "", template=template, **named)
    return BadInput(field=place, template=_OTHER, reason=reason)
