"""The shape of input about letters; what is allowed is decided elsewhere."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date
from typing import Any, Final

from flask_babel import gettext as _
from flask_babel import lazy_gettext as _l
from flask_wtf.file import FileField
from wtforms import (
    BooleanField,
    EmailField,
    Field,
    RadioField,
    SelectField,
    StringField,
    TextAreaField,
)
from wtforms.fields.choices import SelectChoice
from wtforms.validators import Optional, ValidationError

from pop_campaigns.accounts.models import Organisation
from pop_campaigns.campaigns.models import Campaign
from pop_campaigns.contacts.forms.institutions import OneAddress
from pop_campaigns.core.forms import AtMost, DayField, Form, Marked, Needed
from pop_campaigns.core.i18n import in_language
from pop_campaigns.core.numbers import NumberField, row_number
from pop_campaigns.core.once import once_field
from pop_campaigns.core.places import municipality_choices
from pop_campaigns.core.text import clean_line, clean_text
from pop_campaigns.letters.rules.clocks import shipped_clock
from pop_campaigns.letters.rules.letters import ResponseKind
from pop_campaigns.letters.rules.working_days import FIRST_YEAR, LAST_YEAR, DayScope
from pop_campaigns.letters.services.days_off import DayDraft
from pop_campaigns.letters.services.letters import LetterDraft
from pop_campaigns.letters.services.responses import HandedFile, ResponseDraft
from pop_campaigns.letters.words.labels import DAY_SCOPES, RESPONSES
from pop_campaigns.letters.words.pages import rule_words, shipped_basis

OFFERED_GROUNDS: Final = (
    "political_letter",
    "information_request",
    "commissioner_decision",
    "prefect_review",
)
"""Grounds a letter of ours can rest on. The others begin with somebody else's act."""
LONGEST_BODY: Final = 20_000
WHOLE_NETWORK: Final = "network"
_CHECK = Optional(strip_whitespace=True)


class LetterForm(Form):
    """A letter's text, who signs it, what it rests on."""

    once = once_field()
    organisation = SelectField(_l("Written by"), validate_choice=True)
    subject_sq = StringField(_l("Subject in Albanian"), [AtMost(300)])
    body_sq = TextAreaField(_l("Text in Albanian"), [AtMost(LONGEST_BODY)])
    subject_en = StringField(_l("Subject in English"), [AtMost(300)])
    body_en = TextAreaField(_l("Text in English"), [AtMost(LONGEST_BODY)])
    basis = RadioField(_l("Legal ground"), [Needed(_l("Choose what the letter rests on."))])
    signed_by = StringField(_l("Signed by"), [AtMost(160)])
    signed_as = StringField(_l("Signed as"), [AtMost(160)])
    campaign = SelectField(_l("Campaign"))

    def offer(self, campaigns: Sequence[Campaign], organisations: Sequence[Organisation], lang: str) -> None:
        """Fill the choices. Without organisations the field is not asked: the letter is that of the person's own."""
        self.basis.choices = [
            SelectChoice(value=key, label=rule_words(shipped_clock(key))) for key in self._grounds()
        ]
        self.campaign.choices = [
            SelectChoice(value="", label=_("No campaign")),
            *(
                SelectChoice(value=str(campaign.id), label=in_language(campaign, "title", lang))
                for campaign in campaigns
            ),
        ]
        if not organisations:
            del self.organisation
            return
        self.organisation.choices = [
            SelectChoice(value=WHOLE_NETWORK, label=_("The whole network")),
            *(
                SelectChoice(value=str(organisation.id), label=in_language(organisation, "name", lang))
                for organisation in organisations
            ),
        ]

    def _grounds(self) -> tuple[str, ...]:
        """Return the grounds offered, and the one the letter rests on already if that is another."""
        ground = str(self.basis.object_data or "")
        other = ground not in OFFERED_GROUNDS and shipped_basis(ground) is not None
        return (*OFFERED_GROUNDS, ground) if other else OFFERED_GROUNDS

    def validate_subject_sq(self, field: Field) -> None:
        """Raise ValidationError without a subject in either language: a text without its subject would be lost."""
        if not clean_line(field.data) and not clean_line(self.subject_en.data):
            raise ValidationError(_("Write the subject, in Albanian or in English."))

    def validate_body_sq(self, field: Field) -> None:
        """Raise ValidationError without a text in either language. It may be short: it can change until the letter is sent."""
        if not clean_text(field.data) and not clean_text(self.body_en.data):
            raise ValidationError(
                _("Write the text, in Albanian or in English. You can change it until the letter is sent.")
            )

    def validate(self, extra_validators: Any = None) -> bool:
        """Return whether the form holds, with a subject and a text in the same language."""
        if not super().validate(extra_validators):
            return False
        complete = any(
            clean_line(self[f"subject_{lang}"].data) and clean_text(self[f"body_{lang}"].data)
            for lang in ("sq", "en")
        )
        if not complete:
            words = _("Subject and text must be in the same language.")
            self.subject_sq.errors = [*self.subject_sq.errors, words]
        return complete

    def draft(self) -> LetterDraft:
        """Return what was typed."""
        chosen = self.organisation.data if "organisation" in self else None
        return LetterDraft(
            subject_sq=self.subject_sq.data or "",
            subject_en=self.subject_en.data or "",
            body_sq=self.body_sq.data or "",
            body_en=self.body_en.data or "",
            signed_by=self.signed_by.data or "",
            signed_as=self.signed_as.data or "",
            basis=self.basis.data,
            campaign_id=int(self.campaign.data) if self.campaign.data else None,
            organisation_id=int(chosen) if chosen and chosen != WHOLE_NETWORK else None,
        )


