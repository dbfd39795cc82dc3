"""The sync log: every run, message, note and decision, for whoever has to account for them."""

from starlette.routing import BaseRoute, Route

from chatledger.web.parts import WebParts
from chatledger.web.sync_log import acting, chats, held, messages, notes, proofs, runs, trail
from chatledger.web.sync_log.overview import as_csv, chart, figures


def routes(_parts: WebParts) -> list[BaseRoute]:
    """Return the pages of the sync log."""
    return [
        Route("/sync-log", runs.run_list),
        Route("/sync-log/runs/{run_id}", runs.one_run),
        Route("/sync-log/messages", messages.message_list),
        Route("/sync-log/messages/{uid}", messages.one_message),
        Route("/sync-log/chats/{chat_id:int}", chats.one_chat),
        Route("/sync-log/notes/{note_id:int}", notes.one_note),
        Route("/sync-log/held", held.held_numbers),
        Route("/sync-log/proofs", proofs.proof_list),
        Route("/sync-log/proofs/{verification_id}", proofs.one_proof),
        Route("/sync-log/retry", acting.retry, methods=["POST"]),
        Route("/sync-log/pin", acting.pin, methods=["POST"]),
        Route("/sync-log/unpin", acting.unpin, methods=["POST"]),
        Route("/sync-log/overview", figures),
        Route("/sync-log/overview/{chart}.svg", chart),
        Route("/sync-log/overview.csv", as_csv),
        Route("/sync-log/audit", trail.entries),
    ]
