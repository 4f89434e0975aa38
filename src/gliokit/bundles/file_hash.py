"""The hash by which a file is known."""

import hashlib
from pathlib import Path


def file_sha256(path: Path) -> str:
    """Hash the content of a file, as 64 hexadecimal digits."""
    with path.open("rb") as stream:
        return hashlib.file_digest(stream, "sha256").hexdigest()
