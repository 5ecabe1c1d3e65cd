"""What the pages of contacts share: showing a form again with its reason, saying what was saved."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date
from typing import Any

from flask import abort, flash, redirect, render_template, request
from flask_babel import gettext as _
from flask_security import current_user
from werkzeug.wrappers import Response
from wtforms import Field

from pop_campaigns.accounts.scope import NoOrganisation, owner_of_new
from pop_campaigns.contacts.models.addresses import Address
from pop_campaigns.contacts.models.persons import Mandate, Person
from pop_campaigns.contacts.queries import directory
from pop_campaigns.contacts.queries.reach import also_at
from pop_campaigns.contacts.queries.similar import MOST
from pop_campaigns.contacts.rules import AddressUse
from pop_campaigns.contacts.services import institutions as services
from pop_campaigns.contacts.services.institutions import BeginsTooEarly, FirstDayNeeded
from pop_campaigns.contacts.services.records import AlreadyThere, Contact, Similar
from pop_campaigns.contacts.words.contacts import contact_url, contact_words, person_words
from pop_campaigns.contacts.words.labels import mandate_words
from pop_campaigns.core.clock import local_date, now
from pop_campaigns.core.dates import short_day_words
from pop_campaigns.core.db import db
from pop_campaigns.core.forms import Form
from pop_campaigns.core.i18n import current_language
from pop_campaigns.core.numbers import row_number
from pop_campaigns.core.safe_path import way_back
from pop_campaigns.core.text import sort_key
from pop_campaigns.mail.addresses import show_address


def today() -> date:
    return local_date(now())


def owner_beside(beside: Contact | None) -> int | None:
    """Return whose the new record will be; who has nobody to collect for finds no such page."""
    try:
        return owner_of_new(current_user, beside.organisation_id if beside else None)
    except NoOrganisation:
        abort(404)


def form_page(
    form: Form,
    title: str,
    back: str,
    *,
    kicker: str = "",
    lead: str = "",
    there: Any = None,
    similar: Sequence[tuple[Contact, str]] = (),
) -> tuple[str, int]:
    """Show a form of one column; 422 when what was typed needs attention.

    ``there`` is the record in the way, ``similar`` are those of a like name, each with what tells it apart.
    """
    words = {
        "title": title,
        "back": way_back(back),
        "kicker": kicker,
        "lead": lead,
        "there": there,
        "similar": similar,
    }
    return render_template("contacts/form.html", form=form, **words), 422 if form.errors else 200


def saved(record: Contact, message: str, then: str = "") -> Response:
    """Commit, say so, and go to the contact's page, or where the next question waits.

    Whoever came from elsewhere (``core.safe_path.way_back``) goes back there; in a picker the contact is ticked.
    """
    db.session.commit()
    flash(message, "success")
    back = way_back()
    if back:
        return redirect(f"{back}{'&' if '?' in back else '?'}guest={record.__tablename__[:-1]}-{record.id}")
    return redirect(then or contact_url(record))


def refuse(field: Field, message: str) -> None:
    field.errors = [*field.errors, message]


def seen_similar() -> frozenset[int]:
    """Return which of a like name were shown to whom presses *Add anyway*; none where that was not pressed."""
    if "anyway" not in request.form:
        return frozenset()
    numbers = (row_number(word) for word in request.form.get("seen", "").split(",")[:MOST])
    return frozenset(number for number in numbers if number)


def ask_similar(field: Field, asked: Similar) -> list[tuple[Contact, str]]:
    """Put the question at its field; return those of a like name, each with what tells it apart."""
    refuse(field, _("Something similar is here. Open it, or add this one anyway."))
    persons = [record for record in asked.records if isinstance(record, Person)]
    under = {
        row.person.id: person_words(row).removeprefix(row.person.name).strip(" —")
        for row in directory.person_rows(persons, current_user, today())
    }
    return [(record, under.get(record.id, "") if persons else "") for record in asked.records]


def say_there(field: Field, double: AlreadyThere) -> Contact:
    """Put the refusal of a double at its field and return the contact to link to."""
    record = double.record
    if isinstance(record, Mandate):
        period = mandate_words(record.from_date, record.to_date, current_language(), record.known_on)
        refuse(
            field,
            _(
                "%(name)s is recorded in this office already: %(period)s.",
                name=record.person.name,
                period=period,
            ),
        )
        return record.office
    if isinstance(record, Address):
        refuse(field, _("This address is there already."))
        return services.owner_of_address(record)
    name = contact_words(record)
    refuse(field, _("%(name)s is there already.", name=name))
    return record


def words_about(problem: FirstDayNeeded) -> str:
    name, since = problem.mandate.person.name, problem.mandate.from_date
    if isinstance(problem, BeginsTooEarly) and since:
        day = short_day_words(since, current_language())
        return str(
            _("%(name)s holds the office since %(day)s; the next mandate begins later.", name=name, day=day)
        )
    return str(
        _(
            "Give the first day, so that the mandate of %(name)s can end the day before; or end it first.",
            name=name,
        )
    )


def add_address(owner: Contact, email: str, use: AddressUse) -> None:
    say_shared(services.add_address(owner, email, use, by=current_user, now=now()))


def say_shared(address: Address) -> None:
    """Say whose address it is as well: allowed, but worth knowing before both are invited."""
    others = {contact_words(services.owner_of_address(row)) for row in also_at(address, current_user)}
    if others:
        words = {"email": show_address(address.email), "names": "; ".join(sorted(others, key=sort_key))}
        flash(_("%(email)s is also the address of: %(names)s.", **words), "info")
