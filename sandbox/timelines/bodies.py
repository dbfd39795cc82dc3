"""What requests may carry. Keys that are not named here are ignored without a word, as TimelinesAI does."""

from typing import Annotated, Literal
from urllib.parse import urlsplit

from pydantic import AfterValidator, BaseModel, ConfigDict, Field

from sandbox.timelines.events import EVENT_TYPES


def _without_nul(text: str) -> str:
    if "\0" in text:
        raise ValueError("must not contain the NUL character")
    return text


def _known_event(event_type: str) -> str:
    if event_type not in EVENT_TYPES:
        raise ValueError("is not an event type")
    return event_type


def _web_url(url: str) -> str:
    parts = urlsplit(url)
    login = parts.netloc.rpartition("@")[0]
    if (
        parts.scheme not in {"http", "https"}
        or not parts.hostname
        or any(char.isspace() for char in url)
        or {"+", "="} & {*login}
    ):
        raise ValueError("must be a valid http(s) URL")
    return url


Text = Annotated[str, AfterValidator(_without_nul)]
Label = Annotated[Text, Field(max_length=64)]
EventType = Annotated[Text, AfterValidator(_known_event)]
WebUrl = Annotated[Text, Field(max_length=4096), AfterValidator(_web_url)]
TemplateName = Annotated[Text, Field(min_length=1, max_length=160)]
TemplateText = Annotated[Text, Field(min_length=1, max_length=4096)]
Visibility = Literal["public", "private", "read-only"]


class Body(BaseModel):
    """The rules of all bodies: no conversion between types, unknown keys ignored."""

    model_config = ConfigDict(strict=True, extra="ignore")


class ChatDetails(Body):
    """PATCH of a chat; an empty `responsible` takes the chat from everybody."""

    name: Annotated[Text, Field(max_length=256)] | None = None
    responsible: Text | None = None
    closed: bool | None = None
    read: bool | None = None
    chatgpt_autoresponse_enabled: bool | None = None


class Labels(Body):
    """Labels to put on a chat."""

    labels: list[Label]


class Note(Body):
    """A note inside TimelinesAI, not sent to WhatsApp."""

    text: Annotated[Text, Field(max_length=10_000)]
    is_private: bool = True


class Outgoing(Body):
    """What every send may carry."""

    text: Annotated[Text, Field(max_length=2000)] | None = None
    file_uid: Text | None = None
    label: Label | None = None
    chat_name: Annotated[Text, Field(max_length=256)] | None = None
    attachment_template_id: int | None = None


class OutgoingReply(Outgoing):
    """A send that may answer a message."""

    reply_to: Text | None = None


class ToPhone(Outgoing):
    """A send to a number; without an account it leaves from the number connected last."""

    phone: Text
    whatsapp_account_phone: Text | None = None


class ToJid(OutgoingReply):
    """A send to a WhatsApp identity."""

    jid: Text
    whatsapp_account_phone: Text | None = None


class Reaction(Body):
    """One emoji, its escaped form, or nothing to take the reaction back."""

    reaction: Annotated[Text, Field(max_length=50)]


class FileByUrl(Body):
    """A file to be fetched from a public address."""

    download_url: Text
    filename: Annotated[Text, Field(max_length=1024)] | None = None
    content_type: Annotated[Text, Field(max_length=140)] | None = None


class FileForm(Body):
    """The fields beside an uploaded file."""

    filename: Annotated[Text, Field(max_length=1024)] | None = None
    content_type: Annotated[Text, Field(max_length=140)] | None = None
    caption: Annotated[Text, Field(max_length=2000)] | None = None


class WebhookNew(Body):
    """A subscription to one kind of event."""

    event_type: EventType
    url: WebUrl
    enabled: bool = True


class WebhookChange(Body):
    """A change of a subscription; what is not named stays."""

    event_type: EventType | None = None
    url: WebUrl | None = None
    enabled: bool | None = None


class TemplateNew(Body):
    """A text snippet."""

    name: TemplateName
    text: TemplateText
    visibility: Visibility = "public"
    team_title: Text | None = None


class TemplateChange(Body):
    """A change of a snippet; a `team_title` of null shares it with all teams."""

    name: TemplateName | None = None
    text: TemplateText | None = None
    visibility: Visibility | None = None
    team_title: Text | None = None
