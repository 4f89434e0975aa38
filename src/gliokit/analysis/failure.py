"""Why a run failed, in one line, and the exit code that says so to a script."""

from gliokit.core.errors import GliokitError, NotAssessableError, OutputError

FAILURE = 1  # something broke that the input does not explain
BAD_INPUT = 2
NOT_ASSESSABLE = 3
INTERRUPTED = 130  # what a shell reports for Ctrl-C
TERMINATED = 143  # and for SIGTERM


def exit_code(error: BaseException) -> int:
    """Choose the exit code for an error."""
    if isinstance(error, NotAssessableError):
        return NOT_ASSESSABLE
    if isinstance(error, OutputError) and isinstance(error.__cause__, OSError):
        return FAILURE  # a full disk is no fault of the input
    return BAD_INPUT if isinstance(error, GliokitError) else FAILURE


def reason(error: BaseException) -> str:
    """Say in one line what went wrong; errors that nobody raised on purpose carry their type."""
    text = " ".join(str(error).split())
    if isinstance(error, GliokitError):
        return text
    return f"{type(error).__name__}: {text}" if text else type(error).__name__
