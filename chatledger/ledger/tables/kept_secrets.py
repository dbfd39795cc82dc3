"""Secrets that outlive a change of the secret key."""

from sqlmodel import Field, SQLModel


class KeptSecret(SQLModel, table=True):
    """A key of our own, encrypted with the secret key. `hash key` makes keyed hashes once that was changed."""

    __tablename__ = "kept_secret"
    name: str = Field(primary_key=True)
    ciphertext: bytes
