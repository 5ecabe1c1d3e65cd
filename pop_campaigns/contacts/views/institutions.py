"""Pages of contacts: whom one can write to, and the forms that keep it true."""

from __future__ import annotations

from typing import Any

from flask import flash, redirect, render_template, request, url_for
from flask.typing import ResponseReturnValue
from flask_babel import gettext as _
from flask_security import current_user

from pop_campaigns.accounts.guard import reader, writer
from pop_campaigns.accounts.scope import get_changeable, get_visible
from pop_campaigns.accounts.views.sent_before import form_made, sent_once
from pop_campaigns.contacts.blueprint import bp
from pop_campaigns.contacts.forms.institutions import (
    AddressForm,
    HolderForm,
    InstitutionForm,
    MandateForm,
    NewOfficeForm,
    OfficeForm,
    form_of,
    institution_values,
    kind_choices,
    office_values,
    read_address,
)
from pop_campaigns.contacts.models.addresses import Address
from pop_campaigns.contacts.models.institutions import Institution, Office
from pop_campaigns.contacts.models.persons import Mandate, Person
from pop_campaigns.contacts.queries import directory
from pop_campaigns.contacts.queries.details import further_of
from pop_campaigns.contacts.queries.lacking import count_lacking
from pop_campaigns.contacts.queries.reach import possible_parents
from pop_campaigns.contacts.queries.silent import unread_among
from pop_campaigns.contacts.queries.similar import persons_like
from pop_campaigns.contacts.rules import AddressUse, DetailKind
from pop_campaigns.contacts.services import institutions as services
from pop_campaigns.contacts.services.institutions import CannotBePartOf, FirstDayNeeded
from pop_campaigns.contacts.services.merging import merges_of
from pop_campaigns.contacts.services.records import AlreadyThere, Contact, Similar
from pop_campaigns.contacts.views.form_pages import (
    add_address,
    ask_similar,
    form_page,
    owner_beside,
    refuse,
    saved,
    say_shared,
    say_there,
    seen_similar,
    today,
    words_about,
)
from pop_campaigns.contacts.views.further import Further
from pop_campaigns.contacts.views.listing import MEDIA_TYPES, export_file, filter_details, filters
from pop_campaigns.contacts.words.contacts import (
    contact_url,
    contact_words,
    for_templates,
    person_words,
)
from pop_campaigns.contacts.words.labels import HISTORY_WORDS
from pop_campaigns.core.clock import now
from pop_campaigns.core.db import db
from pop_campaigns.core.handing_out import hand_out
from pop_campaigns.core.meanwhile import is_as_seen, meet_changes, seen_versions
from pop_campaigns.core.pages import paged
from pop_campaigns.core.places import Municipality
from pop_campaigns.core.safe_path import way_back
from pop_campaigns.core.text import sort_key

# Whose address it is, as the page's address says it.
OWNERS: dict[str, type[Contact]] = {"institutions": Institution, "offices": Office, "persons": Person}


@bp.get("")
@reader
def index() -> ResponseReturnValue:
    """Show institutions with their offices and holders, searched and filtered."""
    chosen = filters()
    page = paged(chosen.found())
    return render_template(
        "contacts/index.html",
        page=page,
        rows=directory.institution_rows(page.items, current_user, today()),
        typed=chosen.typed,
        kind=chosen.kind,
        place=chosen.place,
        lack=chosen.lack,
        lacks=count_lacking(chosen.found(lacking=False), current_user, today()),
        kinds=kind_choices(),
        municipalities=_filterable(chosen.place),
        filtered=bool(chosen),
    )


def _filterable(chosen: Municipality | None) -> list[Municipality]:
    """Return the municipalities in use, and the one that an address asked for."""
    used = list(directory.municipalities_in_use(current_user))
    if chosen is not None and chosen not in used:
        used.append(chosen)
    return sorted(used, key=lambda municipality: sort_key(municipality.name))


@bp.post("/<any(institutions, persons):listed>.<any(csv, xlsx, vcf):ending>")
@reader
def export(listed: str, ending: str) -> ResponseReturnValue:
    """Hand out what a list shows, with its filters, as a table, a workbook or cards for an address book."""
    content, number = export_file(listed, ending)
    if not content:
        flash(_("Nobody on this list has an address or a phone number yet, so there are no cards."), "info")
        page = "contacts.index" if listed == "institutions" else "contacts.persons"
        chosen: dict[str, Any] = {
            name: request.args.get(name) for name in ("q", "kind", "municipality", "lack")
        }
        return redirect(url_for(page, **chosen))
    answer = hand_out(
        content, MEDIA_TYPES[ending], f"{listed}.{ending}",
        action="contacts.exported", subject=current_user, by=current_user, now=now(),
        listed=listed, form=ending, rows=number, **filter_details(listed),
    )  # fmt: skip
    db.session.commit()
    return answer


