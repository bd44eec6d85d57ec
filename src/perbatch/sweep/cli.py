"""The edge between the library and the command line: an error the user can mend is one sentence."""

import errno
import os
import signal
import sys
from collections.abc import Callable, Iterator

from hydra.errors import HydraException
from omegaconf.errors import ConfigAttributeError, ConfigKeyError, OmegaConfBaseException

from perbatch.errors import STOPPED, UserError
from perbatch.sweep.keys import misspelt
from perbatch.sweep.quotes import in_quotes

FULL = (errno.ENOSPC, errno.EDQUOT, errno.EFBIG, errno.EROFS)
"""Errors of a disk that takes no more."""

DETAILS = ("Config search path:", "object_type=", "reference_type=", "full_key:")
"""Where a message of Hydra's or OmegaConf's goes on with what does not help its reader."""

PLACEHOLDERS = ("$VALUE", "$FULL_KEY")
"""What OmegaConf leaves in the messages of its own inner errors."""


def command(main: Callable[[], object]) -> None:
    """Call a stage's Hydra app; exit with one sentence where the input, not the program, is wrong."""
    # Makes Hydra raise instead of printing its own shortened traceback.
    os.environ.setdefault("HYDRA_FULL_ERROR", "1")
    try:
        if signal.getsignal(signal.SIGINT) != signal.SIG_IGN:  # a shell's background jobs ignore it
            signal.signal(signal.SIGINT, signal.default_int_handler)  # in place of the one for imports
        main()
    except KeyboardInterrupt:
        sys.stderr.write(f"{STOPPED}\n")
        sys.exit(130)
    except (UserError, HydraException, OmegaConfBaseException) as error:
        sys.exit(f"error: {sentence(error)}")
    except OSError as error:
        if error.errno not in FULL:
            raise
        sys.exit(f"error: {error}; make room, and the same command goes on from what is complete")


def sentence(error: BaseException) -> str:
    """Return our own sentence where one lies at the root of the error, else Hydra's, on one line."""
    chain = list(_chain(error))
    for link in chain:
        if isinstance(link, UserError):
            return str(link)
    if quoted := next((text for link in chain if (text := in_quotes(link))), None):
        return quoted
    texts = [
        _text(link)
        for link in chain
        if isinstance(link, HydraException | OmegaConfBaseException)
        and not any(word in str(link) for word in PLACEHOLDERS)
    ]
    return "; ".join(dict.fromkeys(text for text in texts if text))


def _text(error: HydraException | OmegaConfBaseException) -> str:
    text = str(error)
    if own := misspelt(text):
        return own
    for detail in DETAILS:
        text = text.partition(detail)[0]
    if isinstance(error, ConfigAttributeError | ConfigKeyError) and error.parent_node is not None:
        allowed = sorted(str(key) for key in error.parent_node if key != "hydra")
        text += f"; the keys are {', '.join(allowed)}"
    return " ".join(text.split())


def _chain(error: BaseException | None) -> Iterator[BaseException]:
    while error is not None:
        yield error
        error = error.__cause__ or error.__context__
