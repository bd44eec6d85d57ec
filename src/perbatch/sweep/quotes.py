"""An override that Hydra's grammar cannot read: the same one in the quotes that it needs."""

import re
import shlex

from hydra.core.override_parser.overrides_parser import OverridesParser
from hydra.errors import HydraException, OverrideParseException

from perbatch import advice

CALL = re.compile(r"\w+\(")
"""How a sweep's function begins: one that is not closed is no text."""


def in_quotes(error: BaseException) -> str | None:
    """The sentence with what to type; None where the error is another, or quotes do not mend it."""
    if not isinstance(error, OverrideParseException):
        return None
    key, equals, value = str(error.override).partition("=")
    if CALL.match(value):
        return None
    advised = advice.override(key, _plain(value))
    try:
        (parsed,) = OverridesParser.create().parse_overrides(shlex.split(advised))
        if not equals or (value[:1] in "[{" and parsed.value() == value):
            return None
    except (HydraException, ValueError):
        return None
    return f"{error.override!r} is not read as a value by Hydra, since it needs quotes: {advised}"


def _plain(value: str) -> str | list[str]:
    """The text, or the texts of a list, without the quotes that it may have had."""
    if value.startswith("[") and value.endswith("]"):
        return [_bare(element.strip()) for element in value[1:-1].split(",")]
    return _bare(value)


def _bare(text: str) -> str:
    """The text without the quotes around it; one that stands alone is part of it."""
    quoted = len(text) > 1 and text[0] == text[-1] and text[0] in "'\""
    return text[1:-1] if quoted else text
