"""The live chat: a record's WhatsApp chats, to be read and answered from Zoho's record page."""

from chatledger.web.live_chat.routes import routes

__all__ = ["routes"]
