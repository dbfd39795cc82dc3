import stat

import pytest
from cryptography.fernet import Fernet

from chatledger.errors import LedgerUnavailable, UsageError
from chatledger.ledger.encryption import Cipher, load_cipher
from tests.processes import at_once

OLD = "the passphrase of last year"
NEW = "the passphrase of this year"


def test_what_is_encrypted_can_be_read_again():
    cipher = Cipher(NEW)

    assert cipher.decrypt(cipher.encrypt("token ✓")) == "token ✓"


def test_the_text_is_not_in_the_bytes_and_equal_texts_differ():
    cipher = Cipher(NEW)

    assert b"token" not in cipher.encrypt("token")
    assert cipher.encrypt("token") != cipher.encrypt("token")


def test_a_fernet_key_is_used_as_it_is():
    key = Fernet.generate_key()

    assert Fernet(key).decrypt(Cipher(key.decode()).encrypt("token")) == b"token"


def test_the_first_key_encrypts_and_every_key_reads(tmp_path):
    both = load_cipher(tmp_path, f"{NEW}, {OLD}")

    assert both.decrypt(Cipher(OLD).encrypt("token")) == "token"
    assert Cipher(NEW).decrypt(both.encrypt("token")) == "token"


def test_a_wrong_key_names_the_setting():
    with pytest.raises(LedgerUnavailable, match="CHATLEDGER_SECRET_KEY") as caught:
        Cipher(NEW).decrypt(Cipher(OLD).encrypt("token"))

    assert NEW not in str(caught.value)


def test_a_key_put_in_front_keeps_the_hashes():
    assert (
        Cipher(NEW, OLD).keyed_hash("client id") == Cipher(OLD).keyed_hash("client id") != Cipher(NEW).keyed_hash("client id")
    )


def test_a_hash_is_64_hex_digits():
    assert len(bytes.fromhex(Cipher(NEW).keyed_hash("client id"))) == 32


def test_a_short_key_is_wrong_use(tmp_path):
    with pytest.raises(UsageError, match="CHATLEDGER_SECRET_KEY"):
        load_cipher(tmp_path, "short")


@pytest.mark.parametrize("unset", [None, "", "  "])
def test_without_a_key_a_private_file_is_made_and_used_again(tmp_path, unset):
    home = tmp_path / "home"
    secret = load_cipher(home, unset).encrypt("token")

    assert load_cipher(home, unset).decrypt(secret) == "token"
    assert [(path.name, stat.S_IMODE(path.stat().st_mode)) for path in home.iterdir()] == [("secret.key", 0o600)]


def test_processes_that_make_the_key_file_at_once_use_the_same(tmp_path):
    hashes = at_once(4, lambda: load_cipher(tmp_path, None).keyed_hash("same"))

    assert len(set(hashes)) == 1


def test_a_key_file_that_others_can_read_is_refused(tmp_path):
    load_cipher(tmp_path, None)
    (tmp_path / "secret.key").chmod(0o640)

    with pytest.raises(LedgerUnavailable, match=f"chmod 600 {tmp_path}/secret.key"):
        load_cipher(tmp_path, None)


@pytest.mark.parametrize("content", [b"", b"\n", b"\xff\xfe"])
def test_a_damaged_key_file_is_named_and_never_replaced(tmp_path, content):
    path = tmp_path / "secret.key"
    path.touch(0o600)
    path.write_bytes(content)

    with pytest.raises(LedgerUnavailable, match=str(path)):
        load_cipher(tmp_path, None)
    assert path.read_bytes() == content
