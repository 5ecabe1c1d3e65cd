"""What is typed about contacts, checked."""

from __future__ import annotations

import re
from collections.abc import Sequence
from datetime import date
from typing import Any

from flask import current_app
from flask_babel import gettext as _
from flask_babel import lazy_gettext as _l
from flask_babel import lazy_pgettext as _lp
from wtforms import (
    BooleanField,
    EmailField,
    RadioField,
    SelectField,
    StringField,
    TelField,
    TextAreaField,
)
from wtforms.fields.choices import SelectChoice
from wtforms.validators import InputRequired, Optional, StopValidation

from pop_campaigns.contacts.models.institutions import Institution, Office
from pop_campaigns.contacts.models.persons import Person
from pop_campaigns.contacts.rules import AddressUse, InstitutionKind, MediumKind
from pop_campaigns.contacts.services.institutions import InstitutionDraft, OfficeDraft
from pop_campaigns.contacts.words.labels import (
    ADDRESS_USES,
    FORMS_OF_ADDRESS,
    INSTITUTION_KINDS,
    MEDIUM_KINDS,
)
from pop_campaigns.core.forms import AtMost, DayField, Form, Needed
from pop_campaigns.core.i18n import current_language, in_language
from pop_campaigns.core.phones import PHONE_PROBLEMS, BadPhone, parse_phone, show_phone
from pop_campaigns.core.places import COUNTIES, municipality_choices
from pop_campaigns.core.salutations import FormOfAddress
from pop_campaigns.core.text import clean_line, clean_text, sort_key
from pop_campaigns.mail.addresses import ADDRESS_PROBLEMS, BadAddress, parse_address

LANGUAGE_CHOICES = [SelectChoice("sq", _l("Albanian")), SelectChoice("en", _l("English"))]
FIRST_DAY, LAST_DAY = date(1900, 1, 1), date(2100, 12, 31)
_NO_MUNICIPALITY = ""
_NOTHING_ABOVE = ""


def line(label: Any, model: Any, field: str, *, needed: bool = True, **options: Any) -> StringField:
    """Return a field for one line of text, as long as the model's column, cleaned before it is checked."""
    limit = AtMost(model.__table__.c[field].type.length)
    checks = [Needed(), limit] if needed else [limit]
    return StringField(label, validators=checks, filters=[clean_line], **options)


def day(label: Any, **options: Any) -> DayField:
    """Return a field for a day that may be left out."""
    return DayField(label, validators=[Optional(), Plausible()], **options)


def language() -> RadioField:
    """Return the choice of the language in which mail is written."""
    return RadioField(_l("Language of the mails"), choices=LANGUAGE_CHOICES, default="sq")


class OneAddress:
    """Exactly one e-mail address that mail can reach; sample addresses only while trying out."""

    def __call__(self, _form: Form, field: EmailField) -> None:
        try:
            read_address(field.data or "")
        except BadAddress as problem:
            raise StopValidation(str(ADDRESS_PROBLEMS[problem.reason])) from problem


def read_address(typed: str) -> str:
    """Return the address in ``typed``, or BadAddress."""
    return parse_address(typed, allow_example=current_app.config["MODE"] != "production")


class Phone:
    """A phone number as one writes it; :func:`phone_of` gives the form in which it is kept."""

    def __call__(self, _form: Form, field: TelField) -> None:
        try:
            parse_phone(field.data)
        except BadPhone as problem:
            raise StopValidation(str(PHONE_PROBLEMS[problem.reason])) from problem


def phone(label: Any = None) -> TelField:
    """Return the field for a phone number that may be left out."""
    return TelField(
        label or _l("Phone"),
        validators=[Optional(), Phone()],
        filters=[clean_line, _dialled],
        render_kw={"autocomplete": "off"},
    )


def _dialled(value: str | None) -> str:
    """Show a kept number as one dials it; what was typed stays as typed."""
    return show_phone(value) if value and re.fullmatch(r"\+[0-9]+", value) else value or ""


def phone_of(field: TelField) -> str:
    """Return the number in the form of E.164, empty if none was typed; once the form is valid."""
    return parse_phone(field.data) if field.data else ""


def form_of_address() -> RadioField:
    """Return the choice of how a person is spoken to; :func:`form_of` gives what was said."""
    words = [SelectChoice(form.value, label) for form, label in FORMS_OF_ADDRESS.items()]
    return RadioField(
        _l("Form of address"),
        choices=[*words, SelectChoice("", _lp("form of address", "Not known"))],
        default="",
        description=_l(
            "Invitations and letters begin with it. Choose it only if you know it: no name tells it."
        ),
    )