class ResponseForm(Form):
    """What an office answered. Days are checked against `earliest` and `today`, extensions against `longest`."""

    kind = RadioField(_l("What is it?"), [Needed(_l("Choose what the office answered."))])
    received_on = DayField(_l("Received on"), [_CHECK, Marked()])
    their_number = StringField(_l("Their register number"), [AtMost(80)])
    extended_by = NumberField(_l("Extended by (days)"), [_CHECK])
    summary = TextAreaField(_l("In short"), [AtMost(4000)])
    file = FileField(_l("File"))

    earliest: date | None = None
    today: date
    longest: int = 0

    def offer(
        self, kinds: Sequence[ResponseKind], *, earliest: date | None, today: date, longest: int
    ) -> None:
        """Fill the choices and set what days and extensions may be."""
        self.kind.choices = [SelectChoice(value=kind.value, label=str(RESPONSES[kind])) for kind in kinds]
        self.earliest, self.today, self.longest = earliest, today, longest
        if not longest:
            del self.extended_by

    def validate(self, extra_validators: Any = None) -> bool:
        """Return whether the form holds, with a day that can be and an extension the rule allows."""
        if not super().validate(extra_validators):
            return False
        problems = [(self.received_on, self._wrong_day())]
        if "extended_by" in self:
            problems.append((self.extended_by, self._wrong_extension()))
        for field, words in problems:
            if words:
                field.errors = [*field.errors, words]
        return not any(words for _field, words in problems)

    def _wrong_day(self) -> str:
        day = self.received_on.data
        if day is None:
            # Only a known silence has no day.
            return "" if self.kind.data == ResponseKind.NONE.value else _("On which day did it come?")
        if day > self.today:
            return _("This day is still to come.")
        return _("This is before the letter was sent.") if self.earliest and day < self.earliest else ""

    def _wrong_extension(self) -> str:
        if self.kind.data != ResponseKind.EXTENDED.value:
            return ""
        if not 1 <= (self.extended_by.data or 0) <= self.longest:
            return _("Say by how many days: the law allows 1 to %(most)d.", most=self.longest)
        return ""

    def draft(self) -> ResponseDraft:
        """Return what was typed."""
        return ResponseDraft(
            kind=ResponseKind(self.kind.data),
            # Silence has no day.
            received_on=None if self.kind.data == ResponseKind.NONE.value else self.received_on.data,
            their_number=self.their_number.data or "",
            summary=self.summary.data or "",
            extended_by=(self.extended_by.data or 0) if "extended_by" in self else 0,
        )

    def handed_file(self) -> HandedFile | None:
        """Return the file, None if none was chosen."""
        handed = self.file.data
        return HandedFile(handed.read(), handed.filename) if handed and handed.filename else None


class EnteredDayForm(Form):
    """A day off, or one that is worked, as it was announced."""

    day = DayField(_l("Day"), [Needed(_l("Choose a day."))])
    off = RadioField(
        _l("On this day"),
        choices=[SelectChoice("off", _l("offices are closed")), SelectChoice("worked", _l("offices work"))],
        default="off",
    )
    scope = RadioField(
        _l("It holds for"),
        choices=[SelectChoice(scope.value, words) for scope, words in DAY_SCOPES.items()],
        default=DayScope.COUNTRY.value,
    )
    municipality = SelectField(_l("Municipality"), default="")
    name = StringField(_l("What the day is called, if it has a name"), [AtMost(160)])
    source = StringField(_l("Where it was decided"), [Needed(_l("Say where it was decided.")), AtMost(300)])

    def offer(self) -> None:
        """Fill the list of municipalities."""
        self.municipality.choices = [SelectChoice("", _("Choose a municipality")), *municipality_choices()]

    def validate_day(self, field: Field) -> None:
        """Raise ValidationError for a year whose holidays nobody knows."""
        if not FIRST_YEAR <= field.data.year <= LAST_YEAR:
            raise ValidationError(_("Check the year."))

    def validate_municipality(self, field: Field) -> None:
        """Raise ValidationError where the day holds in one municipality and none is chosen."""
        if self.scope.data == DayScope.MUNICIPALITY.value and not field.data:
            raise ValidationError(_("Choose the municipality."))

    def draft(self) -> DayDraft:
        """Return what was typed."""
        place = row_number(self.municipality.data) if self.scope.data == DayScope.MUNICIPALITY.value else None
        return DayDraft(
            self.day.data,
            self.off.data == "off",
            DayScope(self.scope.data),
            self.source.data or "",
            self.name.data or "",
            place,
        )


class OtherAddressForm(Form):
    """Where a letter that came back goes now."""

    email = EmailField(_l("New e-mail address"), [Needed(), OneAddress()], filters=[clean_line])
    contact = BooleanField(_l("Also correct it in the contacts"))


class HandOverForm(Form):
    """The day a letter was handed over on paper."""

    day = DayField(_l("Handed over on"), [Needed(_l("On which day was it handed over?"))])

    earliest: date | None = None
    today: date

    def validate_day(self, field: Field) -> None:
        """Raise ValidationError for a day before the letter was sent, or still to come."""
        if field.data > self.today:
            raise ValidationError(_("This day is still to come."))
        if self.earliest and field.data < self.earliest:
            raise ValidationError(_("This is before the letter was sent."))
