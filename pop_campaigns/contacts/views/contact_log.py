"""The contact log: what was said with whom is noted, put right, taken away, found; and whether anybody reads at an address."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from flask import abort, flash, redirect, render_template, request, url_for
from flask.typing import ResponseReturnValue
from flask_babel import gettext as _
from flask_security import current_user

from pop_campaigns.accounts.guard import reader, writer
from pop_campaigns.accounts.rules.roles import MAY_WRITE
from pop_campaigns.accounts.scope import (
    NoOrganisation,
    get_changeable,
    get_visible,
    owner_of_new,
    select_visible,
)
from pop_campaigns.accounts.views.sent_before import form_made, sent_once
from pop_campaigns.contacts.blueprint import bp
from pop_campaigns.contacts.forms.contact_log import LogForm, NewLogForm, entry_values
from pop_campaigns.contacts.models.contact_log import LogEntry
from pop_campaigns.contacts.models.institutions import Institution, Office
from pop_campaigns.contacts.models.persons import Person
from pop_campaigns.contacts.queries.contact_log import deleted_before, log_of, select_contact_log
from pop_campaigns.contacts.rules import may_change_log, may_read_log
from pop_campaigns.contacts.services import contact_log as services
from pop_campaigns.contacts.services.contact_log import subject_of
from pop_campaigns.contacts.services.records import Contact
from pop_campaigns.contacts.views.form_pages import form_page, saved, today
from pop_campaigns.contacts.words.contacts import contact_url, contact_words, log_url
from pop_campaigns.contacts.words.labels import CHECK_RESULTS, LOG_KINDS
from pop_campaigns.core.clock import now
from pop_campaigns.core.dates import day_words, short_day_words
from pop_campaigns.core.db import db
from pop_campaigns.core.i18n import current_language, in_language
from pop_campaigns.core.meanwhile import is_as_seen, meet_changes, seen_versions
from pop_campaigns.core.numbers import row_number
from pop_campaigns.core.pages import paged
from pop_campaigns.mail.addresses import show_address

OWNERS: dict[str, type[Contact]] = {"institutions": Institution, "offices": Office, "persons": Person}


@dataclass(frozen=True)
class LogLine:
    """One entry as a page shows it; ``about`` names the contact where the page shows several."""

    entry: LogEntry
    when: str
    iso: str
    kind: str
    check: str
    about: str
    about_url: str
    may_change: bool


@dataclass(frozen=True)
class LogPart:
    """What the part of a page is filled with; without a form for those who only read."""

    lines: Sequence[LogLine]
    form: NewLogForm | None
    url: str


@bp.app_template_global()
def log_part(record: Contact) -> LogPart | None:
    """Return the log of a record and the form for a new entry; None for those who read none of it."""
    if not current_user.is_authenticated or current_user.role is None:
        return None
    if not may_read_log(current_user.role, record.kind if isinstance(record, Person) else None):
        return None
    # Only what is about another record than that of the page is named: an institution shows its offices' entries, too.
    lines = [log_line(entry, on_page_of=record) for entry in log_of(record, current_user)]
    form = None
    if _may_add(record):
        form = NewLogForm(today(), formdata=None)
        _offer(form, record)
    owners = next(owners for owners, model in OWNERS.items() if isinstance(record, model))
    return LogPart(lines, form, url_for("contacts.new_log_entry", owners=owners, ident=record.id))


def log_line(entry: LogEntry, *, on_page_of: Contact | None = None) -> LogLine:
    """Return an entry in the reader's words."""
    lang, about = current_language(), subject_of(entry)
    when = day_words(entry.day, lang)
    if entry.hour:
        hour = _("at %(hour)s", hour=f"{entry.hour:%H:%M}")
        when = f"{when}, {hour}"
    return LogLine(
        entry,
        when,
        f"{entry.day.isoformat()}T{entry.hour:%H:%M}" if entry.hour else entry.day.isoformat(),
        str(LOG_KINDS[entry.kind]),
        check_words(entry, lang),
        contact_words(about) if about is not on_page_of else "",
        contact_url(about),
        _may_change_entry(entry),
    )


def check_words(entry: LogEntry, lang: str) -> str:
    """Return what a call found out about an address; nothing of another entry."""
    if entry.result is None:
        return ""
    words = f"{show_address(entry.checked_address or '')}: {CHECK_RESULTS[entry.result]}"
    return f"{words} ({short_day_words(entry.again_on, lang)})" if entry.again_on else words


