"""WhatsApp's own words in exported chats, in English, Spanish and Portuguese, on Android and iOS."""

import re

# WhatsApp puts these before its own words and around times; they are no part of what people wrote.
MARKS = "\u200e\u200f\u202a\u202c\ufeff"
NARROW_SPACES = str.maketrans("\u202f\u00a0\u2009", "   ")

HEADERS = (
    re.compile(r"\[(?P<stamp>\d[^\]]{6,38})\] ?(?P<said>.*)"),  # iOS
    re.compile(r"(?P<stamp>\d.{6,38}?) - (?P<said>.*)"),  # Android
)
STAMP = re.compile(
    r"(?P<a>\d{1,4})(?P<mark>[/.-])(?P<b>\d{1,2})(?P=mark)(?P<c>\d{1,4})\.?,? +"
    r"(?P<hour>\d{1,2})[:.](?P<minute>[0-5]\d)(?:[:.](?P<second>[0-5]\d))?(?: ?(?P<half>[AP])\.? ?M\.?)?",
    re.IGNORECASE,
)
# A quotation mark before the first colon: the line is a notice such as «Ana changed the subject to "Fair: Monday"».
SAID = re.compile(r"(?:~\s?)?(?P<sender>[^:\"“«\n]{1,200}):(?: (?P<text>.*))?", re.DOTALL)

OMITTED = re.compile(
    r"(?:<(?P<android>media omitted|multimedia omitido|archivo omitido|mídia oculta|mídia omitida|ficheiro omitido)>"
    r"|(?P<ios>(?:image|video|audio|sticker|document|gif|contact card|imagen|tarjeta de contacto|documento|imagem|vídeo"
    r"|áudio|figurinha|cartão de contato) (?:omitted|omitid[ao]|ocult[ao]|ocultad[ao])))\s*(?:\n|$)",
    re.IGNORECASE,
)
ATTACHED = re.compile(
    r"^(?P<android>[^\n]+?) \((?:file attached|archivo adjunto|arquivo anexado|ficheiro anexado)\)\s*(?:\n|$)"
    r"|<(?:attached|adjunto|archivo adjunto|anexado|anexo): (?P<ios>[^>\n]+)>",
    re.IGNORECASE,
)
DELETED = re.compile(
    r"(?:this message was deleted|you deleted this message|this message was deleted by admin .*"
    r"|se eliminó este mensaje|eliminaste este mensaje|este mensaje fue eliminado"
    r"|(?:essa |esta )?mensagem (?:foi )?apagada|(?:você )?apagou (?:esta|essa) mensagem)\.?",
    re.IGNORECASE,
)
EDITED = re.compile(
    r"\s*<(?:this message was edited|se editó este mensaje|este mensaje fue editado"
    r"|(?:essa |esta )?mensagem (?:foi )?editada)\.?>$",
    re.IGNORECASE,
)
# iOS names the chat as the sender of a notice and begins it with U+200E, which nobody types.
NOTICE = re.compile(
    r"\u200e.*(?:end-to-end encrypt|cifrad[oa]s? de extremo a extremo|criptografia de ponta a ponta"
    r"|security code|código de segur|(?:voice|video) call|(?:video)?llamada|(?:chamada|ligação) de (?:voz|vídeo))",
    re.IGNORECASE | re.DOTALL,
)

FILE_NAME = re.compile(
    r"(?:WhatsApp Chat with|WhatsApp Chat -|Chat de WhatsApp con|Conversa do WhatsApp com) (?P<name>.+?)(?: ?\(\d+\))?",
    re.IGNORECASE,
)
