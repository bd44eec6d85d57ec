"""What every part of perbatch raises when the user, not the program, can mend the cause."""

STOPPED = "stopped: what is complete is kept; the same command goes on from there"
"""What a command says that Ctrl-C ended."""


class UserError(Exception):
    """One sentence for the user: what is wrong, where, and what is allowed. Shown without a traceback."""
