"""Zoho CRM's REST API, version 8, and Zoho's accounts server."""

from chatledger.clients.zoho.client import ZohoClient

__all__ = ["ZohoClient"]
