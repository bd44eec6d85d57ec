"""Two spellings of what may be one name: told apart, and said."""

import logging
import unicodedata
from collections import defaultdict
from collections.abc import Iterable

from perbatch.data.problems import listed

log = logging.getLogger(__name__)


def say_alike(names: Iterable[str], where: str) -> None:
    """Log which names differ only in what is hard to see; each stays a name of its own."""
    groups = defaultdict(list)
    for name in names:
        groups[_core(name)].append(name)
    alike = [" and ".join(map(shown, group)) for group in groups.values() if len(group) > 1]
    if alike:
        log.warning("%s has names that look alike, and keeps each as written: %s", where, listed(alike))


def shown(name: str) -> str:
    """The name in quotes; what cannot be told apart by eye is written as its code."""
    plain = unicodedata.normalize("NFC", name) == name and not any(char.isspace() for char in name.strip(" "))
    return repr(name) if plain else ascii(name)


def _core(name: str) -> str:
    """What is left without blanks, invisible characters, case, Unicode forms and a number's spelling."""
    text = unicodedata.normalize("NFKC", name).casefold()
    text = "".join(c for c in text if not c.isspace() and unicodedata.category(c) not in ("Cf", "Cc"))
    try:
        return repr(float(text)) if text.isascii() and "_" not in text else text
    except ValueError:
        return text
