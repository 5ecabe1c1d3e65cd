"""What a column of a file can say about a contact; pure."""

from __future__ import annotations

import enum
from typing import Final

from pop_campaigns.contacts.rules import Purpose


class Field(enum.StrEnum):
    """What a column of a file can say about a contact."""

    NAME = "name"
    FIRST_NAME = "first_name"
    MIDDLE_NAME = "middle_name"
    LAST_NAME = "last_name"
    FORM_OF_ADDRESS = "form_of_address"
    EMAIL = "email"
    PHONE = "phone"
    INSTITUTION = "institution"
    OFFICE = "office"
    WORKS_FOR = "works_for"
    MUNICIPALITY = "municipality"
    KIND = "kind"
    LANGUAGE = "language"
    TOPICS = "topics"
    POST_ADDRESS = "post_address"
    CONSENT_EVENTS = "consent_events"
    CONSENT_NEWS = "consent_news"
    CONSENT_SHARING = "consent_sharing"
    CONSENT_DATE = "consent_date"


# Several columns may fill one of these; the others have one column each.
OF_SEVERAL_COLUMNS: Final = frozenset({Field.EMAIL, Field.PHONE, Field.TOPICS, Field.POST_ADDRESS})
CONSENTS: Final = {
    Field.CONSENT_EVENTS: Purpose.EVENTS,
    Field.CONSENT_NEWS: Purpose.NEWS,
    Field.CONSENT_SHARING: Purpose.SHARING,
}
# Fields whose cells may hold a day.
OF_DAYS: Final = frozenset({Field.CONSENT_DATE, *CONSENTS})
# One of these must be there, or nobody is meant.
REACHES: Final = frozenset({Field.NAME, Field.FIRST_NAME, Field.LAST_NAME, Field.EMAIL, Field.PHONE})
