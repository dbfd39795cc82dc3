"""The ledger's tables. Every row belongs to one organisation; every time is UTC.

An analyst can read them as they are: `run` what happened when, `message` what became of each message and why, `link` which
record a phone belongs to, `note` what was written where, `change` what was changed by whom.
"""

from chatledger.ledger.tables.audit_trail import AuditEntry
from chatledger.ledger.tables.backfill import Backfill, BackfillChat
from chatledger.ledger.tables.columns import BIG_KEY, UtcTime
from chatledger.ledger.tables.conversations import Account, Chat, ChatWalk, Message, MessageAttachment
from chatledger.ledger.tables.erasures import Erasure
from chatledger.ledger.tables.kept_secrets import KeptSecret
from chatledger.ledger.tables.organisations import ConnectionToken, Lease, Organisation, SettingsVersion
from chatledger.ledger.tables.people import Invitation, Person, WebSession
from chatledger.ledger.tables.runs import Change, Run
from chatledger.ledger.tables.stored_connections import StartedConsent, StoredConnection
from chatledger.ledger.tables.verification import Finding, Verification, VerifiedNote
from chatledger.ledger.tables.webhooks import InboxItem, WebhookRegistration
from chatledger.ledger.tables.writes import Intent, Link, Note
from chatledger.ledger.tables.zoho_mirror import FieldMetadata, IndexedRecord, IndexState, ZohoUser

__all__ = [
    "BIG_KEY",
    "Account",
    "AuditEntry",
    "Backfill",
    "BackfillChat",
    "Change",
    "Chat",
    "ChatWalk",
    "ConnectionToken",
    "Erasure",
    "FieldMetadata",
    "Finding",
    "InboxItem",
    "IndexState",
    "IndexedRecord",
    "Intent",
    "Invitation",
    "KeptSecret",
    "Lease",
    "Link",
    "Message",
    "MessageAttachment",
    "Note",
    "Organisation",
    "Person",
    "Run",
    "SettingsVersion",
    "StartedConsent",
    "StoredConnection",
    "UtcTime",
    "Verification",
    "VerifiedNote",
    "WebSession",
    "WebhookRegistration",
    "ZohoUser",
]
