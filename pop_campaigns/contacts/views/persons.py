"""Pages of persons: who they are, what they agreed to, to whom they were handed over."""

from __future__ import annotations

from typing import Any

from flask import Response, abort, flash, redirect, render_template, request, url_for
from flask.typing import ResponseReturnValue
from flask_babel import gettext as _
from flask_babel.speaklater import LazyString
from flask_security import current_user

from pop_campaigns.accounts.guard import reader, writer
from pop_campaigns.accounts.models import Organisation
from pop_campaigns.accounts.rules.roles import MAY_WRITE
from pop_campaigns.accounts.scope import get_changeable, get_visible, may_change
from pop_campaigns.accounts.views.sent_before import form_made, sent_once
from pop_campaigns.contacts.blueprint import bp
from pop_campaigns.contacts.forms.institutions import read_address
from pop_campaigns.contacts.forms.persons import (
    ConsentForm,
    NewPersonForm,
    PersonForm,
    WithdrawForm,
    person_values,
)
from pop_campaigns.contacts.models.consents import Consent
from pop_campaigns.contacts.models.persons import Person
from pop_campaigns.contacts.queries import directory
from pop_campaigns.contacts.queries.details import further_of
from pop_campaigns.contacts.queries.mailable import mail_of_person
from pop_campaigns.contacts.queries.reach import media_for
from pop_campaigns.contacts.queries.silent import unread_among
from pop_campaigns.contacts.rules import MAIL_PURPOSES, ConsentChannel, DetailKind, PersonKind
from pop_campaigns.contacts.services import consents, persons
from pop_campaigns.contacts.services.merging import merges_of
from pop_campaigns.contacts.services.persons import NotAgreed, WasErased
from pop_campaigns.contacts.services.records import AlreadyThere, Similar
from pop_campaigns.contacts.views.form_pages import (
    ask_similar,
    form_page,
    owner_beside,
    refuse,
    saved,
    say_shared,
    seen_similar,
    today,
)
from pop_campaigns.contacts.views.further import Further
from pop_campaigns.contacts.views.listing import person_filters
from pop_campaigns.contacts.words.consent_texts import CURRENT, TEXTS, consent_text
from pop_campaigns.contacts.words.contacts import contact_url
from pop_campaigns.contacts.words.labels import HISTORY_WORDS, PURPOSES
from pop_campaigns.contacts.words.mailing import BASES, UNMAILED
from pop_campaigns.core.chips import Chip
from pop_campaigns.core.clock import now
from pop_campaigns.core.db import db
from pop_campaigns.core.downloads import give_stored
from pop_campaigns.core.file_pages import refusal_words
from pop_campaigns.core.files import RefusedFile, store_file
from pop_campaigns.core.meanwhile import meet_changes
from pop_campaigns.core.numbers import row_number
from pop_campaigns.core.pages import paged


@bp.get("/persons", endpoint="persons")
@reader
def person_list() -> ResponseReturnValue:
    """Show persons by name, with the offices they hold; by kind and municipality."""
    typed, kind, place = person_filters()
    page = paged(directory.select_persons(typed, current_user, kind, place))
    rows = directory.person_rows(page.items, current_user, today())
    places = directory.municipalities_of_persons(current_user)
    return render_template(
        "contacts/persons.html",
        page=page,
        rows=rows,
        typed=typed,
        kind=kind,
        place=place,
        municipalities=places,
        filtered=bool(typed or kind or place),
    )


@bp.get("/persons/<int:ident>")
@reader
def person(ident: int) -> ResponseReturnValue:
    """Show one person: offices, addresses, consent, what was done; who was merged into another leads there."""
    merged = directory.merged_into(Person, ident)
    if merged is not None:
        return redirect(url_for("contacts.person", ident=get_visible(Person, merged).id))
    record = get_visible(Person, ident)
    row = directory.person_rows([record], current_user, today())[0]
    shares = {consent.id: _receivers(consent) for consent in record.consents if may_change(record)}
    return render_template(
        "contacts/person.html",
        row=row,
        person=record,
        further=further_of([record], current_user),
        consents=directory.consents_of(record, current_user),
        proofs=current_user.role in MAY_WRITE,
        mails=_mails(row),
        consent_text=consent_text,
        receivers=shares,
        refused=directory.refusals_of(record),
        merges=merges_of(record, current_user),
        changes=directory.changes_of([record], current_user, actions=HISTORY_WORDS),
        silent=unread_among([address.email for address in row.addresses], current_user, now()),
    )


def _mails(row: directory.PersonRow) -> list[tuple[LazyString, Chip | None, LazyString]]:
    """Return for what mail may go to a person: what mail, why none goes (None: it does), and what it rests on."""
    email = row.reached_at.email if row.reached_at else ""
    lines = []
    for purpose in MAIL_PURPOSES:
        basis, reason = mail_of_person(row.person, email, purpose, current_user, today())
        lines.append((PURPOSES[purpose], UNMAILED[reason] if reason else None, BASES[basis]))
    return lines


def _receivers(consent: Consent) -> list[Organisation]:
    """Return the organisations to whom a person can be handed over by this consent."""
    if consent.purpose.value != "sharing" or consent.withdrawn_at is not None:
        return []
    besides = persons.organisations_besides(consent.organisation_id)
    return [beside for beside in besides if consent.shared_with_id in (None, beside.id)]