@bp.get("/institutions/<int:ident>")
@reader
def institution(ident: int) -> ResponseReturnValue:
    """Show one institution: offices, holders, addresses, what was done."""
    merged = directory.merged_into(Institution, ident)
    if merged is not None:
        return redirect(contact_url(get_visible(Institution, merged)))
    record = get_visible(Institution, ident)
    row = directory.institution_rows([record], current_user, today())[0]
    subjects: list[Contact] = [record, *(office.office for office in row.offices)]
    return render_template(
        "contacts/institution.html",
        row=row,
        institution=record,
        further=further_of(subjects, current_user),
        above=directory.institutions_above(record, current_user),
        parts=directory.parts_of(record, current_user),
        merges=merges_of(record, current_user),
        changes=directory.changes_of(subjects, current_user, actions=HISTORY_WORDS),
        silent=unread_among(_emails(row), current_user, now()),
    )


def _emails(row: directory.InstitutionRow) -> list[str]:
    lines = [row.addresses, *(office.addresses for office in row.offices)]
    return [address.email for of_one in lines for address in of_one]


@bp.route("/institutions/new", methods=["GET", "POST"])
@writer
@sent_once
def new_institution() -> ResponseReturnValue:
    """Add an institution; ``?name=`` is what was searched for in vain."""
    owner = owner_beside(None)
    further, similar = Further(None, *DetailKind), []
    form = further.open(InstitutionForm, name_sq=request.args.get("name", "")[:200])
    form.offer_parents(possible_parents(owner))
    further.shown_again(form)
    if form.validate_on_submit():
        try:
            seen = seen_similar()
            record = services.create_institution(form.draft(), seen=seen, by=current_user, now=now())
            further.save(form, record)
        except Similar as asked:
            similar = ask_similar(form.name_sq, asked)
        except CannotBePartOf:  # moved or removed since the list was made
            refuse(form.part_of, _("Not a valid choice."))
        else:
            edit_url = url_for("contacts.edit_institution", ident=record.id)
            form_made(record, page=contact_url(record), edit=edit_url)
            words = _("%(name)s is added. Now add its offices.", name=contact_words(record))
            back = way_back()
            if not back:
                return saved(record, words)
            db.session.commit()
            flash(words, "success")
            return redirect(url_for("contacts.new_office", ident=record.id, back=back))
    return form_page(form, _("New institution"), url_for("contacts.index"), similar=similar)


@bp.route("/institutions/<int:ident>/edit", methods=["GET", "POST"])
@writer
def edit_institution(ident: int) -> ResponseReturnValue:
    """Change an institution."""
    record = get_changeable(Institution, ident)
    further = Further(record, *DetailKind)
    form = further.open(InstitutionForm, **institution_values(record))
    form.offer_parents(possible_parents(record.organisation_id, record))
    meet_changes(form, record)
    further.shown_again(form)
    similar: list[tuple[Contact, str]] = []
    if form.validate_on_submit():
        try:
            seen = seen_similar()
            services.change_institution(record, form.draft(), seen=seen, by=current_user, now=now())
            further.save(form, record)
        except Similar as asked:
            similar = ask_similar(form.name_sq, asked)
        except CannotBePartOf:  # moved or removed since the list was made
            refuse(form.part_of, _("Not a valid choice."))
        else:
            return saved(record, _("Saved."))
    return form_page(
        form, _("Change institution"), contact_url(record), kicker=contact_words(record), similar=similar
    )


@bp.route("/institutions/<int:ident>/offices/new", methods=["GET", "POST"])
@writer
@sent_once
def new_office(ident: int) -> ResponseReturnValue:
    """Add an office to an institution, with its address if known."""
    beside = get_visible(Institution, ident)
    owner_beside(beside)
    further, similar = Further(None, *DetailKind), []
    form = further.open(NewOfficeForm, language=beside.language)
    further.shown_again(form)
    if form.validate_on_submit():
        try:
            seen = seen_similar()
            office = services.create_office(beside, form.draft(), seen=seen, by=current_user, now=now())
            further.save(form, office)
            if form.email.data:
                add_address(office, read_address(form.email.data), AddressUse.MAIN)
        except Similar as asked:
            similar = ask_similar(form.title_sq, asked)
        else:
            edit_url = url_for("contacts.edit_office", ident=office.id)
            form_made(office, page=contact_url(office), edit=edit_url)
            return saved(office, _("%(name)s is added.", name=contact_words(office)))
    return form_page(
        form, _("New office"), contact_url(beside), kicker=contact_words(beside), similar=similar
    )


@bp.route("/offices/<int:ident>/edit", methods=["GET", "POST"])
@writer
def edit_office(ident: int) -> ResponseReturnValue:
    """Change an office."""
    record = get_changeable(Office, ident)
    further, similar = Further(record, *DetailKind), []
    form = further.open(OfficeForm, **office_values(record))
    meet_changes(form, record)
    further.shown_again(form)
    if form.validate_on_submit():
        try:
            services.change_office(record, form.draft(), seen=seen_similar(), by=current_user, now=now())
            further.save(form, record)
        except Similar as asked:
            similar = ask_similar(form.title_sq, asked)
        else:
            return saved(record, _("Saved."))
    kicker = contact_words(record)
    return form_page(form, _("Change office"), contact_url(record), kicker=kicker, similar=similar)


