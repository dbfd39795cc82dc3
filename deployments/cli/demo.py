"""`chatledger demo`: the main job on the embedded sandbox, from nothing to a CRM full of notes, and proof that it is true."""

import shlex
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Annotated

import typer

from blocks.environment import PROJECT, StateSettings, read_state_settings
from chatledger.errors import ChatledgerError, UsageError
from chatledger.ledger import messages
from chatledger.settings import read_settings
from deployments.cli import demo_screen
from deployments.cli.connections import open_ledger
from deployments.cli.demo_checks import Story, checks
from deployments.cli.demo_commands import Commands, fresh_home, program
from deployments.cli.sandbox_processes import Sandbox, end_on_signals, running_sandbox
from deployments.cli.sandbox_state import SandboxState, SandboxView

SETTINGS = PROJECT / "data" / "sample_workspace" / "settings.toml"
DAYS = 11
TEXT = "¡Listo, muchas gracias! Quedo pendiente 🙌"
EXIT_TERMINATED, EXIT_INTERRUPTED = 143, 130


@dataclass(frozen=True)
class OwnChat:
    """A chat that was exported from WhatsApp, to be loaded as one more chat of the sandbox."""

    file: Path
    phone: str

    @property
    def options(self) -> list[str]:
        """The options of the stand-in that load it."""
        return [f"--chat-export={self.file}", f"--phone={self.phone}"]


def demo(
    chat_export: Annotated[
        Path | None,
        typer.Option(metavar="FILE", help="A chat exported from WhatsApp, loaded as one more chat; needs --phone."),
    ] = None,
    phone: Annotated[str | None, typer.Option(help="Whose chat the export is, with country: +573001234567.")] = None,
    keep: Annotated[bool, typer.Option("--keep", help="Keep the sandbox up until Ctrl-C, to look at its CRM.")] = False,
) -> None:
    """Run the main job on the embedded sandbox and check the result against the CRM itself."""
    if (chat_export is None) != (phone is None):
        raise UsageError("--chat-export and --phone belong together.")
    own = OwnChat(chat_export, phone) if chat_export and phone else None
    home = read_state_settings().home / "demo"
    end_on_signals(terminated=EXIT_TERMINATED, interrupted=EXIT_INTERRUPTED)
    with _sandbox(own) as sandbox:
        with fresh_home(home):
            story = _story(sandbox, home, own)
            differences = _show(story, home, own)
        _say(*_where_next(story, sandbox, home, keep=keep))
        if keep:
            end_on_signals(terminated=int(bool(differences)), interrupted=int(bool(differences)))
            sandbox.wait()
    if differences:
        raise ChatledgerError(f"what the ticks said and what the CRM holds differ: {'; '.join(differences)}")


@contextmanager
def _sandbox(own: OwnChat | None) -> Iterator[Sandbox]:
    _say("Starting the sandbox: stand-ins for TimelinesAI and Zoho CRM, on this computer only ...")
    with running_sandbox(own.options if own else []) as sandbox:
        _say(f"  TimelinesAI at {sandbox.timelines_url}, Zoho CRM at {sandbox.zoho_url}")
        yield sandbox


def _story(sandbox: Sandbox, home: Path, own: OwnChat | None) -> Story:
    view = SandboxView(sandbox.timelines_url, sandbox.zoho_url)
    commands = Commands(home, sandbox.environment, pulse=_Pulse(view))
    beginning = view.look()
    since = _start(beginning, own)
    _activate(commands, since)
    states, summaries = [view.look()], []

    def tick(remark: str) -> None:
        _say(f"$ chatledger sync    # {remark}")
        summaries.append(commands.sync())
        states.append(view.look())

    tick(f"starts Prefect, then reads {len(beginning.chats)} chats with {len(beginning.since(since))} messages since then")
    tick("again, although nobody has written")
    chat = _someone(states[-1])
    uid = view.receive_message(chat, TEXT)
    tick(f"after {beginning.chats[chat]['name']} has written one more message")
    message = next(message for message in states[-1].messages if message.uid == uid)
    return Story(since, _zone(), summaries, states, message)


