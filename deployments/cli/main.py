"""The command line: one file per command, one place that turns expected failures into a sentence and an exit code."""

import logging
import re
import sys
from collections.abc import Callable

import typer

from chatledger.errors import ChatledgerError, UsageError
from deployments.cli import (
    activate,
    admin,
    alerts,
    backfill,
    backup,
    connect,
    deactivate,
    demo,
    doctor,
    erase,
    explain,
    export,
    log,
    measure,
    pin,
    register_blocks,
    retention,
    retry,
    rotate_key,
    sandbox,
    serve,
    sync,
    verify,
    widget,
)

NO_PREFECT = "Failed to reach API at"
"""How the one error begins that Prefect raises, without a class of its own, when its server does not answer."""

NOT_A_NUMBER = re.compile(r"Input should be a valid integer.*|.* is not a valid int(eger)?(?=\.|$)")
"""How the library of the command line says it."""

EXIT_REFUSED, EXIT_WRONG_USE, EXIT_INTERRUPTED = 1, 2, 130

app = typer.Typer(
    name="chatledger",
    no_args_is_help=True,
    add_completion=False,
    pretty_exceptions_enable=False,
    help="WhatsApp conversations (TimelinesAI) as records and daily notes in Zoho CRM, every message accounted for.",
)

COMMANDS: dict[str, Callable[..., None]] = {
    "demo": demo.demo,
    "serve": serve.serve,
    "sandbox": sandbox.sandbox,
    "connect": connect.connect,
    "activate": activate.activate,
    "deactivate": deactivate.deactivate,
    "sync": sync.sync,
    "doctor": doctor.doctor,
    "alerts": alerts.alerts,
    "measure": measure.measure,
    "log": log.log,
    "explain": explain.explain,
    "export": export.export,
    "pin": pin.pin,
    "unpin": pin.unpin,
    "retry": retry.retry,
    "backfill": backfill.backfill,
    "register-blocks": register_blocks.register_blocks,
    "erase": erase.erase,
    "retention": retention.retention,
    "verify": verify.verify,
    "backup": backup.backup,
    "restore": backup.restore,
    "rotate-key": rotate_key.rotate_key,
    "widget": widget.widget,
}

for _name, _command in COMMANDS.items():
    app.command(_name)(_command)
app.add_typer(admin.app)


def run() -> None:
    """Run the command line. Expected failures end with one sentence: exit code 2 for wrong use, 1 for everything else."""
    # Commands say what there is to say; without a handler Python would print the warnings of lower parts as they come.
    logging.getLogger("chatledger").addHandler(logging.NullHandler())
    try:
        sys.exit(app(standalone_mode=False))
    except typer.TyperException as error:
        sys.exit(_misspelt(error.format_message()))
    except typer.Abort:
        sys.exit(EXIT_REFUSED)
    except UsageError as error:
        sys.exit(_said(error, EXIT_WRONG_USE))
    except ChatledgerError as error:
        sys.exit(_said(error, EXIT_REFUSED))
    except RuntimeError as error:
        if not str(error).startswith(NO_PREFECT):
            raise
        text = "Prefect cannot be reached: start its server, correct PREFECT_API_URL, or unset it to use an embedded one."
        sys.exit(_said(ChatledgerError(text), EXIT_REFUSED))
    except KeyboardInterrupt:
        sys.exit(EXIT_INTERRUPTED)


def _said(error: ChatledgerError, code: int) -> int:
    print(f"chatledger: {error}", file=sys.stderr)
    return code


def _misspelt(why: str) -> int:
    """Say in a sentence which word of the command line is wrong; a group of commands called without one shows its help."""
    plain = NOT_A_NUMBER.sub("give a whole number", why.replace("Value error, ", ""))
    sentence = " ".join(plain.split()).rstrip(".")
    if sentence and not sentence.startswith("Usage:"):
        print(f"chatledger: {sentence}; `--help` behind the command shows what it takes.", file=sys.stderr)
    return EXIT_WRONG_USE
