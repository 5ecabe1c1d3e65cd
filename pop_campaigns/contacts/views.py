"""Pages of contacts: whom one can write to, and the forms that keep it true."""

from __future__ import annotations

from datetime import date
from typing import Any

from flask import Blueprint, abort, flash, redirect, render_template, request, url_for
from flask.typing import ResponseReturnValue
from flask_babel import gettext as _
from flask_security import current_user
from werkzeug.wrappers import Response
from wtforms import Field

from pop_campaigns.accounts.guard import reader, writer
from pop_campaigns.accounts.scope import get_changeable, get_visible
from pop_campaigns.contacts import directory, services
from pop_campaigns.contacts.forms import (
    AddressForm,
    HolderForm,
    InstitutionForm,
    MandateForm,
    NewOfficeForm,
    NewPersonForm,
    OfficeForm,
    PersonForm,
    kind_choices,
    read_address,
)
from pop_campaigns.contacts.labels import mandate_words
from pop_campaigns.contacts.models import Address, Institution, Mandate, Office, Person
from pop_campaigns.contacts.queries import also_at, persons_named
from pop_campaigns.contacts.rules import AddressUse, InstitutionKind
from pop_campaigns.contacts.services import (
    AlreadyThere,
    BeginsTooEarly,
    Contact,
    FirstDayNeeded,
    NoOrganisation,
    owner_of_new,
)
from pop_campaigns.contacts.words import contact_url, contact_words, for_templates, lang_now, person_words
from pop_campaigns.core.clock import local_date, now
from pop_campaigns.core.dates import short_day_words
from pop_campaigns.core.db import db
from pop_campaigns.core.forms import Form
from pop_campaigns.core.pages import paged
from pop_campaigns.core.places import all_municipalities
from pop_campaigns.core.text import sort_key
from pop_campaigns.mail.addresses import show_address

bp = Blueprint("contacts", __name__, url_prefix="/people")
# Whose address it is, as the page's address says it.
OWNERS: dict[str, type[Contact]] = {"institutions": Institution, "offices": Office, "persons": Person}


@bp.get("")
@reader
def index() -> ResponseReturnValue:
    """Institutions with their offices and holders, searched and filtered."""
    typed, kind = request.args.get("q", "").strip()[:200], request.args.get("kind", "")
    places = all_municipalities()
    place = next((one for one in places if one.key == request.args.get("municipality")), None)
    chosen_kind = InstitutionKind(kind) if kind in set(InstitutionKind) else None
    found = directory.select_institutions(typed, chosen_kind, place, current_user, _today())
    page = paged(found)
    return render_template(
        "contacts/index.html",
        page=page,
        rows=directory.institution_rows(page.rows, current_user, _today()),
        typed=typed,
        kind=chosen_kind,
        place=place,
        kinds=kind_choices(),
        municipalities=places,
        filtered=bool(typed or chosen_kind or place),
    )


@bp.get("/persons")
@reader
def persons() -> ResponseReturnValue:
    """Persons by name, with the offices they hold."""
    typed = request.args.get("q", "").strip()[:200]
    page = paged(directory.select_persons(typed, current_user))
    rows = directory.person_rows(page.rows, current_user, _today())
    return render_template("contacts/persons.html", page=page, rows=rows, typed=typed)


@bp.get("/institutions/<int:ident>")
@reader
def institution(ident: int) -> ResponseReturnValue:
    """One institution: offices, holders, addresses, what was done."""
    record = get_visible(Institution, ident)
    row = directory.institution_rows([record], current_user, _today())[0]
    subjects: list[Contact] = [record, *(office.office for office in row.offices)]
    changes = directory.changes_of(subjects, current_user)
    return render_template("contacts/institution.html", row=row, institution=record, changes=changes)


@bp.get("/persons/<int:ident>")
@reader
def person(ident: int) -> ResponseReturnValue:
    """One person: offices, addresses, what was done."""
    record = get_visible(Person, ident)
    row = directory.person_rows([record], current_user, _today())[0]
    changes = directory.changes_of([record], current_user)
    return render_template("contacts/person.html", row=row, person=record, changes=changes)


