"""One sentence for each error that the user can mend, be it our own, Hydra's, YAML's or the system's."""

import errno
import re
import shlex
import sys
from collections.abc import Iterator
from pathlib import Path
from traceback import walk_tb

from hydra.core.override_parser.overrides_parser import OverridesParser
from hydra.errors import HydraException, OverrideParseException
from omegaconf.errors import ConfigAttributeError, ConfigKeyError, OmegaConfBaseException
from yaml import MarkedYAMLError, YAMLError

from perbatch import advice
from perbatch.errors import UserError
from perbatch.runs.keys import misspelt
from perbatch.runs.places import CONF

MENDED_BY_USERS = (
    UserError,
    HydraException,
    OmegaConfBaseException,
    YAMLError,
    SyntaxError,
    UnicodeDecodeError,
    MemoryError,
    OSError,
)
"""Errors whose cause is the input, a file or the machine."""

FULL = (errno.ENOSPC, errno.EDQUOT, errno.EFBIG)
"""Errors of a disk that takes no more."""

SHUT = (errno.EROFS, errno.EACCES, errno.EPERM)
"""Errors of a place that this user may not write or read."""

NAME = re.compile(r"[\w.+-]*")
"""What an option's name may look like."""

COMPOSING = ("hydra._internal.config_loader_impl", "hydra._internal.defaults_list", "hydra.core.plugins")
"""Modules in which Hydra makes settings, or what they name."""

DETAILS = (
    "Config search path:",
    "object_type=",
    "reference_type=",
    "full_key:",
    "See https://hydra.cc",
    ", set env var HYDRA_FULL_ERROR",
)
"""Where a message of Hydra's or OmegaConf's goes on with what does not help its reader."""

APPEND = re.compile(r"\.?\s*To append to your config use \+(?!hydra\.job\.env_set\.).*")
"""Hydra's advice for a key that is not there. Nothing reads it then either, but for variables of jobs."""

TWICE = re.compile(
    r"Multiple values for (?P<group>\S+)\. To override a value use 'override [^:]+: (?P<option>\S+)'"
)
"""What Hydra says of a group that is chosen twice; its advice does not work in a file of another group."""

PLACEHOLDERS = ("$VALUE", "$FULL_KEY")
"""What OmegaConf leaves in the messages of its own inner errors."""

NO_PACKAGE = re.compile(r"In '(?P<file>(?P<group>[^'/]+)/[^']*)': ConfigKeyError .*Key '(?P=group)' not in")
"""What Hydra says of a file whose keys would go below a key named as its folder, where there is none."""

SEVERAL = re.compile(r"Ambiguous value for argument '(?P<key>[^=]+)=(?P<values>.*)' 1\. To use it as a list")
"""What Hydra says of values that commas part, where one is needed."""

NO_OPTION = "Config group override must be a string or a list"
"""What Hydra says of a number for a group, without a word of which."""

NOT_DELETED = re.compile(r"Could not delete from config\. '(?P<key>[^']+)' does not exist")
"""What Hydra says of a key that is not there, and of one whose value is null."""
CALL = re.compile(r"\w+\(")
"""How a sweep's function begins: one that is not closed is no text."""


def sentence(error: BaseException) -> str:
    """Return our own sentence where one lies at the root of the error, else the library's, on one line."""
    chain = list(_chain(error))
    for link in chain:
        if isinstance(link, UserError):
            return str(link)
    for link in chain:
        if said := _special(link):
            return said
    texts = [
        _text(link)
        for link in chain
        if isinstance(link, HydraException | OmegaConfBaseException)
        and not any(word in str(link) for word in PLACEHOLDERS)
    ]
    return "; ".join(dict.fromkeys(text for text in texts if text)) or type(error).__name__


def mended_by_user(error: BaseException) -> str | None:
    """Return what the user can mend of an error, in a sentence; None where the program is wrong."""
    if isinstance(error, MENDED_BY_USERS):
        return sentence(error)
    return of_logging(error) or of_hydra(error)


def of_logging(error: BaseException) -> str | None:
    """Return what is wrong with Hydra's settings of logging, where that is what Python's logging says."""
    if isinstance(error, ValueError) and str(error).startswith("Unable to configure"):
        return f"hydra/job_logging cannot be set up ({error}: {error.__cause__ or 'no word of why'})"
    return None


def of_hydra(error: BaseException) -> str | None:
    """Return what Hydra says of settings that it cannot compose, where it raises an error of Python's own."""
    modules = [frame.f_globals.get("__name__", "") for frame, _ in walk_tb(error.__traceback__)]
    if not modules or modules[-1].partition(".")[0] not in ("hydra", "omegaconf"):
        return None
    if not any(module in COMPOSING for module in modules):
        return None
    said = (_of_option(argument) for argument in sys.argv[1:] if NO_OPTION in str(error))
    return next(
        filter(None, said), f"the settings cannot be composed ({type(error).__name__}: {_flat(error)})"
    )