@bp.route("/persons/new", methods=["GET", "POST"])
@writer
@sent_once
def new_person() -> ResponseReturnValue:
    """Add a person who holds no office: a journalist, an expert, a citizen."""
    owner = owner_beside(None)
    further = Further(None, *DetailKind)
    form = further.open(NewPersonForm, name=request.args.get("name", "")[:160], kind=_kind_asked_for())
    form.offer_media(media_for(owner))
    further.shown_again(form)
    erased, similar = False, []
    if form.validate_on_submit():
        email = read_address(form.email.data) if form.email.data else ""
        told: dict[str, Any] = {
            "seen": seen_similar(),
            "asked_again": form.asked_again.data,
            "further": further.drafts(form),
        }
        try:
            record = persons.create_person(form.draft(), email, **told, by=current_user, now=now())
        except Similar as asked:
            similar = ask_similar(form.name, asked)
        except WasErased:
            erased = True
            field = form.email if form.email.data else form.phone
            refuse(
                field, _("Whoever this belongs to asked to be erased. Add it only if the person asks for it.")
            )
        else:
            edit_url = url_for("contacts.edit_person", ident=record.id)
            form_made(record, page=contact_url(record), edit=edit_url)
            for address in record.addresses:
                say_shared(address)
            return saved(record, _("%(name)s is added.", name=record.name))
    if not erased:
        del form.asked_again
    lead = _("Who holds an office is added at the office, so that letters keep going to the office.")
    return form_page(form, _("New person"), url_for("contacts.persons"), lead=lead, similar=similar)


def _kind_asked_for() -> str:
    kind = request.args.get("kind", "")
    return kind if kind in set(PersonKind) else PersonKind.OTHER.value


@bp.route("/persons/<int:ident>/edit", methods=["GET", "POST"])
@writer
def edit_person(ident: int) -> ResponseReturnValue:
    """Change what is known about a person."""
    record = get_changeable(Person, ident)
    further = Further(record, *DetailKind)
    form = further.open(PersonForm, **person_values(record))
    form.offer_media(media_for(record.organisation_id))
    meet_changes(form, record)
    further.shown_again(form)
    if form.validate_on_submit():
        persons.change_person(record, form.draft(), by=current_user, now=now())
        further.save(form, record)
        return saved(record, _("Saved."))
    return form_page(form, _("Change person"), contact_url(record), kicker=record.name)


@bp.route("/persons/<int:ident>/consents/new", methods=["GET", "POST"])
@writer
@sent_once
def new_consent(ident: int) -> ResponseReturnValue:
    """Record what a person agreed to, with its proof."""
    record = get_changeable(Person, ident)
    form = ConsentForm(today(), language=record.language, given_on=today())
    form.offer_organisations(persons.organisations_besides(record.organisation_id))
    there = None
    if form.validate_on_submit():
        moment = now()
        try:
            file = form.file.data
            content = file.read() if file and file.filename else b""
            stored = store_file(content, file.filename, now=moment) if file and file.filename else None
            draft = form.draft(moment)
            consent = consents.record_consent(record, draft, proof_file=stored, by=current_user, now=moment)
        except RefusedFile as refused:
            refuse(form.file, refusal_words(refused))
        except AlreadyThere as double:
            there = double.record
            refuse(form.purpose, _("This consent is recorded already."))
        else:
            form_made(consent, page=contact_url(record))
            return saved(record, _("The consent is recorded."))
    return render_template(
        "contacts/consent.html",
        form=form,
        person=record,
        there=there,
        texts=TEXTS[CURRENT],
        version=CURRENT,
        back=contact_url(record),
    ), 422 if form.errors else 200


@bp.route("/consents/<int:ident>/withdraw", methods=["GET", "POST"])
@writer
def withdraw_consent(ident: int) -> ResponseReturnValue:
    """Ask how a person took a consent back, then record it."""
    consent = get_changeable(Consent, ident)
    record = get_changeable(Person, consent.person_id)
    if consent.withdrawn_at is not None:
        flash(_("This consent was withdrawn already."), "info")
        return redirect(contact_url(record))
    form = WithdrawForm()
    if form.validate_on_submit():
        channel = ConsentChannel(form.channel.data)
        consents.withdraw_consent(consent, channel, by=current_user, now=now())
        return saved(record, _("The consent is withdrawn; from now on no mail goes out for it."))
    title = _("Withdraw the consent: %(purpose)s", purpose=PURPOSES[consent.purpose])
    lead = _("The record of the consent stays, so that it can be proved what was agreed until today.")
    return form_page(form, title, contact_url(record), kicker=record.name, lead=lead)


@bp.get("/consents/<int:ident>/proof")
@writer
def consent_proof(ident: int) -> Response:
    """Return the scan of a consent, to be saved and never to run in our pages; not to who only reads."""
    consent = get_visible(Consent, ident)
    get_visible(Person, consent.person_id)
    if consent.proof_file is None or not consent.proof_file.path.is_file():
        abort(404)
    return give_stored(consent.proof_file)


@bp.post("/persons/<int:ident>/hand-over")
@writer
def hand_over_person(ident: int) -> ResponseReturnValue:
    """Hand a copy of a person who agreed to it over to another organisation."""
    record = get_changeable(Person, ident)
    wanted = request.form.get("organisation", "")
    to = db.session.get(Organisation, row_number(wanted) or 0)
    if to is None or to.id == record.organisation_id:
        abort(404)
    words: dict[str, Any] = {"name": record.name, "organisation": to.name}
    try:
        persons.hand_over(record, to, by=current_user, now=now())
    except NotAgreed:
        flash(_("%(name)s did not agree to be passed on to %(organisation)s.", **words), "error")
    except AlreadyThere:
        flash(_("%(organisation)s has %(name)s already.", **words), "info")
    else:
        return saved(record, _("%(name)s is handed over to %(organisation)s.", **words))
    return redirect(contact_url(record))