@bp.get("/log", endpoint="contact_log")
@reader
def entries() -> ResponseReturnValue:
    """Show all that was noted, the newest first, searched by words."""
    typed = request.args.get("q", "").strip()[:200]
    page = paged(select_contact_log(current_user, typed))
    lines = [log_line(entry) for entry in page.items]
    return render_template("contacts/log.html", page=page, lines=lines, typed=typed)


@bp.route("/<any(institutions, offices, persons):owners>/<int:ident>/log/new", methods=["GET", "POST"])
@writer
@sent_once
def new_log_entry(owners: str, ident: int) -> ResponseReturnValue:
    """Note what was said with an institution, an office or a person."""
    record = get_visible(OWNERS[owners], ident)
    if not _may_add(record):
        abort(404)
    form = NewLogForm(today())
    _offer(form, record)
    if form.validate_on_submit():
        about = _chosen(form, record)
        once = form.once.data or ""
        entry = services.add_entry(about, form.draft(), by=current_user, now=now(), once=once)
        form_made(entry, page=log_url(record), edit=url_for("contacts.edit_log_entry", entry_id=entry.id))
        return saved(about, _("Noted in the contact log."), log_url(record))
    return form_page(form, _("Note a contact"), contact_url(record), kicker=contact_words(record))


@bp.route("/log/<int:entry_id>/edit", methods=["GET", "POST"])
@writer
def edit_log_entry(entry_id: int) -> ResponseReturnValue:
    """Put an entry right."""
    entry = _changeable(entry_id)
    about = subject_of(entry)
    form = LogForm(today(), data=entry_values(entry))
    meet_changes(form, entry, told_of=about)
    if form.validate_on_submit():
        services.change_entry(entry, form.draft(), by=current_user, now=now())
        return saved(about, _("Saved."), log_url(about))
    return form_page(form, _("Change the entry"), contact_url(about), kicker=contact_words(about))


@bp.route("/log/<int:entry_id>/delete", methods=["GET", "POST"])
@writer
def delete_log_entry(entry_id: int) -> ResponseReturnValue:
    """Ask, then take an entry away; a second press finds it gone already."""
    before = deleted_before(entry_id, current_user)
    if before and db.session.get(LogEntry, entry_id) is None:
        flash(_("This entry was deleted already."), "info")
        return redirect(contact_url(get_visible(OWNERS[before.subject_type], before.subject_id)))
    entry = _changeable(entry_id)
    about = subject_of(entry)
    if request.method == "POST" and is_as_seen(entry, told_of=about):
        services.delete_entry(entry, by=current_user, now=now())
        return saved(about, _("The entry is deleted."))
    words: dict[str, Any] = {
        "line": log_line(entry),
        "back": contact_url(about),
        "seen": seen_versions(entry),
    }
    page = render_template("contacts/delete_log_entry.html", **words)
    return page, 409 if request.method == "POST" else 200


def _changeable(entry_id: int) -> LogEntry:
    """Return an entry the user wrote (an administrator: any), else 404."""
    entry = get_changeable(LogEntry, entry_id)
    if not _may_change_entry(entry):
        abort(404)
    return entry


def _may_change_entry(entry: LogEntry) -> bool:
    role = current_user.role
    return role is not None and may_change_log(role, is_writer=entry.writer_id == current_user.id)


def _may_add(record: Contact) -> bool:
    if current_user.role not in MAY_WRITE:
        return False
    try:
        owner_of_new(current_user, record.organisation_id)
    except NoOrganisation:
        return False
    return True


def _offer(form: NewLogForm, record: Contact) -> None:
    """Let an entry on an institution's page be about one of its offices; elsewhere there is nothing to choose."""
    if not isinstance(record, Institution):
        del form.about
        return
    wanted = select_visible(Office, current_user).where(Office.institution_id == record.id)
    offices = db.session.scalars(wanted.order_by(Office.sort_key, Office.id)).all()
    lang = current_language()
    form.offer(
        [
            ("", _("The institution")),
            *((str(office.id), in_language(office, "title", lang)) for office in offices),
        ]
    )


def _chosen(form: NewLogForm, record: Contact) -> Contact:
    """Return the office chosen on an institution's page, else the record itself."""
    number = row_number(form.about.data) if "about" in form and form.about.data else None
    if not number:
        return record
    office = get_visible(Office, number)
    if office.institution_id != record.id:
        abort(404)
    return office
