"""The edge between the library and the command line: an error the user can mend is one sentence."""

import os
import sys
from collections.abc import Callable, Iterator

from hydra.errors import HydraException
from omegaconf.errors import OmegaConfBaseException

from perbatch.errors import UserError


def command(main: Callable[[], object]) -> None:
    """Call a stage's Hydra app; exit with one sentence where the input, not the program, is wrong."""
    # Makes Hydra raise instead of printing its own shortened traceback.
    os.environ.setdefault("HYDRA_FULL_ERROR", "1")
    try:
        main()
    except KeyboardInterrupt:
        print("stopped: what is complete is kept; the same command goes on from there", file=sys.stderr)
        sys.exit(130)
    except (UserError, HydraException, OmegaConfBaseException) as error:
        sys.exit(f"error: {_sentence(error)}")


def _sentence(error: BaseException) -> str:
    """Our own sentence where one lies at the root of the error, else Hydra's, on one line."""
    chain = list(_chain(error))
    for link in chain:
        if isinstance(link, UserError):
            return str(link)
    texts = [
        " ".join(str(link).split())
        for link in chain
        if isinstance(link, HydraException | OmegaConfBaseException)
    ]
    return ": ".join(dict.fromkeys(text for text in texts if text))


def _chain(error: BaseException | None) -> Iterator[BaseException]:
    while error is not None:
        yield error
        error = error.__cause__ or error.__context__
