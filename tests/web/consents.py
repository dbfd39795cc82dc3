"""A consent at Zoho, carried out step by step as a browser does."""

from urllib.parse import parse_qs, urlsplit

import httpx

from tests.stage import ADMIN


def begin(visitor, path="/connect/zoho", **form):
    """Begin a consent; gives the address of the consent page and what it asks."""
    address = visitor.submit(path, form).headers["Location"]
    return address, {name: values[0] for name, values in parse_qs(urlsplit(address).query).items()}


def agree(address, user=ADMIN):
    """Say yes on the consent page; gives the address the browser is sent back to."""
    asked = {name: values[0] for name, values in parse_qs(urlsplit(address).query).items()}
    answer = httpx.post(address.partition("?")[0], data={**asked, "user": user, "decision": "accept"})
    return answer.headers["Location"]


def connect(visitor, path="/connect/zoho", user=ADMIN, **form):
    """Carry a whole consent out; gives the answer to the address Zoho leads back to."""
    return visitor.get(agree(begin(visitor, path, **form)[0], user))
