"""Roles, states and changes of accounts in words."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any, Final

from flask_babel import gettext as _
from flask_babel import lazy_gettext as _l
from flask_babel import lazy_pgettext as _lp
from flask_babel.speaklater import LazyString

from pop_campaigns.accounts.rules.roles import RoleName
from pop_campaigns.accounts.rules.throttles import network_words
from pop_campaigns.core.chips import Chip
from pop_campaigns.core.history import History

ROLE_NAMES: Final[Mapping[RoleName, LazyString]] = {
    RoleName.ADMINISTRATOR: _lp("role", "Administrator"),
    RoleName.COORDINATOR: _lp("role", "Coordinator"),
    RoleName.VIEWER: _lp("role", "Viewer"),
}
_ROLE_HINTS: Final[Mapping[RoleName, LazyString]] = {
    RoleName.ADMINISTRATOR: _l("Everything, of the whole network"),
    RoleName.COORDINATOR: _l("Everything of one member organisation"),
    RoleName.VIEWER: _l("Reads the whole network, changes nothing"),
}
STATE_CHIPS: Final[Mapping[str, Chip]] = {
    "active": Chip("●", _l("Has access"), "good"),
    "invited": Chip("◐", _lp("user", "Invited"), "info"),
    "expired": Chip("!", _l("Invitation expired"), "warn"),
    "closed": Chip("✕", _l("Access ended"), "quiet"),
}
DOORS: Final[Mapping[str, LazyString]] = {
    "sign_in": _l("at log-in"),
    "change": _l("when changing the password"),
    "verify": _l("when confirming the password"),
    "reset": _l("when asking for a new password"),
}


def role_choices() -> list[tuple[str, str]]:
    """Return the roles with what each may do, for a form."""
    return [(role.value, f"{ROLE_NAMES[role]}: {_ROLE_HINTS[role]}") for role in RoleName]


def role_word(value: object) -> str:
    """Return a role's name; nothing for none."""
    return str(ROLE_NAMES[RoleName(str(value))]) if value in set(RoleName) else ""


def network_name(masked: str) -> str:
    """Return a masked remote address as people read it."""
    return network_words(masked) or _("an unknown address")


def change_words(change: History) -> str:
    """Return one change of an account as a sentence. An action nobody has words for shows as it is."""
    words = _CHANGES.get(change.action)
    return words(change.details or {}) if words else change.action


def _role_changed(details: Mapping[str, Any]) -> str:
    def whole(role: str, organisation: str) -> str:
        return ", ".join(
            part for part in (role_word(details.get(role)), str(details.get(organisation) or "")) if part
        )

    was, new = whole("was", "was_of"), whole("role", "organisation")
    return _("Role changed: %(was)s → %(new)s", was=was or "–", new=new)


def _plain(words: LazyString) -> Callable[[Mapping[str, Any]], str]:
    return lambda _details: str(words)


def _from_where(words: LazyString) -> Callable[[Mapping[str, Any]], str]:
    def sentence(details: Mapping[str, Any]) -> str:
        shown = (str(details.get("browser") or ""), network_words(str(details.get("address") or "")))
        where = ", ".join(part for part in shown if part)
        return f"{words} ({where})" if where else str(words)

    return sentence


_CHANGES: Final[Mapping[str, Callable[[Mapping[str, Any]], str]]] = {
    "user.created": _plain(_l("Account made")),
    "user.invited": _plain(_l("Invitation sent")),
    "user.invited_again": _plain(_l("Invited again; the earlier link no longer works")),
    "user.invitation_asked": _plain(_l("Asked for a new invitation")),
    "user.accepted": _plain(_l("Accepted the invitation and set a password")),
    "user.role_changed": _role_changed,
    "user.closed": _plain(_l("Access ended")),
    "user.reopened": _plain(_l("Access given back")),
    "user.reset_asked": _plain(_l("A link for a new password was sent")),
    "user.password_reset": _plain(_l("New password set through the link")),
    "user.password_changed": _plain(_l("Password changed")),
    "user.feed_made": _plain(_l("A calendar address was made")),
    "user.feed_revoked": _plain(_l("The calendar address was taken back")),
    "user.named": _plain(_l("Name or language changed")),
    "user.signed_in": _from_where(_l("Logged in")),
    "user.signed_out": _from_where(_l("Logged out")),
    "user.session_ended": _from_where(_l("Logged out on one device")),
    "user.sessions_ended": _plain(_l("Logged out on all other devices")),
}


PASSWORD_ADVICE: Final = _l(
    "At least 12 characters. Several words in a row are easy to remember and hard to guess."
)


PASSWORD_PROBLEMS: Final[Mapping[str, LazyString]] = {
    "password_short": _l("The password is too short: at least 12 characters."),
    "password_long": _l("The password is too long: at most 128 characters."),
    "password_own": _l(
        "This password would be guessed early: there is little in it besides your address, your name or your organisation."
        " Take several words that have nothing to do with you."
    ),
    "password_pattern": _l(
        "This password would be guessed early: it repeats itself or follows a row."
        " Take several words that have nothing to do with each other."
    ),
    "password_common": _l(
        "This password would be guessed early: it is among those that many people use."
        " Take several words that have nothing to do with each other."
    ),
}
