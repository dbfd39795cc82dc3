"""What the two stand-ins hold, read by their control routes: the truth that a demo's numbers are compared with."""

import re
from dataclasses import dataclass
from datetime import date, datetime
from typing import Any

import httpx

from chatledger.errors import ChatledgerError

ANSWER_SECONDS = 60
_CHAT = re.compile(r"/chat/(\d+)/")
_TITLE = re.compile(r"\((\d\d)/(\d\d)/(\d{4})\)(?: · (\d+))?$")
_ENTRY = re.compile(r"^(?=\d\d:\d\d )", re.MULTILINE)


@dataclass(frozen=True, slots=True)
class Written:
    """A message as TimelinesAI has it."""

    uid: str
    chat_id: int
    at: datetime
    text: str
    filename: str


@dataclass(frozen=True, slots=True)
class CrmNote:
    """A note as the CRM has it, with the chat, day and part it says it is of; `chat_id` is None for anybody else's."""

    id: str
    record: tuple[str, str]
    title: str
    content: str
    files: int

    @property
    def chat_id(self) -> int | None:
        """The chat whose address the note holds."""
        found = _CHAT.search(self.content)
        return int(found[1]) if found else None

    @property
    def day(self) -> date | None:
        """The day its title names."""
        found = _TITLE.search(self.title)
        return date(int(found[3]), int(found[2]), int(found[1])) if found else None

    @property
    def part(self) -> int:
        """The part its title names, 1 where it names none."""
        found = _TITLE.search(self.title)
        return int(found[4] or 1) if found else 1

    @property
    def entries(self) -> list[str]:
        """What it says of single messages; each begins with the time."""
        return _ENTRY.split(self.content)[1:]


@dataclass(frozen=True)
class SandboxState:
    """Both stand-ins at one moment: the chats with their messages, the CRM's records and notes, and the requests so far."""

    accounts: dict[str, dict[str, Any]]
    chats: dict[int, dict[str, Any]]
    messages: list[Written]
    users: dict[str, dict[str, Any]]
    records: dict[tuple[str, str], dict[str, Any]]
    notes: dict[str, CrmNote]
    requests: dict[str, int]

    def since(self, start: datetime) -> list[Written]:
        """Return the messages from a moment on."""
        return [message for message in self.messages if message.at >= start]

    def phone(self, chat_id: int) -> str:
        """Return the digits of a chat's number, empty where it has none."""
        return digits(self.chats[chat_id]["phone"])

    def newest_chat(self, phone: str) -> int:
        """Return the chat with a number that was opened last."""
        return max(chat_id for chat_id in self.chats if self.phone(chat_id) == digits(phone))


class SandboxView:
    """Reads the control routes of both stand-ins, and has people act through them."""

    def __init__(self, timelines_url: str, zoho_url: str) -> None:
        self._urls = {"timelines": timelines_url, "zoho": zoho_url}
        self._client = httpx.Client(timeout=ANSWER_SECONDS, trust_env=False)

    def look(self) -> SandboxState:
        """Read everything."""
        timelines, zoho = self._get("timelines", "state"), self._get("zoho", "state")
        return SandboxState(
            accounts={row["id"]: row for row in timelines["accounts"]},
            chats={chat["id"]: chat for chat in timelines["chats"]},
            messages=[_written(message) for chat in timelines["chats"] for message in chat["messages"]],
            users={row["id"]: row for row in zoho["users"]},
            records={(module, row["id"]): row for module, rows in zoho["records"].items() for row in rows},
            notes={row["id"]: _note(row) for row in zoho["notes"]},
            requests=self.requests(),
        )

    def requests(self) -> dict[str, int]:
        """Count the requests each stand-in has seen so far."""
        return {name: len(self._get(name, "requests")) for name in self._urls}

    def receive_message(self, chat_id: int, text: str) -> str:
        """Have the contact of a chat write a message now; return its uid."""
        answer = self._asked("POST", "timelines", "receive_message", {"chat_id": chat_id, "text": text})
        return str(answer["uid"])

    def _get(self, name: str, route: str) -> Any:
        return self._asked("GET", name, route, None)

    def _asked(self, method: str, name: str, route: str, body: dict[str, Any] | None) -> Any:
        try:
            answer = self._client.request(method, f"{self._urls[name]}/_sandbox/{route}", json=body)
            answer.raise_for_status()
        except httpx.HTTPError as error:
            raise ChatledgerError(f"The sandbox does not answer on {self._urls[name]}: {type(error).__name__}.") from error
        return answer.json()


def digits(text: Any) -> str:
    """Return the digits of a phone number in any spelling."""
    return "".join(character for character in str(text or "") if character in "0123456789")


def _written(message: dict[str, Any]) -> Written:
    at = datetime.strptime(message["timestamp"], "%Y-%m-%d %H:%M:%S %z")
    return Written(message["uid"], message["chat_id"], at, message["text"] or "", message["attachment_filename"] or "")


def _note(row: dict[str, Any]) -> CrmNote:
    place = (row["parent"]["module"], row["parent"]["id"])
    return CrmNote(row["id"], place, row["Note_Title"] or "", row["Note_Content"] or "", len(row["attachments"]))
