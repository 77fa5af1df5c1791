"""The one exception a user may meet."""


class LitelicError(Exception):
    """Something the user can fix. The message says what is wrong and what to do about it.

    The command line prints the message alone, without a traceback, and exits with status 1.
    """
