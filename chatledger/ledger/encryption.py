"""Secrets at rest: tokens are encrypted, credentials are compared by a keyed hash."""

import base64
import binascii
import hmac
import os
import stat
import tempfile
from collections.abc import Callable, Sequence
from contextlib import suppress
from functools import lru_cache
from hashlib import scrypt, sha256
from pathlib import Path

from cryptography.fernet import Fernet, InvalidToken, MultiFernet
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.kdf.hkdf import HKDF

from chatledger.errors import LedgerUnavailable, UsageError
from chatledger.ledger.files import make_private_folder

SHORTEST_PASSPHRASE = 16
FERNET_KEY_BYTES = 32
# A salt per ledger would have to be stored and backed up beside the ledger; the passphrase is one machine secret, not
# one of many users' passwords, so a fixed salt only has to keep it apart from other programs.
SALT = b"chatledger secret key, version 1"
KEY_FILE = "secret.key"


class Cipher:
    """Encrypts with the first of its keys and reads what any of them wrote.

    A key is a Fernet key (44 characters as `Fernet.generate_key` makes them) or a passphrase of at least 16 characters,
    stretched by scrypt (N=32768, r=8, p=1, fixed salt). To change the key, put the new one in front of the old one.
    `changed` gives other keys once they have changed while this process runs, else None.
    """

    def __init__(self, *keys: str, changed: Callable[[], Sequence[str] | None] | None = None) -> None:
        self._changed = changed
        last = self._take(keys)
        # The last key, so that hashes stay comparable when a new key is put in front.
        self.hash_key = HKDF(SHA256(), FERNET_KEY_BYTES, salt=None, info=b"chatledger keyed hash").derive(last)
        """What keyed hashes are made with; a ledger whose key was changed keeps the first one and sets it here."""

    def _take(self, keys: Sequence[str]) -> bytes:
        if not keys or any(len(key) < SHORTEST_PASSPHRASE for key in keys):
            raise UsageError(f"CHATLEDGER_SECRET_KEY needs keys of at least {SHORTEST_PASSPHRASE} characters each.")
        derived = [_fernet_key(key) for key in keys]
        self._first = derived[0]
        self._fernets = [Fernet(base64.urlsafe_b64encode(key)) for key in derived]
        return derived[-1]

    def _up_to_date(self) -> list[Fernet]:
        if self._changed and (keys := self._changed()):
            self._take(keys)
        return self._fernets

    def encrypt(self, text: str) -> bytes:
        """Encrypt and sign `text`; equal texts give different bytes."""
        return self._up_to_date()[0].encrypt(text.encode())

    def renewed(self, token: bytes) -> bytes | None:
        """Return what `encrypt` wrote under the first key; None when it is already. Raises as `decrypt` does."""
        fernets = self._up_to_date()
        try:
            fernets[0].decrypt(token)
        except InvalidToken:
            return fernets[0].encrypt(self.decrypt(token).encode())
        return None

    def decrypt(self, token: bytes) -> str:
        """Read what `encrypt` wrote; LedgerUnavailable when none of the keys fits or the bytes were changed."""
        try:
            return MultiFernet(self._up_to_date()).decrypt(token).decode()
        except InvalidToken:
            raise LedgerUnavailable(
                "A secret in the ledger cannot be read with this key; set CHATLEDGER_SECRET_KEY to the key it was written"
                " with (several keys are separated by commas)."
            ) from None

    def derived_key(self, purpose: str) -> bytes:
        """Return 32 bytes for one purpose, made from the first key: another first key gives other bytes."""
        self._up_to_date()
        return HKDF(SHA256(), FERNET_KEY_BYTES, salt=None, info=purpose.encode()).derive(self._first)

    def keyed_hash(self, text: str) -> str:
        """Return the HMAC-SHA256 of `text` as 64 hex digits: comparable, and nothing can be guessed from it."""
        return keyed_hash(self.hash_key, text)


