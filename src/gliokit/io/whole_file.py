"""A file appears under its name only when it is whole."""

from contextlib import suppress
from pathlib import Path

from gliokit.core.errors import OutputError


def write_whole_file(path: Path, content: bytes) -> None:
    """Write under a temporary name beside the file, and give it its name when it is whole.

    Raises
    ------
    OutputError
        If it cannot be written there; nothing half written is left.
    """
    partial = path.with_name(f".{path.name}.part")
    try:
        partial.write_bytes(content)
        partial.replace(path)
    except OSError as error:
        raise _output_error(path, error) from error
    finally:
        with suppress(OSError):  # gone already if all went well
            partial.unlink()


def make_folder(path: Path) -> None:
    """Make a folder and its parents, where they are missing.

    Raises
    ------
    OutputError
        If it cannot be made there.
    """
    try:
        path.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        raise _output_error(path, error) from error


def _output_error(path: Path, error: OSError) -> OutputError:
    return OutputError(
        f"{path}: cannot be written ({error.strerror}); free space, or choose another folder"
    )