@bp.route("/institutions/new", methods=["GET", "POST"])
@writer
def new_institution() -> ResponseReturnValue:
    """Add an institution; ``?name=`` is what was searched for in vain."""
    _owner_beside(None)
    form, there = InstitutionForm(name_sq=request.args.get("name", "")[:200]), None
    if form.validate_on_submit():
        try:
            made = services.create_institution(form.draft(), by=current_user, now=now())
        except AlreadyThere as found:
            there = _say_there(form.name_sq, found)
        else:
            return _saved(made, _("%(name)s is added. Now add its offices.", name=made.name_sq))
    return _form_page(form, _("New institution"), url_for("contacts.index"), there=there)


@bp.route("/institutions/<int:ident>/edit", methods=["GET", "POST"])
@writer
def edit_institution(ident: int) -> ResponseReturnValue:
    """Change an institution."""
    record = get_changeable(Institution, ident)
    form, there = InstitutionForm(obj=record, kind=record.kind.value, municipality=_place_of(record)), None
    if form.validate_on_submit():
        try:
            services.change_institution(record, form.draft(), by=current_user, now=now())
        except AlreadyThere as found:
            there = _say_there(form.name_sq, found)
        else:
            return _saved(record, _("Saved."))
    return _form_page(
        form, _("Change institution"), contact_url(record), kicker=contact_words(record), there=there
    )


@bp.route("/institutions/<int:ident>/offices/new", methods=["GET", "POST"])
@writer
def new_office(ident: int) -> ResponseReturnValue:
    """Add an office to an institution, with its address if known."""
    beside = get_visible(Institution, ident)
    _owner_beside(beside)
    form, there = NewOfficeForm(), None
    if form.validate_on_submit():
        try:
            made = services.create_office(beside, form.draft(), by=current_user, now=now())
            if form.email.data:
                _add_address(made, read_address(form.email.data), AddressUse.MAIN)
        except AlreadyThere as found:
            there = _say_there(form.title_sq, found)
        else:
            return _saved(made, _("%(name)s is added.", name=made.title_sq))
    return _form_page(form, _("New office"), contact_url(beside), kicker=contact_words(beside), there=there)


@bp.route("/offices/<int:ident>/edit", methods=["GET", "POST"])
@writer
def edit_office(ident: int) -> ResponseReturnValue:
    """Change an office."""
    record = get_changeable(Office, ident)
    form, there = OfficeForm(obj=record), None
    if form.validate_on_submit():
        try:
            services.change_office(record, form.draft(), by=current_user, now=now())
        except AlreadyThere as found:
            there = _say_there(form.title_sq, found)
        else:
            return _saved(record, _("Saved."))
    return _form_page(
        form, _("Change office"), contact_url(record), kicker=contact_words(record), there=there
    )


@bp.route("/offices/<int:ident>/holder", methods=["GET", "POST"])
@writer
def new_holder(ident: int) -> ResponseReturnValue:
    """Record who holds an office, and end the mandate of who held it."""
    office = get_visible(Office, ident)
    owner = _owner_beside(office)
    form, there = HolderForm(), None
    same = persons_named(form.name.data or "", owner)
    form.offer(
        [(row.person.id, person_words(row)) for row in directory.person_rows(same, current_user, _today())]
    )
    if form.validate_on_submit():
        try:
            _record_holder(office, form, same)
        except AlreadyThere as found:
            there = _say_there(form.name, found)
        except FirstDayNeeded as problem:
            _refuse(form.from_date, _words_about(problem))
        else:
            return _saved(office, _("%(name)s now stands as holder of the office.", name=form.name.data))
    row = directory.office_rows([office], current_user, _today())[0]
    # What the user's organisation recorded can end; the network's record stays, but counts after it.
    ending = [mandate for mandate in row.present if mandate.organisation_id == owner]
    staying = [mandate for mandate in row.present if mandate.organisation_id != owner]
    back, status = contact_url(office), 422 if form.errors else 200
    words = {"office": office, "ending": ending, "staying": staying, "there": there, "back": back}
    return render_template("contacts/holder.html", form=form, **words), status


