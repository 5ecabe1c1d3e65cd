"""The registers the law asks for: purposes, for all who are signed in; breaches, each organisation's own."""

from __future__ import annotations

import csv
import io
from collections.abc import Iterable, Sequence
from datetime import datetime
from typing import Any

from flask import Response, flash, redirect, render_template, url_for
from flask.typing import ResponseReturnValue
from flask_babel import gettext as _
from flask_babel import ngettext
from flask_security import current_user

from pop_campaigns.accounts.guard import administrator, reader, writer
from pop_campaigns.accounts.rules.roles import MAY_WRITE, RoleName
from pop_campaigns.accounts.scope import get_changeable
from pop_campaigns.accounts.views.sent_before import form_made, sent_once
from pop_campaigns.contacts.words.files import safe_cell
from pop_campaigns.core.clock import now
from pop_campaigns.core.dates import moment_words
from pop_campaigns.core.db import db
from pop_campaigns.core.handing_out import hand_out
from pop_campaigns.core.i18n import current_language
from pop_campaigns.core.meanwhile import meet_changes
from pop_campaigns.core.pages import paged
from pop_campaigns.privacy.blueprint import bp
from pop_campaigns.privacy.forms import MOMENTS, BreachForm, PurposeForm, to_wall
from pop_campaigns.privacy.models import Breach, ProcessingPurpose
from pop_campaigns.privacy.services.registers import (
    all_purposes,
    save_breach,
    save_purpose,
    seed_purposes,
    select_breaches,
)
from pop_campaigns.privacy.words.exports import exports_seen_by
from pop_campaigns.privacy.words.labels import clock_chip
from pop_campaigns.privacy.words.purposes_en import field_words

PURPOSE_COLUMNS = (
    "name", "legal_basis", "data_subjects", "data_categories", "recipients", "retention", "safeguards",
)  # fmt: skip
BREACH_COLUMNS = (
    "what", "noticed_at", "happened_at", "data_categories", "affected", "consequences", "measures",
    "authority_told_at", "persons_told_at",
)  # fmt: skip


@bp.get("/privacy/purposes")
@reader
def purposes() -> ResponseReturnValue:
    """Show the register of purposes."""
    form = PurposeForm(formdata=None)
    return render_template(
        "privacy/purposes.html",
        purposes=all_purposes(),
        words_of=lambda purpose, name: field_words(purpose, name, current_language()),
        columns=[(name, form[name].label.text) for name in PURPOSE_COLUMNS[1:]],
        administers=current_user.role is RoleName.ADMINISTRATOR,
    )


@bp.post("/privacy/purposes.csv")
@reader
def purposes_csv() -> Response:
    """Show the register of purposes as a table."""
    form = PurposeForm(formdata=None)
    heads, lang = [form[name].label.text for name in PURPOSE_COLUMNS], current_language()
    return _csv(
        "purposes",
        heads,
        ([field_words(purpose, name, lang) for name in PURPOSE_COLUMNS] for purpose in all_purposes()),
    )


@bp.post("/privacy/purposes/seed")
@administrator
def seed() -> ResponseReturnValue:
    """Enter what the register begins with."""
    number = seed_purposes(by=current_user, now=now())
    db.session.commit()
    if number:
        flash(ngettext("%(num)d purpose entered.", "%(num)d purposes entered.", number), "success")
    else:
        flash(_("They are all there already."), "info")
    return redirect(url_for("privacy.purposes"))


@bp.route("/privacy/purposes/new", methods=["GET", "POST"])
@administrator
@sent_once
def new_purpose() -> ResponseReturnValue:
    """Enter a purpose."""
    return _purpose_page(None)


@bp.route("/privacy/purposes/<int:ident>", methods=["GET", "POST"])
@administrator
def edit_purpose(ident: int) -> ResponseReturnValue:
    """Change a purpose."""
    return _purpose_page(get_changeable(ProcessingPurpose, ident))


def _purpose_page(purpose: ProcessingPurpose | None) -> ResponseReturnValue:
    form = PurposeForm(obj=purpose)
    if purpose:
        meet_changes(form, purpose)
    if form.validate_on_submit():
        row = save_purpose(purpose, form.values(), by=current_user, now=now())
        if purpose is None:
            edit_url = url_for("privacy.edit_purpose", ident=row.id)
            form_made(row, page=url_for("privacy.purposes"), edit=edit_url)
        db.session.commit()
        flash(_("Saved."), "success")
        return redirect(url_for("privacy.purposes"))
    title = _("Change purpose") if purpose else _("New purpose")
    return _form_page(form, title, url_for("privacy.purposes"))


