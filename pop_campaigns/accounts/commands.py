"""Commands about people who sign in: ``flask --app wsgi user …``."""

from __future__ import annotations

from collections.abc import Sequence

import click
from flask.cli import AppGroup
from sqlalchemy import select

from pop_campaigns.accounts.models import Organisation, User
from pop_campaigns.accounts.rules.roles import RoleName
from pop_campaigns.accounts.services.users import LONGEST_NAME, CannotCreateUser, create_user
from pop_campaigns.accounts.words.accounts import PASSWORD_PROBLEMS
from pop_campaigns.core.clock import now
from pop_campaigns.core.db import db
from pop_campaigns.core.i18n import LANGUAGES, speaking
from pop_campaigns.core.text import fold
from pop_campaigns.mail.addresses import ADDRESS_PROBLEMS

commands = AppGroup("user", help="Add and list the people who sign in.")

_PROBLEMS = {
    "email_taken": "There is an account with this e-mail address already.",
    "name_missing": "Give the person's name, or that of the post: --name “Koordinator Fier”.",
    "name_long": f"The name is too long: at most {LONGEST_NAME} characters.",
    "organisation_needed": "A coordinator belongs to a member organisation: give --organisation.",
    "language_unknown": "The language is sq or en.",
}


@commands.command("create")
@click.option("--email", prompt="E-mail", help="Address to sign in with.")
@click.option("--name", prompt=True, help="Name as others see it.")
@click.option(
    "--role",
    prompt=True,
    type=click.Choice([role.value for role in RoleName]),
    help="What the person may do.",
)
@click.option(
    "--organisation", default="", help="Member organisation: key, short name, name or municipality."
)
@click.option(
    "--language",
    type=click.Choice(LANGUAGES),
    default="sq",
    show_default=True,
    help="Language of their pages.",
)
@click.password_option(help="Better left out: it is asked for, and so stays out of the shell's history.")
def create(email: str, name: str, role: str, organisation: str, language: str, password: str) -> None:
    """Add a person who may sign in; asks for the password."""
    try:
        user = create_user(
            email=email,
            name=name,
            role=RoleName(role),
            organisation=_find_organisation(organisation) if organisation.strip() else None,
            password=password,
            by=None,
            now=now(),
            language=language,
        )
    except CannotCreateUser as error:
        db.session.rollback()
        raise click.ClickException(_problem_words(error.reason)) from error
    db.session.commit()
    click.echo(f"Added {user.email} ({role}{_of_organisation(user)}).")


@commands.command("list")
def list_users() -> None:
    """List everybody who may sign in."""
    users = db.session.scalars(select(User).order_by(User.email)).all()
    for user in users:
        role = user.role.value if user.role else "no role"
        closed = "" if user.active else ", closed"
        click.echo(f"{user.email}  {user.name}  ({role}{_of_organisation(user)}{closed})")
    if not users:
        click.echo("Nobody yet: flask --app wsgi user create adds the first account.")


def _find_organisation(typed: str) -> Organisation:
    """Return the one member organisation that goes by what was typed."""
    wanted = fold(typed)
    organisations = db.session.scalars(select(Organisation).order_by(Organisation.sort_key)).all()
    matches = [organisation for organisation in organisations if wanted in _names_of(organisation)]
    if len(matches) == 1:
        return matches[0]
    if matches:
        raise click.ClickException(
            f"Several organisations go by “{typed}”: give the key of one.\n{_listed(matches)}"
        )
    if not organisations:
        raise click.ClickException(
            "There are no member organisations yet: load a record first (archive load)."
        )
    raise click.ClickException(
        f"No member organisation goes by “{typed}”. There are:\n{_listed(organisations)}"
    )


def _names_of(organisation: Organisation) -> set[str]:
    names = {organisation.key, organisation.name, organisation.name_en, organisation.short_name}
    if organisation.municipality:
        names |= {organisation.municipality.key, organisation.municipality.name}
    return {fold(name) for name in names if name}


def _listed(organisations: Sequence[Organisation]) -> str:
    return "\n".join(
        f"  {organisation.key}  ({_place_and_name(organisation)})" for organisation in organisations
    )


def _place_and_name(organisation: Organisation) -> str:
    place = organisation.municipality.name if organisation.municipality else ""
    return ", ".join(part for part in (organisation.name, place) if part)


def _of_organisation(user: User) -> str:
    return f" of {_place_and_name(user.organisation)}" if user.organisation else ""


def _problem_words(reason: str) -> str:
    kind, _colon, detail = reason.partition(":")
    with speaking("en"):
        if kind == "address":
            return str(ADDRESS_PROBLEMS[detail])
        if kind in PASSWORD_PROBLEMS:
            return str(PASSWORD_PROBLEMS[kind])
    return _PROBLEMS[reason]
