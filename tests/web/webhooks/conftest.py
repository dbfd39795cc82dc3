"""Webhooks over HTTP: the pages are served with a public address, TimelinesAI's stand-in is subscribed and delivers."""

import time

import httpx
import pytest

from chatledger.ledger import webhook_registrations
from sandbox.serving import running
from tests.stage import ORGANISATION
from tests.webhook_stage import Webhooks

WAIT_SECONDS = 60


@pytest.fixture
def requested():
    """The organisations a tick was asked for."""
    return []


@pytest.fixture
def receiving(stage, serve_pages, requested):
    """The served pages of an active organisation with a registration."""
    stage.activate()
    webhook_registrations.secret_of(stage.ledger, ORGANISATION)  # there before the first sign of life, the next is far off
    site = serve_pages(public=True, request_tick=requested.append)
    Webhooks(stage).subscribe(site.base)
    return site


@pytest.fixture
def secret(stage, receiving):
    """The secret of the address."""
    return webhook_registrations.secret_of(stage.ledger, ORGANISATION)


@pytest.fixture
def post(receiving, secret):
    """Give a function that posts to the address of the webhooks."""
    with httpx.Client(base_url=receiving.base) as client:

        def send(content=None, *, to=secret, method="POST", kind="application/json", **more):
            headers = {"Content-Type": kind} if kind else {}
            return client.request(method, f"/webhooks/timelines/{to}", content=content, headers=headers, **more)

        yield send


@pytest.fixture
def delivering(stage):
    """TimelinesAI's stand-in on a server of its own, which delivers webhooks."""
    stage.timelines.faults.webhook_retry_seconds = 0.05
    with running(stage.timelines.app) as url:
        yield url


def until(check):
    """Wait for something that is bound to happen."""
    end = time.monotonic() + WAIT_SECONDS
    while not check():
        assert time.monotonic() < end, "it did not happen"
        time.sleep(0.02)