def form_of(field: RadioField) -> FormOfAddress | None:
    """Return how a person is spoken to, None where nobody said; once the form is valid."""
    return FormOfAddress(field.data) if field.data else None


def post_address(label: Any = None) -> TextAreaField:
    """Return the field for a postal address, as it stands on an envelope."""
    return TextAreaField(
        label or _l("Post address"),
        validators=[AtMost(500)],
        filters=[clean_text],
        description="" if label else _l("As it stands on an envelope; a box or floor counts."),
        render_kw={"rows": 3},
    )


class Plausible:
    """A day between 1900 and 2100: another year is a slip of the hand."""

    def __call__(self, _form: Form, field: DayField) -> None:
        if field.data and not FIRST_DAY <= field.data <= LAST_DAY:
            raise StopValidation(_("Check the year: it must lie between 1900 and 2100."))


class InstitutionForm(Form):
    """An institution."""

    name_sq = line(_l("Name in Albanian"), Institution, "name_sq")
    name_en = line(
        _l("Name in English"),
        Institution,
        "name_en",
        needed=False,
        description=_l("If left empty, the Albanian name stands in English mails too."),
    )
    kind = SelectField(_l("Kind"))
    municipality = SelectField(
        _l("Municipality"), description=_l("Leave it open for institutions of the whole country.")
    )
    county = SelectField(
        _l("County"),
        default="",
        description=_l("Only where there is no municipality, as with a prefecture."),
    )
    part_of = SelectField(
        _l("Part of"),
        default=_NOTHING_ABOVE,
        description=_l("As a regional directorate is part of its agency, and that of a ministry."),
    )
    language = language()
    phone = phone()
    post_address = post_address()
    working_hours = line(
        _l("Working hours"),
        Institution,
        "working_hours",
        needed=False,
        description=_l("As in: Monday to Thursday 8:00–16:30, Friday 8:00–14:00"),
    )
    medium_kind = SelectField(_l("How it reaches its public"), default="")
    accreditation = line(
        _l("Licence or accreditation"),
        Institution,
        "accreditation",
        needed=False,
        description=_l("Number, and who gave it"),
    )
    accredited_until = day(_l("Valid until"))

    # Shown folded: only a medium needs them.
    folded = ("medium_kind", "accreditation", "accredited_until")
    folded_label = _l("For newspapers, radio and television")

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.kind.choices = [SelectChoice(kind, words) for kind, words in kind_choices()]
        nowhere = SelectChoice(_NO_MUNICIPALITY, _("None in particular"))
        self.municipality.choices = [nowhere, *municipality_choices()]
        self.part_of.choices = [SelectChoice(_NOTHING_ABOVE, _("Stands alone"))]
        counties = [SelectChoice(name, name) for name in COUNTIES]
        self.county.choices = [SelectChoice("", _("None in particular")), *counties]
        media = [SelectChoice(kind.value, words) for kind, words in MEDIUM_KINDS.items()]
        self.medium_kind.choices = [SelectChoice("", _("Not said")), *media]

    def offer_parents(self, institutions: Sequence[Institution]) -> None:
        """Offer what the institution may be part of (``queries.possible_parents``)."""
        lang = current_language()
        named = [
            SelectChoice(str(institution.id), in_language(institution, "name", lang))
            for institution in institutions
        ]
        self.part_of.choices = [*(self.part_of.choices or ()), *named]

    def draft(self) -> InstitutionDraft:
        """Return what was typed, once it is valid."""
        place, parent = self.municipality.data, self.part_of.data
        return InstitutionDraft(
            kind=InstitutionKind(self.kind.data),
            name_sq=self.name_sq.data,
            name_en=self.name_en.data,
            municipality_id=int(place) if place else None,
            parent_id=int(parent) if parent else None,
            county="" if place else self.county.data,
            language=self.language.data,
            phone=phone_of(self.phone),
            post_address=self.post_address.data or "",
            working_hours=self.working_hours.data or "",
            medium_kind=MediumKind(self.medium_kind.data) if self.medium_kind.data else None,
            accreditation=self.accreditation.data or "",
            accredited_until=self.accredited_until.data,
        )