@bp.get("/privacy/breaches")
@writer
def breaches() -> ResponseReturnValue:
    """Show the register of breaches, each with its clock."""
    page, moment, lang = paged(select_breaches(current_user)), now(), current_language()
    rows = [
        (breach, clock_chip(breach, moment), moment_words(breach.noticed_at, lang)) for breach in page.items
    ]
    return render_template("privacy/breaches.html", page=page, rows=rows)


@bp.post("/privacy/breaches.csv")
@writer
def breaches_csv() -> Response:
    """Show the register of breaches as a table."""
    form = BreachForm(formdata=None, now=now())
    heads = [_("Organisation"), *(form[name].label.text for name in BREACH_COLUMNS), _("Entered by")]
    rows = (
        [
            breach.organisation.name if breach.organisation else "",
            *(_cell(getattr(breach, name)) for name in BREACH_COLUMNS),
            breach.reported_by,
        ]
        for breach in db.session.scalars(select_breaches(current_user))
    )
    return _csv("breaches", heads, rows)


@bp.route("/privacy/breaches/new", methods=["GET", "POST"])
@writer
@sent_once
def new_breach() -> ResponseReturnValue:
    """Record a breach."""
    return _breach_page(None)


@bp.route("/privacy/breaches/<int:ident>", methods=["GET", "POST"])
@writer
def edit_breach(ident: int) -> ResponseReturnValue:
    """Correct the record of a breach: what was found out, who was told."""
    return _breach_page(get_changeable(Breach, ident))


def _breach_page(breach: Breach | None) -> ResponseReturnValue:
    moment = now()
    # As values, not as the record: WTForms would show the record's own moments, which are in UTC.
    stored = {name: getattr(breach, name) for name in BREACH_COLUMNS} if breach else {}
    walls = {name: to_wall(stored[name]) for name in MOMENTS if name in stored}
    form = BreachForm(data=stored | walls if breach else {"noticed_at": to_wall(moment)}, now=moment)
    if breach:
        meet_changes(form, breach)
    if form.validate_on_submit():
        row = save_breach(breach, form.values(), by=current_user, now=moment)
        if breach is None:
            edit_url = url_for("privacy.edit_breach", ident=row.id)
            form_made(row, page=url_for("privacy.breaches"), edit=edit_url)
        db.session.commit()
        flash(_("Saved."), "success")
        return redirect(url_for("privacy.breaches"))
    title = _("Breach of personal data") if breach else _("Record a breach of personal data")
    lead = _(
        "Data lost, sent to the wrong person, seen by a stranger. The Commissioner is told within 72 hours"
        " of noticing, unless nobody can come to harm; the persons too, where the harm may be great."
    )
    clock = clock_chip(breach, moment) if breach else None
    return _form_page(form, title, url_for("privacy.breaches"), lead=lead, clock=clock)


def _form_page(form: Any, title: str, back: str, *, lead: str = "", clock: Any = None) -> tuple[str, int]:
    page = render_template("privacy/form.html", form=form, title=title, back=back, lead=lead, clock=clock)
    return page, 422 if form.errors else 200


def _cell(value: Any) -> str:
    if isinstance(value, datetime):
        return f"{to_wall(value):%Y-%m-%d %H:%M}"
    return "" if value is None else str(value)


def _csv(name: str, heads: Sequence[str], rows: Iterable[Sequence[str]]) -> Response:
    """Hand out a table in UTF-8 that no spreadsheet runs, with the mark by which spreadsheets know it; commits."""
    out = io.StringIO()
    table = csv.writer(out, lineterminator="\r\n")
    lines = [heads, *rows]
    for row in lines:
        table.writerow([safe_cell(str(cell)) for cell in row])
    answer = hand_out(
        b"\xef\xbb\xbf" + out.getvalue().encode("utf-8"), "text/csv", f"{name}.csv",
        action=f"{name}.exported", subject=current_user, by=current_user, now=now(), form="csv", rows=len(lines) - 1,
    )  # fmt: skip
    db.session.commit()
    return answer


@bp.get("/privacy")
@reader
def index() -> ResponseReturnValue:
    """Say what people may ask for and where it is done."""
    role = current_user.role
    records = role in MAY_WRITE
    return render_template(
        "privacy/index.html",
        administers=role is RoleName.ADMINISTRATOR,
        records=records,
        exports=exports_seen_by(current_user, current_language()) if records else [],
    )