def keyed_hash(key: bytes, text: str) -> str:
    """Return the HMAC-SHA256 of `text` under `key` as 64 hex digits."""
    return hmac.new(key, text.encode(), sha256).hexdigest()


@lru_cache(maxsize=16)
def _fernet_key(key: str) -> bytes:
    try:
        raw = base64.urlsafe_b64decode(key.encode())
    except (binascii.Error, ValueError):
        raw = b""
    if len(raw) == FERNET_KEY_BYTES:
        return raw
    return scrypt(key.encode(), salt=SALT, n=2**15, r=8, p=1, maxmem=2**26, dklen=FERNET_KEY_BYTES)


def load_cipher(home: Path, secret_key: str | None) -> Cipher:
    """Return the cipher of CHATLEDGER_SECRET_KEY's value, or else of the file `secret.key` in `home`, made when missing.

    Raises UsageError for a key that is too short, LedgerUnavailable for a key file that others can read, that is empty or
    that cannot be made.
    """
    if secret_key and secret_key.strip():
        return Cipher(*_split(secret_key))
    file = KeyFile(home / KEY_FILE)
    return Cipher(*file.keys(), changed=file.changed)


class KeyFile:
    """The file that holds the keys of a home, the newest first, separated by commas."""

    def __init__(self, path: Path) -> None:
        self.path = path
        self._seen: tuple[int, ...] = ()

    def keys(self) -> list[str]:
        """Return the keys; the file is made with one key where it is missing. Raises LedgerUnavailable."""
        seen = self._signature()
        text = _read_key_file(self.path)
        if text is None:
            _make_key_file(self.path)
            seen, text = self._signature(), _read_key_file(self.path)
        if not text or not text.strip():
            told = "is empty; restore it from a backup or set CHATLEDGER_SECRET_KEY"
            raise LedgerUnavailable(f"The key file {self.path} {told}.")
        self._seen = seen
        return _split(text)

    def changed(self) -> list[str] | None:
        """Return the keys when the file is another one than at the last reading, else None."""
        return None if self._signature() in {self._seen, ()} else self.keys()

    def replace(self, keys: Sequence[str]) -> None:
        """Write other keys in place of the old ones, whole or not at all. Raises LedgerUnavailable."""
        try:
            with tempfile.NamedTemporaryFile(dir=self.path.parent, prefix=".secret-", delete=False) as file:  # mode 0600
                file.write(",".join(keys).encode("ascii"))
                file.flush()
                os.fsync(file.fileno())
            Path(file.name).replace(self.path)
        except OSError as error:
            raise LedgerUnavailable(f"The key file {self.path} cannot be replaced ({error.strerror}).") from error

    def _signature(self) -> tuple[int, ...]:
        try:
            found = self.path.stat()
        except OSError:
            return ()
        return found.st_ino, found.st_mtime_ns, found.st_size


def _split(keys: str) -> list[str]:
    return [key.strip() for key in keys.split(",") if key.strip()]


def _make_key_file(path: Path) -> None:
    make_private_folder(path.parent)
    try:
        with tempfile.NamedTemporaryFile(dir=path.parent, prefix=".secret-") as file:  # mode 0600
            file.write(Fernet.generate_key())
            file.flush()
            os.fsync(file.fileno())
            # A link appears whole or not at all, and only for the first of several processes.
            with suppress(FileExistsError):
                os.link(file.name, path)
    except OSError as error:
        raise LedgerUnavailable(
            f"The key file {path} cannot be made ({error.strerror}); set CHATLEDGER_SECRET_KEY."
        ) from error


def _read_key_file(path: Path) -> str | None:
    try:
        mode = path.stat().st_mode
        keys = path.read_text("ascii")
    except FileNotFoundError:
        return None
    except (OSError, UnicodeDecodeError) as error:
        raise LedgerUnavailable(f"The key file {path} cannot be read; repair it or set CHATLEDGER_SECRET_KEY.") from error
    if stat.S_IMODE(mode) & 0o077:
        raise LedgerUnavailable(f"The key file {path} can be read by others; run: chmod 600 {path}")
    return keys
