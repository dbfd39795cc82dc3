"""The machine: the state folder, the key, the environment, a Prefect server that was named."""

import os
import stat
from pathlib import Path

from blocks.credentials import credentials_of
from blocks.environment import Environment, StateSettings, read_environment
from chatledger.errors import ChatledgerError, UsageError
from chatledger.ledger.database import Ledger
from chatledger.ledger.encryption import KEY_FILE, load_cipher
from chatledger.ledger.files import make_private_folder
from deployments.checks.findings import Finding, ok, problem


def state_folder(home: Path) -> Finding:
    """Check that the state folder exists, made when missing, and can be written."""
    try:
        make_private_folder(home)
    except ChatledgerError as error:
        return problem("state folder", str(error))
    return ok("state folder", str(home))


def secret_key(settings: StateSettings) -> Finding:
    """Check that there is a key and that nobody else can read its file."""
    given = settings.chatledger_secret_key
    try:
        load_cipher(settings.home, given.get_secret_value() if given else None)
    except ChatledgerError as error:
        return problem("secret key", str(error))
    if given and given.get_secret_value().strip():
        return ok("secret key", "from CHATLEDGER_SECRET_KEY")
    path = settings.home / KEY_FILE
    return ok("secret key", f"{path.name} in the state folder, mode {stat.S_IMODE(path.stat().st_mode):04o}")


def environment() -> tuple[Finding | None, Environment | None]:
    """Check that no variable is wrong; whether one is missing depends on what else supplies the connections."""
    try:
        return None, read_environment()
    except UsageError as error:
        return problem("environment", str(error)), None


def connections(environment: Environment, ledger: Ledger) -> Finding:
    """Check that the credentials of both systems are there: in the environment, in the ledger or as Prefect blocks."""
    try:
        credentials_of(environment, ledger, environment.chatledger_organisation)
    except UsageError as error:
        return problem("environment", str(error))
    return ok("environment", "the credentials of both systems are there")


def prefect_server() -> Finding:
    """Check that the Prefect server answers where one is named; otherwise runs start their own."""
    address = os.environ.get("PREFECT_API_URL")
    if not address:
        return ok("Prefect", "PREFECT_API_URL is not set: runs share a server of their own, started on demand")
    from prefect.client.orchestration import SyncPrefectClient
    from prefect.settings import PREFECT_API_AUTH_STRING, PREFECT_API_KEY

    # Not get_client(): where Prefect does not take the address it would start a server and call that one healthy.
    with SyncPrefectClient(address, auth_string=PREFECT_API_AUTH_STRING.value(), api_key=PREFECT_API_KEY.value()) as client:
        error = client.api_healthcheck()
    if error is None:
        return ok("Prefect", f"the server at {address} answers")
    return problem(
        "Prefect", f"the server at {address} does not answer ({type(error).__name__})", "Start it, or unset PREFECT_API_URL."
    )
