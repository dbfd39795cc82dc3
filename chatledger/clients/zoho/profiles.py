"""What the profile of a user says about the records they see. No I/O."""

ALL_RECORDS = "administrator"


def sees_every_record(profile: str) -> bool | None:
    """Say whether a user of this profile certainly sees every record; None where Zoho named no profile.

    Of all profiles only Administrator is sure to; what others see depends on roles and sharing rules.
    """
    return profile.strip().lower() == ALL_RECORDS if profile.strip() else None
