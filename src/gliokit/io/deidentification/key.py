"""The secret from which pseudonyms, shifts of dates and new UIDs are made.

Whoever has the key can repeat the mapping, and so link new studies of a patient to earlier
ones; whoever does not cannot find the way back.

Source: HMAC-SHA256, RFC 2104, doi:10.17487/RFC2104.
"""

import hashlib
import hmac
import os
import secrets
from dataclasses import dataclass, field
from pathlib import Path

from gliokit.core.errors import SettingsError
from gliokit.io.whole_file import make_folder

KEY_BYTES = 32
ONLY_OWNER = 0o600
_OTHERS = 0o077
_NEW = os.O_WRONLY | os.O_CREAT | os.O_EXCL


@dataclass(frozen=True, slots=True)
class SecretKey:
    """A key of at least 32 bytes."""

    secret: bytes = field(repr=False)

    def digest(self, purpose: str, value: str) -> bytes:
        """Map a value to 32 bytes; another purpose gives other bytes."""
        return hmac.new(self.secret, f"{purpose}\0{value}".encode(), hashlib.sha256).digest()

    def pseudonym(self, patient: str) -> str:
        """Name a patient."""
        return f"P{self.digest('patient', patient).hex()[:12].upper()}"

    def short(self, purpose: str, value: str) -> str:
        """Name a study, a series or a file."""
        return self.digest(purpose, value).hex()[:16]


def read_key(path: Path) -> SecretKey:
    """Read a key file of hexadecimal digits, or make one that only its owner can read.

    Raises
    ------
    SettingsError
        If the file is no key, or others may read it.
    """
    make_folder(path.parent)
    try:
        with os.fdopen(os.open(path, _NEW, ONLY_OWNER), "w", encoding="ascii") as file:
            file.write(secrets.token_hex(KEY_BYTES) + "\n")
    except FileExistsError:
        pass
    except OSError as error:
        raise SettingsError(
            f"{path}: the key cannot be made ({error.strerror}); choose another place with --key"
        ) from error
    return _read(path)


def _read(path: Path) -> SecretKey:
    try:
        mode = path.stat().st_mode
        secret = bytes.fromhex(path.read_text(encoding="ascii").strip())
    except (OSError, ValueError) as error:
        raise SettingsError(
            f"{path}: no key can be read; needed {2 * KEY_BYTES} or more hexadecimal digits; "
            "name a file that does not exist, and one is made"
        ) from error
    if mode & _OTHERS:
        raise SettingsError(
            f"{path}: others than its owner may use the key (mode {mode & 0o777:o}); needed "
            f"{ONLY_OWNER:o}; run chmod {ONLY_OWNER:o} on it"
        )
    if len(secret) < KEY_BYTES:
        raise SettingsError(
            f"{path}: found {2 * len(secret)} hexadecimal digits; needed {2 * KEY_BYTES} or more; "
            "name a file that does not exist, and a key is made"
        )
    return SecretKey(secret)
