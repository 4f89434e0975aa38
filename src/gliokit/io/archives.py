"""Whether a file is a zip archive, told by its bytes and not by its name."""

import zipfile
from pathlib import Path

ZIP_START = b"PK\x03\x04"


def is_zip(path: Path) -> bool:
    """Tell a zip archive from any other file, also where it is cut off.

    A folder is none, nor is what cannot be read. A zip holds the list of its files at its
    end. One that was cut off has lost it, and is known by how it begins.
    """
    if not path.is_file():
        return False
    if zipfile.is_zipfile(path):
        return True
    try:
        with path.open("rb") as file:
            return file.read(len(ZIP_START)) == ZIP_START
    except OSError:  # for who asks to say what it is needed for
        return False
