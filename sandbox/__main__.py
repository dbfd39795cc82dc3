"""Start one stand-in as a process: `python -m sandbox timelines|zoho --port N`.

When it is ready it prints one JSON line, `{"ready": BASE_URL, "environment": {NAME: VALUE}}`; the environment is what a
program needs to use it. It ends on SIGTERM and SIGINT, with `--while-stdin-lasts` also when its standard input ends: whoever
started it holds the other end, so that it never outlives even a starter that was killed.
"""

import argparse
import json
import os
import signal
import sys
import threading
from collections.abc import Callable
from datetime import UTC, datetime
from functools import partial
from pathlib import Path
from typing import Any

from sandbox.control import set_switches
from sandbox.serving import serve_until_stopped


class _WrongUse(Exception):
    """The command cannot be carried out as given; the text is one sentence for the person."""


class _Parser(argparse.ArgumentParser):
    def error(self, message: str) -> Any:
        raise _WrongUse(f"{message}; see python -m sandbox --help")


def main(arguments: list[str] | None = None) -> int:
    """Run the command and give its exit code: 0 when it was stopped, 2 with one sentence on stderr for wrong use."""
    try:
        options = _parser().parse_args(arguments)
        stand_in, environment = _stand_in(options)
        if options.while_stdin_lasts:
            threading.Thread(target=_end_with_stdin, daemon=True).start()
        _serve(stand_in, options.port, environment)
    except _WrongUse as error:
        sys.stderr.write(f"{error}\n")
        return 2
    return 0


def _parser() -> argparse.ArgumentParser:
    parser = _Parser(
        prog="python -m sandbox", description="Stand-ins for TimelinesAI and Zoho CRM with a memory of their own."
    )
    kinds = parser.add_subparsers(dest="kind", required=True, parser_class=_Parser)
    for kind, product in (("timelines", "TimelinesAI"), ("zoho", "Zoho CRM")):
        command = kinds.add_parser(kind, help=f"start the stand-in for {product}")
        command.add_argument("--port", type=int, default=0, help="0 takes any free port")
        world = command.add_mutually_exclusive_group()
        world.add_argument("--seed", type=int, help="generate a world from this number instead of the sample workspace")
        world.add_argument("--world", type=Path, metavar="FILE", help="a world as JSON instead of the sample workspace")
        command.add_argument(
            "--faults", type=Path, metavar="FILE", help='fault switches as JSON: {"timelines": {}, "zoho": {}}'
        )
        command.add_argument("--while-stdin-lasts", action="store_true", help="end when standard input ends, too")
        if kind == "timelines":
            command.add_argument("--chat-export", type=Path, metavar="FILE", help="add a chat that was exported from WhatsApp")
            command.add_argument("--phone", help="whose chat the export is, e.g. +573001234567")
    return parser


def _stand_in(options: argparse.Namespace) -> tuple[Any, Callable[[str], dict[str, str]]]:
    faults = _faults(options)
    try:
        world = _world(options)
        stand_in = _built(options.kind, world)
    except ValueError as error:
        raise _WrongUse(str(error)) from error
    except (KeyError, TypeError) as error:
        raise _WrongUse(f"the world is not whole: {type(error).__name__} {error}") from error
    try:
        set_switches(stand_in.faults, faults)
    except ValueError as error:
        raise _WrongUse(f"{options.faults}: {error}") from error
    return stand_in, partial(_environment, options.kind, world[options.kind])


def _built(kind: str, world: dict[str, Any]) -> Any:
    if kind == "timelines":
        from sandbox.timelines.app import TimelinesStandIn

        return TimelinesStandIn(world["timelines"])
    from sandbox.zoho.app import ZohoStandIn

    return ZohoStandIn(world["zoho"])


def _environment(kind: str, world: dict[str, Any], base_url: str) -> dict[str, str]:
    if kind == "timelines":
        return {
            "TIMELINES_API_URL": f"{base_url}/integrations/api",
            "TIMELINES_API_TOKEN": world["token"],
            "TIMELINES_REQUESTS_PER_SECOND": "200",  # nobody else uses this one
        }
    return {"ZOHO_ACCOUNTS_URL": base_url, **{f"ZOHO_{name.upper()}": value for name, value in world["client"].items()}}


def _world(options: argparse.Namespace) -> dict[str, Any]:
    from sandbox.world import generate, load_file, load_sample

    now = datetime.now(UTC)
    try:
        if options.world:
            world = load_file(options.world, now)
        elif options.seed is not None:
            world = generate(options.seed, now)
        else:
            world = load_sample(now)
        if options.kind == "timelines":
            _add_export(world, options, now)
    except OSError as error:
        raise _WrongUse(f"{error.filename} cannot be read: {error.strerror}") from error
    return world


def _add_export(world: dict[str, Any], options: argparse.Namespace, now: datetime) -> None:
    if (options.chat_export is None) != (options.phone is None):
        raise _WrongUse("--chat-export and --phone belong together")
    if options.chat_export:
        from sandbox.chat_export import add_chat_export

        add_chat_export(world, options.chat_export, options.phone, now)


def _faults(options: argparse.Namespace) -> dict[str, Any]:
    if options.faults is None:
        return {}
    try:
        given = json.loads(options.faults.read_text("utf-8"))
    except OSError as error:
        raise _WrongUse(f"{options.faults} cannot be read: {error.strerror}") from error
    except ValueError as error:
        raise _WrongUse(f"{options.faults} is not JSON: {error}") from error
    if not isinstance(given, dict) or not isinstance(given.get(options.kind, {}), dict):
        raise _WrongUse(f'{options.faults} has to hold a JSON object {{"timelines": {{...}}, "zoho": {{...}}}}')
    switches: dict[str, Any] = given.get(options.kind, {})
    return switches


def _serve(stand_in: Any, port: int, environment: Callable[[str], dict[str, str]]) -> None:
    try:
        serve_until_stopped(stand_in.app, port, environment)
    except (OSError, OverflowError) as error:
        raise _WrongUse(f"port {port} cannot be used: {error}") from error


def _end_with_stdin() -> None:
    while os.read(0, 4096):
        pass
    os.kill(os.getpid(), signal.SIGTERM)


if __name__ == "__main__":
    sys.exit(main())
