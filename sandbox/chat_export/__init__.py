"""The text file that WhatsApp's "Export chat" makes, read into messages and added to a world as one more chat."""

from sandbox.chat_export.adding import ImportedChat, add_chat_export
from sandbox.chat_export.reading import ChatExport, ExportedMessage, read_chat_export

__all__ = ["ChatExport", "ExportedMessage", "ImportedChat", "add_chat_export", "read_chat_export"]