def institution_values(record: Institution) -> dict[str, Any]:
    """Return what the form of an institution that is there holds.

    As values, not as the record itself: WTForms would take the record's own ``municipality`` for the choice.
    """
    names = ("name_sq", "name_en", "county", "language", "phone", "post_address", "working_hours")
    more = ("accreditation", "accredited_until")
    values = {name: getattr(record, name) for name in (*names, *more)}
    return values | {
        "kind": record.kind.value,
        "municipality": str(record.municipality_id or _NO_MUNICIPALITY),
        "part_of": str(record.parent_id or _NOTHING_ABOVE),
        "medium_kind": record.medium_kind.value if record.medium_kind else "",
    }


class OfficeForm(Form):
    """An office."""

    title_sq = line(
        _l("Title of the office in Albanian"), Office, "title_sq", description=_l("As in: Kryetar, Prefekt")
    )
    title_en = line(
        _l("Title of the office in English"),
        Office,
        "title_en",
        needed=False,
        description=_l("As in: Mayor, Prefect"),
    )
    dative = line(
        _l("In Albanian letters"),
        Office,
        "dative",
        needed=False,
        description=_l(
            "After “Drejtuar:”, in letters and invitations: Kryetarit të Bashkisë Fier. "
            "If left empty, it is made from title and institution."
        ),
    )
    language = language()
    phone = phone()

    def draft(self) -> OfficeDraft:
        """Return what was typed, once it is valid."""
        return OfficeDraft(
            title_sq=self.title_sq.data,
            title_en=self.title_en.data,
            dative=self.dative.data or "",
            language=self.language.data,
            phone=phone_of(self.phone),
        )


def office_values(record: Office) -> dict[str, Any]:
    """Return what the form of an office that is there holds, with the dative that the rule proposes."""
    names = ("title_sq", "title_en", "language", "phone")
    return {name: getattr(record, name) for name in names} | {"dative": record.in_dative()}


class NewOfficeForm(OfficeForm):
    """An office with, if known, its address."""

    email = EmailField(
        _l("E-mail address of the office"),
        validators=[Optional(), OneAddress()],
        description=_l("If left empty, mail goes to the institution's address."),
    )


class HolderForm(Form):
    """Who holds an office. ``which`` asks which person is meant when the name is known already."""

    name = line(_l("Name"), Person, "name", description=_l("As it is written, for example on the website"))
    which = RadioField(
        _l("Who is meant"),
        validators=[InputRequired(_l("A person of this or a similar name is here. Choose whom you mean."))],
    )
    form_of_address = form_of_address()
    from_date = day(_l("First day in office"), description=_l("Leave it empty if you do not know it."))
    to_date = day(_l("Last day in office"), description=_l("Leave it empty while the mandate lasts."))
    ends_present = BooleanField(default=True)

    def offer(self, persons: Sequence[tuple[int, str]]) -> None:
        """Offer the persons of that name there are, and another one."""
        if not persons:
            del self.which
            return
        known = [SelectChoice(str(ident), words) for ident, words in persons]
        self.which.choices = [*known, SelectChoice("new", _("Somebody else, who is not here yet"))]

    def validate_to_date(self, field: DayField) -> None:
        """Refuse a last day before the first day."""
        refuse_end_before_start(self.from_date.data, field.data)


class MandateForm(Form):
    """First and last day of a mandate."""

    from_date = day(_l("First day in office"), description=_l("Leave it empty if you do not know it."))
    to_date = day(_l("Last day in office"), description=_l("Leave it empty while the mandate lasts."))

    def validate_to_date(self, field: DayField) -> None:
        """Refuse a last day before the first day."""
        refuse_end_before_start(self.from_date.data, field.data)


def refuse_end_before_start(first: date | None, last: date | None) -> None:
    """Refuse a time in office that ends before it begins."""
    if first and last and last < first:
        raise StopValidation(_("The last day lies before the first day."))


class AddressForm(Form):
    """One e-mail address."""

    email = EmailField(_l("E-mail address"), validators=[Needed(), OneAddress()])
    use = SelectField(_l("Whose desk it reaches"))

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.use.choices = [SelectChoice(use.value, words) for use, words in ADDRESS_USES.items()]

    def chosen_use(self) -> AddressUse:
        """Return the use that was chosen, once the form is valid."""
        return AddressUse(self.use.data)


def kind_choices() -> list[tuple[str, str]]:
    """Return the kinds of institutions in the order of the reader's words, *other* last."""
    words = [(kind, str(label)) for kind, label in INSTITUTION_KINDS.items()]
    ordered = sorted(words, key=lambda word: (word[0] is InstitutionKind.OTHER, sort_key(word[1])))
    return [(kind.value, label) for kind, label in ordered]
