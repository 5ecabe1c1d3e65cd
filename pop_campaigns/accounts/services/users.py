"""Verbs that change who may sign in. The caller commits."""

from __future__ import annotations

import secrets
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime
from typing import Final
from uuid import uuid4

from flask import current_app
from sqlalchemy import exists, func, select
from sqlalchemy.exc import IntegrityError

from pop_campaigns.accounts.models import Organisation, Role, User
from pop_campaigns.accounts.rules.passwords import password_problem
from pop_campaigns.accounts.rules.roles import RoleName
from pop_campaigns.accounts.services.passwords import hash_of
from pop_campaigns.core.db import db
from pop_campaigns.core.history import note
from pop_campaigns.core.i18n import LANGUAGES
from pop_campaigns.core.places import Municipality
from pop_campaigns.core.text import clean_line
from pop_campaigns.mail.addresses import BadAddress, parse_address, show_address

LONGEST_NAME: Final = 120
TRYOUT_DOMAIN: Final = "pop.example"

# Typed alike on Albanian and English keyboards (y and z change places) and hard to mistake for each other.
_CONSONANTS: Final = "bdfghjkmnprstv"
_VOWELS: Final = "aeiou"

_ROLE_WORDS: Final = {
    RoleName.ADMINISTRATOR: "Everything, of the whole network",
    RoleName.COORDINATOR: "Everything of one member organisation",
    RoleName.VIEWER: "Reads the whole network, changes nothing",
}


class CannotCreateUser(ValueError):
    """An account cannot be made; ``reason`` says why.

    ``address:…`` (with a key of ``mail.addresses.ADDRESS_PROBLEMS``), ``email_taken``, ``name_missing``,
    ``name_long``, ``organisation_needed``, ``language_unknown`` or a reason of :func:`rules.passwords.password_problem`.
    """

    def __init__(self, reason: str) -> None:
        super().__init__(reason)
        self.reason = reason


@dataclass(frozen=True)
class TryoutAccount:
    """An account for trying out; the password is known here only, at the moment it is made."""

    email: str
    password: str
    role_words: str


def create_user(
    *,
    email: str,
    name: str,
    role: RoleName,
    organisation: Organisation | None,
    password: str,
    by: User | None,
    now: datetime,
    language: str = "sq",
) -> User:
    """Add a person who may sign in, with one role; a coordinator belongs to an organisation.

    The address is kept in the form that signing in looks up; ``.example`` is refused in production.

    :raises CannotCreateUser: with the reason; nothing was written.
    """
    _refuse_name(name)
    refuse_unfit(role, organisation, language)
    hashed = checked_password(password, own=[email, name, *known_of(organisation)])
    user = add_user(
        email=email,
        name=name,
        role=role,
        organisation=organisation,
        hashed=hashed,
        language=language,
        now=now,
    )
    note("user.created", user, by=by, now=now, name=user.name, role=role.value)
    return user


def add_user(
    *,
    email: str,
    name: str,
    role: RoleName,
    organisation: Organisation | None,
    hashed: str | None,
    language: str,
    now: datetime,
) -> User:
    """Add the row of a person; ``hashed`` is the password's hash, None for one who is only invited.

    :raises CannotCreateUser: when the address is wrong or taken.
    """
    email = _sign_in_address(email)
    if db.session.scalar(select(exists().where(func.lower(User.email) == email))):
        raise CannotCreateUser("email_taken")
    user = User(
        email=email,
        name=name,
        password=hashed,
        active=True,
        fs_uniquifier=uuid4().hex,
        language=language,
        organisation=organisation,
        created_at=now,
        roles=[role_row(role)],
    )
    try:
        with db.session.begin_nested():
            db.session.add(user)
    except IntegrityError as error:  # another process was faster
        raise CannotCreateUser("email_taken") from error
    return user


