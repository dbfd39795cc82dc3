"""The blocks keep Prefect's standards for blocks, and hold no secret in the open."""

import pytest
from prefect.testing.standard_test_suites import BlockStandardTestSuite
from pydantic import SecretStr

from blocks.zoho_connection import ZohoConnection
from deployments.block_registration import BLOCK_TYPES


@pytest.mark.parametrize("block", BLOCK_TYPES, ids=lambda kind: kind.__name__)
class TestBlocks(BlockStandardTestSuite):
    @pytest.fixture
    def block(self, request):
        return request.param

    def test_has_a_valid_image(self, block):
        """No logo: Prefect's pages would load it from another server, and they work without the internet."""
        assert block._logo_url is None

    def test_every_secret_is_one(self, block):
        words = ("token", "secret", "refresh", "url_with")
        for name, field in block.model_fields.items():
            if any(word in name for word in words):
                assert "SecretStr" in str(field.annotation), name


def test_secrets_are_not_shown():
    block = ZohoConnection(
        accounts_url="https://accounts.zoho.eu", client_id="1000.A", client_secret=SecretStr("geheim"),
        refresh_token=SecretStr("1000.r"),
    )  # fmt: skip

    assert "geheim" not in repr(block)
    assert "1000.r" not in str(block.model_dump())
