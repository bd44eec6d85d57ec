"""What every part of perbatch raises when the user, not the program, can mend the cause."""


class UserError(Exception):
    """One sentence for the user: what is wrong, where, and what is allowed. Shown without a traceback."""