def _activate(commands: Commands, since: datetime) -> None:
    arguments = ["activate", "--settings", _path(SETTINGS), "--from", since.isoformat()]
    _say(f"$ chatledger {shlex.join(arguments)}")
    for line in commands.run(*arguments):
        if "warning:" in line:
            _say(line)


class _Pulse:
    """Says now and then how far a command is, by what the stand-ins see of it."""

    def __init__(self, view: SandboxView) -> None:
        self._view = view
        self._seen: dict[str, int] = {}

    def __call__(self) -> None:
        """Print one line."""
        seen = self._view.requests()
        told = f"{seen['timelines']} requests to TimelinesAI and {seen['zoho']} to Zoho CRM so far"
        _say("  still at work ..." if seen == self._seen else f"  {told} ...")
        self._seen = seen


def _start(state: SandboxState, own: OwnChat | None) -> datetime:
    """Return the moment from which on messages count: eleven days ago, or the first message of the chat that was loaded."""
    start = datetime.now(UTC).replace(microsecond=0) - timedelta(days=DAYS)
    if own is None:
        return start
    chat = state.newest_chat(own.phone)
    return min(start, *(message.at.astimezone(UTC) for message in state.messages if message.chat_id == chat))


def _someone(state: SandboxState) -> int:
    """Return the chat whose contact is to write: the one that was last written in by somebody of the language's country."""
    noted = {note.chat_id for note in state.notes.values()}
    return next(
        message.chat_id
        for message in sorted(state.messages, key=lambda each: each.at, reverse=True)
        if message.chat_id in noted and state.phone(message.chat_id).startswith("57")
    )


def _show(story: Story, home: Path, own: OwnChat | None) -> list[str]:
    """Print what happened and whether it is true; return the differences."""
    done = checks(story)
    _say("", *demo_screen.happened(story, _reasons(home, story)))
    if own:
        _say(*demo_screen.fate_of_chat(story, story.first.newest_chat(own.phone)))
    _say(*demo_screen.verdict(done))
    return [difference for check in done for difference in check.differences]


def _reasons(home: Path, story: Story) -> dict[tuple[str, str], int]:
    settings = StateSettings(
        chatledger_home=home, chatledger_ledger_url=None, chatledger_secret_key=None, chatledger_organisation="main"
    )
    with open_ledger(settings) as ledger, ledger.reading() as session:
        return messages.reasons(session, settings.chatledger_organisation, story.summaries[0]["run_id"])


def _where_next(story: Story, sandbox: Sandbox, home: Path, *, keep: bool) -> list[str]:
    command = f"CHATLEDGER_HOME={shlex.quote(_path(home))} {shlex.quote(_path(program()))}"
    state = story.states[-1]
    best, writer = demo_screen.best_example(state), state.chats[story.message.chat_id]
    lines = ["Where to look next:"]
    if keep:
        lines += [f"  the CRM, in a browser: {sandbox.zoho_url}/crm/Leads"]
        lines += [f"  {demo_screen.full_name(state.records[best])} with notes: {sandbox.zoho_url}/crm/{'/'.join(best)}"]
    lines += [f"  {command} log", f"  {command} explain {writer['phone']}"]
    if keep:
        return [*lines, "The sandbox stays up until Ctrl-C."]
    again = shlex.quote(_path(program()))
    lines += [f"  {again} demo --keep    # the CRM's pages in a browser"]
    return [*lines, f"  {again} demo --chat-export FILE --phone +57...    # with a chat of your own"]


def _zone() -> str:
    return read_settings(SETTINGS.read_text(encoding="utf-8"), SETTINGS.name).timezone


def _path(path: Path) -> str:
    """Return a path as short as it can be typed here."""
    here = Path.cwd()
    return str(path.relative_to(here)) if path.is_relative_to(here) else str(path)


def _say(*lines: str) -> None:
    print(*lines, sep="\n", flush=True)
