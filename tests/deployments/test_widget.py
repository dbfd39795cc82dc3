"""The widget's package: what Zoho takes, with our address in it."""

import json
import zipfile

import pytest

from chatledger.errors import UsageError
from deployments.widget_package import pack_widget


def test_the_package_holds_a_manifest_and_an_app_with_our_address(tmp_path):
    package = zipfile.ZipFile(pack_widget("https://chat.example.com/", tmp_path / "widget.zip"))

    assert sorted(package.namelist()) == ["app/widget.css", "app/widget.html", "app/widget.js", "plugin-manifest.json"]
    assert json.loads(package.read("plugin-manifest.json"))["service"] == "CRM"
    page = package.read("app/widget.html").decode()
    assert 'data-address="https://chat.example.com/zoho-widget"' in page
    assert "{{" not in page


def test_an_address_cannot_break_out_of_its_place(tmp_path):
    package = zipfile.ZipFile(pack_widget('https://x.example/"><script>', tmp_path / "widget.zip"))

    assert '"><script>' not in package.read("app/widget.html").decode()


@pytest.mark.parametrize("address", [None, "", "http://chat.example.com", "chat.example.com"])
def test_without_a_public_https_address_nothing_is_packed(tmp_path, address):
    with pytest.raises(UsageError, match="CHATLEDGER_PUBLIC_URL"):
        pack_widget(address, tmp_path / "widget.zip")
    assert not list(tmp_path.iterdir())


def test_a_file_that_cannot_be_written_is_named(tmp_path):
    with pytest.raises(UsageError, match="choose another file"):
        pack_widget("https://chat.example.com", tmp_path / "missing" / "widget.zip")
