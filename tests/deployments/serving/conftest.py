"""One running `serve` for the tests of a module."""

import pytest

from tests.served import Serve


@pytest.fixture(scope="module")
def served(tmp_path_factory):
    """Serve the sandbox with a tick every five seconds."""
    serve = Serve(tmp_path_factory.mktemp("serve") / "home", "--sandbox", "--every", "5")
    yield serve.until_up()
    serve.interrupt()
    serve.kill()
