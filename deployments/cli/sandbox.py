"""`chatledger sandbox`: stand-ins for TimelinesAI and Zoho CRM on this computer, until Ctrl-C."""

import shlex
from pathlib import Path
from typing import Annotated

import typer

from deployments.cli.sandbox_processes import Sandbox, end_on_signals, running_sandbox


def sandbox(
    timelines_port: Annotated[int, typer.Option(help="Port of TimelinesAI's stand-in; 0 takes any free one.")] = 0,
    zoho_port: Annotated[int, typer.Option(help="Port of Zoho's stand-in; 0 takes any free one.")] = 0,
    seed: Annotated[
        int | None, typer.Option(help="Generate a world from this number instead of the sample workspace.")
    ] = None,
    faults: Annotated[
        Path | None, typer.Option(help='Fault switches as JSON, {"timelines": {}, "zoho": {}}; see docs/sandbox.md.')
    ] = None,
) -> None:
    """Start stand-ins for TimelinesAI and Zoho CRM and keep them until Ctrl-C."""
    shared = [] if seed is None else [f"--seed={seed}"]
    shared += [] if faults is None else [f"--faults={faults}"]
    end_on_signals(terminated=0, interrupted=0)
    with running_sandbox([f"--port={timelines_port}", *shared], [f"--port={zoho_port}", *shared]) as running:
        _show(running)
        running.wait()


def _show(running: Sandbox) -> None:
    print(f"TimelinesAI  {running.timelines_url}  (control routes under {running.timelines_url}/_sandbox/)")
    print(f"Zoho CRM     {running.zoho_url}  (control routes under {running.zoho_url}/_sandbox/)")
    print(f"\nWhat the CRM holds, for the browser: {running.zoho_url}/")
    print("\nIn the shell that is to use them:\n")
    for name, value in running.environment.items():
        print(f"export {name}={shlex.quote(value)}")
    print("\nCtrl-C stops both; they keep nothing.", flush=True)
