"""The edge between the library and the command line: an error the user can mend is one sentence."""

import gc
import os
import re
import signal
import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager

from hydra.core.hydra_config import HydraConfig
from hydra.types import RunMode

from perbatch.errors import STOPPED
from perbatch.sweep.sentences import MENDED_BY_USERS, mended_by_user, sentence


def command(main: Callable[[], object]) -> None:
    """Call a stage's Hydra app; exit with one sentence where the input, not the program, is wrong."""
    # Makes Hydra raise instead of printing its own shortened traceback, whatever the user's shell says.
    os.environ["HYDRA_FULL_ERROR"] = "1"
    try:
        if signal.getsignal(signal.SIGINT) != signal.SIG_IGN:  # a shell's background jobs ignore it
            signal.signal(signal.SIGINT, signal.default_int_handler)  # in place of the one for imports
        # Between overrides Hydra would not know the second half of them.
        sys.argv[1:] = sorted(sys.argv[1:], key=lambda word: word not in ("-m", "--multirun"))
        # The settings of a search are the sweeper's: as keys of a run they would be in its identity.
        sys.argv[1:] = [
            re.sub(r"^(\+*)search\.(?=\w+=)", r"\1hydra.sweeper.search.", word) for word in sys.argv[1:]
        ]
        main()
    except KeyboardInterrupt:
        sys.stderr.write(f"{STOPPED}\n")
        sys.exit(130)
    except Exception as error:
        if said := mended_by_user(error):
            sys.exit(f"error: {said}")
        raise
    finally:
        gc.freeze()  # at its end Python would look through all that MLflow's modules hold, for a second


@contextmanager
def only_job() -> Iterator[None]:
    """Around the work of Hydra's job: where it is the only one, end with the sentence and nothing else.

    Hydra would first repeat the whole command. What a sweep's job raises goes to the sweep, which says it.
    """
    try:
        yield
    except MENDED_BY_USERS as error:
        if HydraConfig.get().mode != RunMode.RUN:
            raise
        sys.exit(f"error: {sentence(error)}")
