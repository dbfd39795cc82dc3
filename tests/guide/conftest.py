"""The stage of the guide's rules: noon of a plain day in Bogotá, so that no test meets midnight by chance."""

from datetime import datetime, timedelta
from zoneinfo import ZoneInfo

import pytest

BOGOTA = ZoneInfo("America/Bogota")


@pytest.fixture
def stage(stage):
    """The stage with its clocks at the next noon in Bogotá."""
    noon = stage.now().astimezone(BOGOTA).replace(hour=12, minute=0, second=0, microsecond=0)
    if noon < stage.now():
        noon += timedelta(days=1)
    stage.advance((noon - stage.now()).total_seconds())
    return stage


@pytest.fixture
def today(stage):
    """Gives a date as notes write it: today's in Bogotá, or that of a number of days ago."""

    def written(days_ago: int = 0) -> str:
        day: datetime = stage.now().astimezone(BOGOTA) - timedelta(days=days_ago)
        return f"{day:%d/%m/%Y}"

    return written


@pytest.fixture
def crm_writes(stage):
    """Gives what was written to the CRM since the stage last forgot its calls; logins are not writes."""

    def written() -> list[str]:
        return [call for call in stage.zoho_calls() if not call.startswith("GET ") and "/oauth/" not in call]

    return written
