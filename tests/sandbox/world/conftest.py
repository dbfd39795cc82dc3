from datetime import UTC, datetime

import pytest

from sandbox.world import load_sample


@pytest.fixture(scope="session")
def now():
    return datetime(2026, 11, 22, 18, 30, 0, 123456, tzinfo=UTC)


@pytest.fixture(scope="session")
def world(now):
    return load_sample(now)


@pytest.fixture(scope="session")
def chats(world):
    return world["timelines"]["chats"]


@pytest.fixture(scope="session")
def messages(chats):
    return [message for chat in chats for message in chat["messages"]]
