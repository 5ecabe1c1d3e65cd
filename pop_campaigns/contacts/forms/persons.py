"""What is typed about persons and their consent, checked."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date, datetime, time
from typing import Any

from flask_babel import gettext as _
from flask_babel import lazy_gettext as _l
from flask_wtf.file import FileField
from wtforms import BooleanField, EmailField, RadioField, SelectField
from wtforms.fields.choices import SelectChoice
from wtforms.validators import Optional, StopValidation

from pop_campaigns.accounts.models import Organisation
from pop_campaigns.calendars.zones import resolve_wall_time
from pop_campaigns.contacts.forms.institutions import (
    LANGUAGE_CHOICES,
    OneAddress,
    Plausible,
    day,
    form_of,
    form_of_address,
    language,
    line,
    phone,
    phone_of,
    post_address,
)
from pop_campaigns.contacts.models.consents import Consent
from pop_campaigns.contacts.models.institutions import Institution
from pop_campaigns.contacts.models.persons import Person
from pop_campaigns.contacts.rules import ConsentChannel, PersonKind, Purpose
from pop_campaigns.contacts.services.consents import ConsentDraft
from pop_campaigns.contacts.services.persons import PersonDraft
from pop_campaigns.contacts.words.labels import CONSENT_CHANNELS, PERSON_KINDS, PURPOSES
from pop_campaigns.core.clock import TIRANE
from pop_campaigns.core.forms import DayField, Form, Needed
from pop_campaigns.core.i18n import current_language, in_language
from pop_campaigns.core.places import municipality_choices

WHOLE_NETWORK = ""


class PersonForm(Form):
    """A person: who, where, reached how."""

    name = line(_l("Name"), Person, "name", description=_l("As the person writes it"))
    form_of_address = form_of_address()
    kind = SelectField(_l("Who it is"), default=PersonKind.OTHER.value)
    language = language()
    municipality = SelectField(_l("Municipality"), default="")
    topics = line(
        _l("Topics"),
        Person,
        "topics",
        needed=False,
        description=_l("What the person works on or cares for, set apart by commas: rivers, budget"),
    )
    phone = phone()
    post_address = post_address()
    works_for = SelectField(_l("Works for"), default="")
    press_card = line(_l("Press card"), Person, "press_card", needed=False)
    press_card_until = day(_l("Press card valid until"))

    # Shown folded: only journalists need them.
    folded = ("works_for", "press_card", "press_card_until")
    folded_label = _l("For journalists")

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.kind.choices = [SelectChoice(kind.value, words) for kind, words in PERSON_KINDS.items()]
        nowhere = SelectChoice("", _("None in particular"))
        self.municipality.choices = [nowhere, *municipality_choices()]
        self.works_for.choices = [SelectChoice("", _("Not said"))]

    def offer_media(self, institutions: Sequence[Institution]) -> None:
        """Offer where a person may work (``queries.media_for``)."""
        lang = current_language()
        named = [
            SelectChoice(str(institution.id), in_language(institution, "name", lang))
            for institution in institutions
        ]
        self.works_for.choices = [*(self.works_for.choices or ()), *named]

    def draft(self) -> PersonDraft:
        """Return what was typed, once it is valid."""
        place, medium = self.municipality.data, self.works_for.data
        topics = (word.strip() for word in (self.topics.data or "").replace(";", ",").split(","))
        return PersonDraft(
            name=self.name.data,
            language=self.language.data,
            form_of_address=form_of(self.form_of_address),
            kind=PersonKind(self.kind.data),
            municipality_id=int(place) if place else None,
            topics=", ".join(dict.fromkeys(word for word in topics if word)),
            phone=phone_of(self.phone),
            post_address=self.post_address.data or "",
            works_for_id=int(medium) if medium else None,
            press_card=self.press_card.data or "",
            press_card_until=self.press_card_until.data,
        )


def person_values(record: Person) -> dict[str, Any]:
    """Return what the form of a person who is there holds, as values (see ``forms.institution_values``)."""
    names = ("name", "language", "topics", "phone", "post_address", "press_card", "press_card_until")
    return {name: getattr(record, name) for name in names} | {
        "kind": record.kind.value,
        "form_of_address": record.form_of_address.value if record.form_of_address else "",
        "municipality": str(record.municipality_id or ""),
        "works_for": str(record.works_for_id or ""),
    }


class NewPersonForm(PersonForm):
    """A person without an office, with an address if known.

    ``asked_again`` is shown when somebody with this address or phone number was erased.
    """

    email = EmailField(_l("E-mail address"), validators=[Optional(), OneAddress()])
    asked_again = BooleanField(_l("The person asked to be added again"))


class ConsentForm(Form):
    """A consent: for what, when, how, with which proof."""

    purpose = RadioField(_l("For what"), [Needed(_l("Choose for what the person agreed."))])
    shared_with = SelectField(
        _l("Passed on to"),
        default=WHOLE_NETWORK,
        description=_l("Only where the person agreed to be passed on."),
    )
    language = RadioField(_l("Language of the text"), choices=LANGUAGE_CHOICES, default="sq")
    channel = SelectField(_l("How the person agreed"))
    given_on = DayField(_l("On which day"), [Needed(_l("Say on which day.")), Plausible()])
    proof = line(
        _l("Where the proof is"),
        Consent,
        "proof",
        needed=False,
        description=_l("As in: list of 12 March, folder 3; or who was there"),
    )
    file = FileField(_l("Scan of the proof"))

    def __init__(self, today: date, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.today = today
        self.purpose.choices = [SelectChoice(purpose.value, words) for purpose, words in PURPOSES.items()]
        by_hand = [
            channel
            for channel in ConsentChannel
            if channel not in (ConsentChannel.LINK, ConsentChannel.IMPORT)
        ]
        self.channel.choices = [SelectChoice(channel.value, CONSENT_CHANNELS[channel]) for channel in by_hand]

    def offer_organisations(self, organisations: Sequence[Organisation]) -> None:
        """Offer to whom a person may be passed on."""
        lang = current_language()
        named = [SelectChoice(str(row.id), in_language(row, "name", lang)) for row in organisations]
        network = SelectChoice(WHOLE_NETWORK, _("Every organisation of the network"))
        self.shared_with.choices = [network, *named]

    def validate_given_on(self, field: DayField) -> None:
        """Refuse a day that has not come yet."""
        if field.data and field.data > self.today:
            raise StopValidation(_("This day is still to come."))

    def draft(self, now: datetime) -> ConsentDraft:
        """Return what was typed, once it is valid; today's consent was given now, an earlier one at noon."""
        purpose, day = Purpose(self.purpose.data), self.given_on.data
        given_at = now if day == self.today else resolve_wall_time(datetime.combine(day, time(12)), TIRANE)
        shared = self.shared_with.data if purpose is Purpose.SHARING else ""
        return ConsentDraft(
            purpose=purpose,
            language=self.language.data,
            channel=ConsentChannel(self.channel.data),
            given_at=min(given_at, now),
            proof=self.proof.data or "",
            shared_with_id=int(shared) if shared else None,
        )


class WithdrawForm(Form):
    """How a person took a consent back."""

    channel = SelectField(_l("How the person took it back"))

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        by_hand = [
            channel
            for channel in ConsentChannel
            if channel not in (ConsentChannel.LINK, ConsentChannel.IMPORT)
        ]
        self.channel.choices = [SelectChoice(channel.value, CONSENT_CHANNELS[channel]) for channel in by_hand]