def create_tryout_accounts(*, now: datetime) -> list[TryoutAccount]:
    """Add an administrator, a coordinator for each member organisation and a viewer; return their passwords.

    Only where nobody has an account yet: else nothing is added and the list is empty. Needs the member
    organisations to be there.
    """
    if db.session.scalar(select(exists().select_from(User))):
        return []
    accounts = [_create_tryout("administrator", "Administrator i rrjetit", RoleName.ADMINISTRATOR, None, now)]
    for local, place, organisation in _named_organisations():
        words = (f"koordinator.{local}", f"Koordinator {place}")
        accounts.append(_create_tryout(*words, RoleName.COORDINATOR, organisation, now))
    accounts.append(_create_tryout("lexues", "Lexues i rrjetit", RoleName.VIEWER, None, now))
    return accounts


def _create_tryout(
    local: str, name: str, role: RoleName, organisation: Organisation | None, now: datetime
) -> TryoutAccount:
    password = _readable_password()
    user = create_user(
        email=f"{local}@{TRYOUT_DOMAIN}",
        name=name,
        role=role,
        organisation=organisation,
        password=password,
        by=None,
        now=now,
    )
    return TryoutAccount(email=user.email, password=password, role_words=name)


def _named_organisations() -> list[tuple[str, str, Organisation]]:
    """Return each organisation with a short name for its address and its place in words, by place."""
    named = []
    cities: set[str] = set()
    organisations = select(Organisation).outerjoin(Organisation.municipality)
    for organisation in db.session.scalars(organisations.order_by(Municipality.sort_key, Organisation.id)):
        city = organisation.municipality
        if city is None or city.key in cities:
            # The second organisation of a city goes by its own name.
            named.append((organisation.key, organisation.name, organisation))
        else:
            cities.add(city.key)
            named.append((city.key, city.name, organisation))
    return named


def _readable_password() -> str:
    """Return four groups of four letters, as in *mira-tosu-…*: 49 bits of chance."""
    groups = (
        "".join(secrets.choice(letters) for letters in (_CONSONANTS, _VOWELS) * 2) for _group in range(4)
    )
    return "-".join(groups)


def known_of(organisation: Organisation | None) -> list[str]:
    """Return by what names an organisation is known: nothing of it makes a good password."""
    if organisation is None:
        return []
    return [organisation.name, organisation.name_en, organisation.short_name, organisation.key]


def _sign_in_address(typed: str) -> str:
    allow_example = current_app.config["MODE"] != "production"
    try:
        # Flask-Security looks up the form people write (with the domain in its own letters).
        return show_address(parse_address(typed, allow_example=allow_example)).lower()
    except BadAddress as error:
        raise CannotCreateUser(f"address:{error.reason}") from error


def refuse_unfit(role: RoleName, organisation: Organisation | None, language: str = "sq") -> None:
    """Refuse what no account may be.

    :raises CannotCreateUser: with the reason.
    """
    if role is RoleName.COORDINATOR and organisation is None:
        raise CannotCreateUser("organisation_needed")
    if language not in LANGUAGES:
        raise CannotCreateUser("language_unknown")


def _refuse_name(name: str) -> None:
    name = clean_line(name)
    if not name:
        raise CannotCreateUser("name_missing")
    if len(name) > LONGEST_NAME:
        raise CannotCreateUser("name_long")


def checked_password(typed: str, *, own: Iterable[str]) -> str:
    """Return the hash of a good password; ``own`` is what others know of the person.

    :raises CannotCreateUser: with the reason (see :func:`rules.passwords.password_problem`).
    """
    problem = password_problem(typed, own)
    if problem is not None:
        raise CannotCreateUser(problem)
    return hash_of(typed)


def role_row(name: RoleName) -> Role:
    """Return the row of a role; add it where it is missing."""
    role = db.session.scalar(select(Role).where(Role.name == name.value))
    if role is None:
        role = Role(name=name.value, description=_ROLE_WORDS[name])
        db.session.add(role)
        db.session.flush()
    return role