@bp.route("/offices/<int:ident>/holder", methods=["GET", "POST"])
@writer
def new_holder(ident: int) -> ResponseReturnValue:
    """Record who holds an office, and end the mandate of who held it."""
    office = get_visible(Office, ident)
    owner = owner_beside(office)
    form, there = HolderForm(), None
    before = directory.office_rows([office], current_user, today())[0].present
    same = persons_like(form.name.data or "", owner)
    form.offer(
        [(row.person.id, person_words(row)) for row in directory.person_rows(same, current_user, today())]
    )
    if form.validate_on_submit():
        try:
            _record_holder(office, form, same)
        except AlreadyThere as double:
            there = say_there(form.name, double)
        except FirstDayNeeded as problem:
            refuse(form.from_date, words_about(problem))
        else:
            words = _("%(name)s now stands as holder of the office.", name=form.name.data)
            ended = form.ends_present.data and any(mandate.organisation_id == owner for mandate in before)
            return saved(office, words, _what_stays_open(office) if ended else "")
    # What the user's organisation recorded can end; the network's record stays, but counts after it.
    ending = [mandate for mandate in before if mandate.organisation_id == owner]
    staying = [mandate for mandate in before if mandate.organisation_id != owner]
    back, status = contact_url(office), 422 if form.errors else 200
    words = {"office": office, "ending": ending, "staying": staying, "there": there, "back": back}
    return render_template("contacts/holder.html", form=form, **words), status


def _what_stays_open(office: Office) -> str:
    """Return the address of the page about an office's invitations and letters; where none is open it leads on."""
    return url_for("desk.open_matters", ident=office.id)


def _record_holder(office: Office, form: HolderForm, same: list[Person]) -> None:
    which = form.which.data if form.which else "new"
    chosen = next((person for person in same if str(person.id) == which), None)
    services.record_holder(
        office,
        chosen or form.name.data,
        from_date=form.from_date.data,
        to_date=form.to_date.data,
        ends_present=form.ends_present.data,
        form_of_address=form_of(form.form_of_address),
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
    meet_changes(form, mandate, told_of=mandate.office)
    if form.validate_on_submit():
        ends = form.to_date.data is not None and form.to_date.data != mandate.to_date
        services.change_mandate(mandate, form.from_date.data, form.to_date.data, by=current_user, now=now())
        return saved(mandate.office, _("Saved."), _what_stays_open(mandate.office) if ends else "")
    title = _("Time in office of %(name)s", name=mandate.person.name)
    return form_page(form, title, contact_url(mandate.office), kicker=contact_words(mandate.office))


@bp.route("/<any(institutions, offices, persons):owners>/<int:ident>/addresses/new", methods=["GET", "POST"])
@writer
def new_address(owners: str, ident: int) -> ResponseReturnValue:
    """Add an e-mail address to an institution, office or person."""
    owner = get_visible(OWNERS[owners], ident)
    owner_beside(owner)
    form, there = AddressForm(), None
    if form.validate_on_submit():
        try:
            add_address(owner, read_address(form.email.data), form.chosen_use())
        except AlreadyThere as double:
            there = say_there(form.email, double)
        else:
            return saved(owner, _("The address is added."))
    return form_page(form, _("New address"), contact_url(owner), kicker=contact_words(owner), there=there)


@bp.route("/addresses/<int:ident>/edit", methods=["GET", "POST"])
@writer
def edit_address(ident: int) -> ResponseReturnValue:
    """Change an e-mail address, or put the real one in place of a placeholder."""
    address = get_changeable(Address, ident)
    owner = services.owner_of_address(address)
    form, there = AddressForm(email=address.email, use=address.use.value), None
    meet_changes(form, address, told_of=owner)
    if form.validate_on_submit():
        try:
            email = read_address(form.email.data)
            services.change_address(address, email, form.chosen_use(), by=current_user, now=now())
        except AlreadyThere as double:
            there = say_there(form.email, double)
        else:
            say_shared(address)
            return saved(owner, _("Saved."))
    return form_page(form, _("Change address"), contact_url(owner), kicker=contact_words(owner), there=there)


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
    if request.method == "POST" and is_as_seen(address, told_of=owner):
        services.remove_address(address, by=current_user, now=now())
        return saved(owner, _("The address %(email)s is removed.", email=address.email))
    words: dict[str, Any] = {"address": address, "back": contact_url(owner), "owner": owner}
    page = render_template("contacts/remove_address.html", seen=seen_versions(address), **words)
    return page, 409 if request.method == "POST" else 200


bp.context_processor(for_templates)
