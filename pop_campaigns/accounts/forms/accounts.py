"""The forms about accounts. Passwords are judged by services; here stands only what is not typed twice alike."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Final

from flask_babel import gettext as _
from flask_babel import lazy_gettext as _l
from flask_babel import pgettext
from flask_babel.speaklater import LazyString
from wtforms import EmailField, Field, PasswordField, RadioField, SelectField, StringField
from wtforms.fields.choices import SelectChoice
from wtforms.validators import ValidationError

from pop_campaigns.accounts.models import Organisation
from pop_campaigns.accounts.rules.roles import RoleName
from pop_campaigns.accounts.services.membership import CannotChangeUser
from pop_campaigns.accounts.services.users import LONGEST_NAME, CannotCreateUser
from pop_campaigns.accounts.words.accounts import PASSWORD_ADVICE, PASSWORD_PROBLEMS, role_choices
from pop_campaigns.core.forms import AtMost, Form, Needed
from pop_campaigns.core.i18n import LANGUAGE_NAMES, current_language, in_language
from pop_campaigns.mail.addresses import ADDRESS_PROBLEMS

_PROBLEMS: Final[Mapping[str, LazyString]] = {
    **PASSWORD_PROBLEMS,
    "email_taken": _l("Somebody has this address already; find them in the list of users."),
    "organisation_needed": _l("A coordinator works for an organisation: choose which."),
    "name_missing": _l("Write a name."),
    "name_long": _l("The name is too long."),
    "yourself": _l(
        "Your own role and access are changed by another administrator, so that nobody locks themselves out."
    ),
    "last_administrator": _l("This is the last administrator: name another one first."),
    "already_in": _l("The invitation was accepted already."),
    "closed": _l("The access was ended; give it back first."),
}


_LANGUAGES: Final = [SelectChoice(key, name) for key, name in LANGUAGE_NAMES.items()]


def problem_words(error: CannotCreateUser | CannotChangeUser) -> str:
    """Return why an account cannot be made or changed."""
    kind, _colon, detail = error.reason.partition(":")
    return str(ADDRESS_PROBLEMS[detail] if kind == "address" else _PROBLEMS[error.reason])


def blame(field: Field, words: str) -> None:
    """Put a reason that a service gave at the field it is about."""
    field.errors = [*field.errors, words]


class _NewPassword(Form):
    new_password = PasswordField(_l("New password"), [Needed()], description=PASSWORD_ADVICE)
    new_password_confirm = PasswordField(_l("The new password again"), [Needed()])

    def validate_new_password_confirm(self, field: PasswordField) -> None:
        if field.data != self.new_password.data:
            raise ValidationError(_("The two passwords differ. Write the same one twice."))


class ResetForm(_NewPassword):
    """A new password, by a link."""


class WelcomeForm(_NewPassword):
    """Name and first password of who was invited."""

    name = StringField(_l("Your name"), [Needed(), AtMost(LONGEST_NAME)])


class ChangeForm(_NewPassword):
    """Another password; the present one first."""

    password = PasswordField(_l("Password now"), [Needed()])


class AskResetForm(Form):
    """The address to which a link is sent."""

    email = EmailField(_l("E-mail"), [Needed(), AtMost(254)])


class AccountForm(Form):
    """What a person decides about themselves."""

    name = StringField(
        _l("Name"), [Needed(), AtMost(LONGEST_NAME)], description=_l("As your colleagues see it.")
    )
    language = RadioField(_l("Language"), choices=_LANGUAGES)


class RoleForm(Form):
    """What a person may do, and for whom."""

    role = RadioField(_l("Role"))
    organisation = SelectField(_l("Organisation"), coerce=str, default="")

    def __init__(self, *args: Any, organisations: list[Organisation], **values: Any) -> None:
        super().__init__(*args, **values)
        self._organisations = {str(organisation.id): organisation for organisation in organisations}
        self.role.choices = [SelectChoice(role, words) for role, words in role_choices()]
        lang = current_language()
        names = [
            SelectChoice(ident, in_language(organisation, "name", lang))
            for ident, organisation in self._organisations.items()
        ]
        self.organisation.choices = [
            SelectChoice("", pgettext("organisation", "None: the whole network")),
            *names,
        ]

    @property
    def chosen(self) -> tuple[RoleName, Organisation | None]:
        """The chosen role, and the chosen organisation or None."""
        return RoleName(self.role.data), self._organisations.get(self.organisation.data)


class InviteForm(RoleForm):
    """Whom to invite."""

    email = EmailField(
        _l("E-mail"),
        [Needed(), AtMost(254)],
        description=_l("The invitation goes there, and with it one logs in."),
    )
    language = RadioField(_l("Language of the invitation"), choices=_LANGUAGES, default="sq")


ALARMS: Final = {
    0: _l("No reminder"),
    15: _l("15 minutes before"),
    60: _l("An hour before"),
    1440: _l("A day before"),
}
"""How long before an event one's program reminds, in minutes."""


class FeedForm(Form):
    """When programs remind."""

    alarm = SelectField(
        _l("Reminder of your calendar program"),
        choices=[(str(minutes), words) for minutes, words in ALARMS.items()],
        default="0",
    )
