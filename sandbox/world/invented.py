"""Invented people: names, valid but fictional mobile numbers of twelve countries, and the ways people type them into a CRM."""

from dataclasses import dataclass
from random import Random

# Country calling code and national prefix; seven more digits make a valid mobile number.
MOBILE_PREFIXES = {
    "CO": ("57", "310"),
    "MX": ("52", "555"),
    "BR": ("55", "3198"),
    "AR": ("54", "115"),
    "CL": ("56", "95"),
    "PE": ("51", "99"),
    "EC": ("593", "99"),
    "ES": ("34", "61"),
    "PT": ("351", "91"),
    "US": ("1", "310"),
    "GB": ("44", "740"),
    "IL": ("972", "54"),
}
COUNTRIES = tuple(MOBILE_PREFIXES)
LANGUAGES = {"BR": "pt", "PT": "pt", "US": "en", "GB": "en", "IL": "en"}

_FIRST_NAMES = {
    "es": ("Camila", "Andrés", "Valentina", "Julián", "Luz Marina", "Mateo", "Paola", "Íñigo", "Ximena", "Jorge Iván"),
    "pt": ("João", "Letícia", "Antônio", "Beatriz", "Thiago", "Conceição", "Rafael", "Inês", "Gonçalo", "Luana"),
    "en": ("Megan", "Tyler", "Olivia", "Noa", "Graham", "Priya", "Ethan", "Yael", "Siobhán", "Marcus"),
}
_LAST_NAMES = {
    "es": ("Restrepo", "Muñoz", "Cárdenas", "Quispe", "Fernández", "Ibáñez", "Rojas", "Güell", "Salazar", "Echeverri"),
    "pt": ("Gonçalves", "da Silva", "Magalhães", "Araújo", "Nogueira", "Simões", "Brandão", "Leitão", "Pires", "Conceição"),
    "en": ("O'Brien", "Whitaker", "Levi", "Hughes", "McAllister", "Shapiro", "Okafor", "Doyle", "Friedman", "Banks"),
}


@dataclass(frozen=True, slots=True)
class Number:
    """A mobile number in the two forms the systems know: as WhatsApp writes it and as its country dials it."""

    country: str
    subscriber: str

    @property
    def e164(self) -> str:
        """The number as it is dialled."""
        return f"+{MOBILE_PREFIXES[self.country][0]}{self.national}"

    @property
    def national(self) -> str:
        """The digits after the country calling code."""
        mobile_mark = "9" if self.country == "AR" else ""
        return f"{mobile_mark}{MOBILE_PREFIXES[self.country][1]}{self.subscriber}"

    @property
    def whatsapp(self) -> str:
        """The number as WhatsApp still writes it: Mexico with 1, Brazil outside São Paulo without the ninth digit."""
        if self.country == "MX":
            return f"+521{self.national}"
        if self.country == "BR":
            return f"+55{self.national[:2]}{self.national[3:]}"
        return self.e164


def number(country: str, index: int) -> Number:
    """Return the `index`-th invented number of a country; all indexes below seven million differ."""
    return Number(country, str(2_000_000 + index * 7919 % 6_999_997))


def full_name(random: Random, country: str) -> str:
    """Return an invented name that is usual in a country."""
    language = language_of(country)
    return f"{random.choice(_FIRST_NAMES[language])} {random.choice(_LAST_NAMES[language])}"


def language_of(country: str) -> str:
    """Return the language people of a country write in: es, pt or en."""
    return LANGUAGES.get(country, "es")


def as_typed(random: Random, who: Number) -> str:
    """Return a number as somebody typed it into the CRM; read with the region CO it is still the same mobile."""
    code, national = MOBILE_PREFIXES[who.country][0], who.national
    grouped = f"{national[:3]} {national[3:6]} {national[6:]}"
    spellings = [
        who.e164,
        f"+{code} {grouped}",
        f"+{code} ({national[:2]}) {national[2:6]}-{national[6:]}",
        f"00 {code} {grouped}",
    ]
    if who.country == "CO":
        spellings += [grouped, f"({national[:3]}) {national[3:6]}-{national[6:]}", f"{national[:3]}.{national[3:]} ext 4"]
    if who.country == "AR":
        spellings.append(f"+54 11 15-{national[3:7]}-{national[7:]}")
    return random.choice(spellings)
