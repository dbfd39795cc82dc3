"""`chatledger rotate-key`: encrypt every secret in the ledger under a new key."""

from cryptography.fernet import Fernet

from blocks.environment import StateSettings, read_state_settings
from chatledger.counting import counted
from chatledger.errors import UsageError
from chatledger.ledger import rotation
from chatledger.ledger.encryption import KEY_FILE, KeyFile
from deployments.cli.connections import open_ledger


def rotate_key() -> None:
    """Encrypt every secret in the ledger under a new key; everybody signs in again. Safe to interrupt and to repeat."""
    settings = read_state_settings()
    if settings.chatledger_secret_key:
        _with_keys_of_the_environment(settings)
    else:
        _with_a_new_key_file(settings)


def _with_keys_of_the_environment(settings: StateSettings) -> None:
    keys = settings.chatledger_secret_key.get_secret_value().split(",") if settings.chatledger_secret_key else []
    if len([key for key in keys if key.strip()]) < 2:  # noqa: PLR2004 - a new one and an old one
        raise UsageError(
            "CHATLEDGER_SECRET_KEY holds one key: put a new one and a comma in front of it (openssl rand -base64 32 makes"
            " one), restart whatever runs with the old value, and run this again."
        )
    _rotate(settings)
    print("Now only the first key is needed: take the others out of CHATLEDGER_SECRET_KEY and restart what runs.")


def _with_a_new_key_file(settings: StateSettings) -> None:
    file = KeyFile(settings.home / KEY_FILE)
    keys = file.keys()
    if len(keys) == 1:
        keys = [Fernet.generate_key().decode(), *keys]
        file.replace(keys)
    _rotate(settings)
    file.replace(keys[:1])
    print(f"The key in {file.path} is a new one. Backups made before today need the old key: keep a copy with them.")


def _rotate(settings: StateSettings) -> None:
    with open_ledger(settings) as ledger:
        renewed, unreadable = rotation.rotate(ledger)
    print(f"Encrypted under the new key: {counted(renewed, 'secret')}. Everybody signs in again.")
    if unreadable:
        left = counted(unreadable, "secret")
        print(f"Not readable with any of the keys and left: {left}. Connect again (`chatledger connect`).")