def _of_option(argument: str) -> str | None:
    """What is wrong with an override that chooses something else than an option's name of a group."""
    key, _, value = argument.partition("=")
    group = key.lstrip("+~")
    if not group:
        return f"{argument}: there is no key before the equals sign"
    options = sorted(path.stem for path in (CONF / group).glob("*.yaml"))
    wrong = [each for each in value.split(",") if each not in (*options, "null") and NAME.fullmatch(each)]
    if not wrong or not ((CONF / group).is_dir() or "/" in group):
        return None
    has = f"; the options are {', '.join(options)}" if options else ""
    return f"{argument}: there is no such option of {group}{has}"


def _special(error: BaseException) -> str | None:
    if isinstance(error, OverrideParseException):
        return _of_override(error)
    if isinstance(error, YAMLError):
        return _of_yaml(error)
    if isinstance(error, SyntaxError):
        return f"{error.filename}, line {error.lineno}: cannot be read as Python: {error.msg}"
    if isinstance(error, UnicodeDecodeError):
        where = next((str(path) for path in sorted(CONF.rglob("*.yaml")) if _undecodable(path)), "a file")
        return f"{where} is not UTF-8 text ({error.reason} at byte {error.start}): save it as UTF-8"
    if isinstance(error, MemoryError):
        return f"not enough memory ({error or 'no word of how much'}): take a smaller network or data set"
    if isinstance(error, OSError) and not isinstance(error, HydraException):
        return _of_system(error)
    return _of_composing(error) if isinstance(error, HydraException) else None


def _of_composing(error: HydraException) -> str | None:
    text = _flat(error)
    if said := misspelt(str(error)):
        return said
    if found := NO_PACKAGE.search(text):
        return (
            f"conf/{found['file']}.yaml does not say where its keys go: "
            f"its first line must be `{advice.GLOBAL}`"
        )
    if found := TWICE.search(text):
        group, option = found["group"], found["option"]
        return (
            f"{group}: chosen twice: in a file write `{advice.in_defaults(group, option)}`, in a command "
            f"`{advice.option(group, option)}` without a plus sign"
        )
    if found := SEVERAL.search(text):
        key, values = found["key"], found["values"]
        return (
            f"{key}={values}: several values: {advice.SWEEP} sweeps over them, "
            f"{advice.as_list(key, values)} is a list, {advice.override(key, values)} one text"
        )
    if found := NOT_DELETED.search(text):
        return f"~{found['key']}: there is no such key to delete, or it is null, which is as good"
    return None


def _of_override(error: OverrideParseException) -> str:
    if said := _in_quotes(error):
        return said
    return f"{error.override}: cannot be read as {advice.FORM} ({_flat(error).partition(' See https')[0]})"


def _in_quotes(error: OverrideParseException) -> str | None:
    """The same override in the quotes that it needs; None where they do not mend it."""
    key, equals, value = str(error.override).partition("=")
    if CALL.match(value):
        return None
    advised = advice.override(key, _unquoted(value))
    try:
        (parsed,) = OverridesParser.create().parse_overrides(shlex.split(advised))
        if not equals or (value[:1] in "[{" and parsed.value() == value):
            return None
    except (HydraException, ValueError):
        return None
    return f"{error.override!r} is not read as a value by Hydra, since it needs quotes: {advised}"


def _unquoted(value: str) -> str | list[str]:
    """The text, or the texts of a list, without the quotes that it may have had."""
    if value.startswith("[") and value.endswith("]"):
        return [_bare(element.strip()) for element in value[1:-1].split(",")]
    return _bare(value)


def _bare(text: str) -> str:
    """The text without the quotes around it; one that stands alone is part of it."""
    quoted = len(text) > 1 and text[0] == text[-1] and text[0] in "'\""
    return text[1:-1] if quoted else text


def _of_yaml(error: YAMLError) -> str:
    if isinstance(error, MarkedYAMLError) and error.problem_mark is not None:
        mark = error.problem_mark
        return f"{mark.name}, line {mark.line + 1}: cannot be read as YAML: {error.problem}"
    name = getattr(error, "name", "a file")
    return f"{name}: cannot be read as YAML: {_flat(error)}"


def _of_system(error: OSError) -> str:
    reason = error.strerror or str(error)
    if error.errno in FULL:
        where = f" of {error.filename}" if error.filename else ""
        return (
            f"the disk takes no more{where} ({reason}); make room, and the same command goes on from what is "
            "complete"
        )
    where = error.filename or "a file"
    if error.errno in SHUT:
        return f"{where} cannot be written or read by this user ({reason}): take a place that can be"
    return f"{where}: {reason}" if error.filename else _flat(error)


def _undecodable(path: Path) -> bool:
    try:
        path.read_bytes().decode()
    except (UnicodeDecodeError, OSError) as error:
        return isinstance(error, UnicodeDecodeError)
    return False


def _text(error: HydraException | OmegaConfBaseException) -> str:
    text = APPEND.sub("", str(error))
    for detail in DETAILS:
        text = text.partition(detail)[0]
    if isinstance(error, ConfigAttributeError | ConfigKeyError) and error.parent_node is not None:
        allowed = sorted(str(key) for key in error.parent_node if key != "hydra")
        text += f"; the keys are {', '.join(allowed)}" if allowed else ""
    return " ".join(text.split())


def _flat(error: BaseException) -> str:
    return " ".join(str(error).split())


def _chain(error: BaseException | None) -> Iterator[BaseException]:
    while error is not None:
        yield error
        error = error.__cause__ or error.__context__