def _record_holder(office: Office, form: HolderForm, same: list[Person]) -> None:
    which = form.which.data if form.which else "new"
    chosen = next((one for one in same if str(one.id) == which), None)
    services.record_holder(
        office,
        chosen or form.name.data,
        from_date=form.from_date.data,
        to_date=form.to_date.data,
        ends_present=form.ends_present.data,
        by=current_user,
        now=now(),
    )


@bp.route("/mandates/<int:ident>", methods=["GET", "POST"])
@writer
def edit_mandate(ident: int) -> ResponseReturnValue:
    """Set the first and last day of a mandate: end it, or put it right."""
    mandate = get_changeable(Mandate, ident)
    get_visible(Office, mandate.office_id)
    form = MandateForm(obj=mandate)
    if form.validate_on_submit():
        services.change_mandate(mandate, form.from_date.data, form.to_date.data, by=current_user, now=now())
        return _saved(mandate.office, _("Saved."))
    title = _("Time in office of %(name)s", name=mandate.person.name)
    return _form_page(form, title, contact_url(mandate.office), kicker=contact_words(mandate.office))


@bp.route("/persons/new", methods=["GET", "POST"])
@writer
def new_person() -> ResponseReturnValue:
    """Add a person who holds no office: a journalist, an expert."""
    _owner_beside(None)
    form, there = NewPersonForm(name=request.args.get("name", "")[:160]), None
    if form.validate_on_submit():
        email = read_address(form.email.data) if form.email.data else ""
        try:
            made = services.create_person(
                form.name.data,
                form.language.data,
                email,
                another=form.another.data,
                by=current_user,
                now=now(),
            )
        except AlreadyThere as found:
            there = _say_there(form.name, found)
        else:
            for address in made.addresses:
                _say_shared(address)
            return _saved(made, _("%(name)s is added.", name=made.name))
    if not there:
        del form.another
    lead = _("Who holds an office is added at the office, so that letters keep going to the office.")
    return _form_page(form, _("New person"), url_for("contacts.persons"), lead=lead, there=there)


@bp.route("/persons/<int:ident>/edit", methods=["GET", "POST"])
@writer
def edit_person(ident: int) -> ResponseReturnValue:
    """Change a person's name and language."""
    record = get_changeable(Person, ident)
    form = PersonForm(obj=record)
    if form.validate_on_submit():
        services.change_person(record, form.name.data, form.language.data, by=current_user, now=now())
        return _saved(record, _("Saved."))
    return _form_page(form, _("Change person"), contact_url(record), kicker=record.name)


@bp.route("/<any(institutions, offices, persons):owners>/<int:ident>/addresses/new", methods=["GET", "POST"])
@writer
def new_address(owners: str, ident: int) -> ResponseReturnValue:
    """Add an e-mail address to an institution, office or person."""
    owner = get_visible(OWNERS[owners], ident)
    _owner_beside(owner)
    form, there = AddressForm(), None
    if form.validate_on_submit():
        try:
            _add_address(owner, read_address(form.email.data), form.chosen_use())
        except AlreadyThere as found:
            there = _say_there(form.email, found)
        else:
            return _saved(owner, _("The address is added."))
    return _form_page(form, _("New address"), contact_url(owner), kicker=contact_words(owner), there=there)


