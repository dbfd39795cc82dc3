"""Where the things a row names can be opened: in Zoho, in TimelinesAI, in Prefect."""

from dataclasses import dataclass

from starlette.concurrency import run_in_threadpool
from starlette.requests import Request

from chatledger.web.sync_log.asking import parts_of


@dataclass(frozen=True, slots=True)
class Links:
    """Addresses outside of these pages; None where it is not known where something opens."""

    zoho: str | None
    prefect: str | None

    def record(self, module: str | None, record_id: str | None) -> str | None:
        """Return where a record opens in Zoho."""
        return f"{self.zoho}/{module}/{record_id}" if self.zoho and module and record_id else None

    def flow_run(self, flow_run_id: str | None) -> str | None:
        """Return where a run opens in Prefect."""
        return f"{self.prefect}/runs/flow-run/{flow_run_id}" if self.prefect and flow_run_id else None


async def links(request: Request) -> Links:
    """Return the addresses of this installation."""
    acts = parts_of(request).acts
    zoho = await run_in_threadpool(acts.record_url) if acts.record_url else None
    prefect = acts.prefect_url() if acts.prefect_url else None
    return Links(zoho.rstrip("/") if zoho else None, prefect.rstrip("/") if prefect else None)