@bp.route("/addresses/<int:ident>/edit", methods=["GET", "POST"])
@writer
def edit_address(ident: int) -> ResponseReturnValue:
    """Change an e-mail address, or put the real one in place of a placeholder."""
    address = get_changeable(Address, ident)
    owner = services.owner_of_address(address)
    form, there = AddressForm(email=address.email, use=address.use.value), None
    if form.validate_on_submit():
        try:
            email = read_address(form.email.data)
            services.change_address(address, email, form.chosen_use(), by=current_user, now=now())
        except AlreadyThere as found:
            there = _say_there(form.email, found)
        else:
            _say_shared(address)
            return _saved(owner, _("Saved."))
    return _form_page(form, _("Change address"), contact_url(owner), kicker=contact_words(owner), there=there)


@bp.route("/addresses/<int:ident>/remove", methods=["GET", "POST"])
@writer
def remove_address(ident: int) -> ResponseReturnValue:
    """Ask, then remove an e-mail address; a second press finds it removed already."""
    before = directory.removed_before(ident, current_user)
    if before and db.session.get(Address, ident) is None:
        flash(_("This address was removed already."), "info")
        return redirect(contact_url(get_visible(OWNERS[before.subject_type], before.subject_id)))
    address = get_changeable(Address, ident)
    owner = services.owner_of_address(address)
    if request.method == "POST":
        services.remove_address(address, by=current_user, now=now())
        return _saved(owner, _("The address %(email)s is removed.", email=address.email))
    return render_template(
        "contacts/remove_address.html", address=address, back=contact_url(owner), owner=owner
    )


bp.context_processor(for_templates)


def _today() -> date:
    return local_date(now())


def _owner_beside(beside: Contact | None) -> int | None:
    """Give whose the new record will be; who has nobody to collect for finds no such page."""
    try:
        return owner_of_new(current_user, beside)
    except NoOrganisation:
        abort(404)


def _place_of(record: Institution) -> str:
    return str(record.municipality_id or "")


def _form_page(
    form: Form, title: str, back: str, *, kicker: str = "", lead: str = "", there: Any = None
) -> tuple[str, int]:
    """Show a form of one column; 422 when what was typed needs attention. ``there`` is the record in the way."""
    words = {"title": title, "back": back, "kicker": kicker, "lead": lead, "there": there}
    return render_template("contacts/form.html", form=form, **words), 422 if form.errors else 200


def _saved(record: Contact, message: str) -> Response:
    db.session.commit()
    flash(message, "success")
    return redirect(contact_url(record))


def _refuse(field: Field, message: str) -> None:
    field.errors = [*field.errors, message]


def _say_there(field: Field, found: AlreadyThere) -> Contact:
    """Put the refusal of a double at its field and give the contact to link to."""
    record = found.record
    if isinstance(record, Mandate):
        period = mandate_words(record.from_date, record.to_date, lang_now(), record.known_on)
        _refuse(
            field,
            _(
                "%(name)s is recorded in this office already: %(period)s.",
                name=record.person.name,
                period=period,
            ),
        )
        return record.office
    if isinstance(record, Address):
        _refuse(field, _("This address is there already."))
        return services.owner_of_address(record)
    name = contact_words(record)
    _refuse(field, _("%(name)s is there already.", name=name))
    return record


def _words_about(problem: FirstDayNeeded) -> str:
    name, since = problem.mandate.person.name, problem.mandate.from_date
    if isinstance(problem, BeginsTooEarly) and since:
        day = short_day_words(since, lang_now())
        return str(
            _("%(name)s holds the office since %(day)s; the next mandate begins later.", name=name, day=day)
        )
    return str(
        _(
            "Give the first day, so that the mandate of %(name)s can end the day before; or end it first.",
            name=name,
        )
    )


def _add_address(owner: Contact, email: str, use: AddressUse) -> None:
    _say_shared(services.add_address(owner, email, use, by=current_user, now=now()))


def _say_shared(address: Address) -> None:
    """Say whose address it is as well: allowed, but worth knowing before both are invited."""
    others = {contact_words(services.owner_of_address(row)) for row in also_at(address, current_user)}
    if others:
        words = {"email": show_address(address.email), "names": "; ".join(sorted(others, key=sort_key))}
        flash(_("%(email)s is also the address of: %(names)s.", **words), "info")
