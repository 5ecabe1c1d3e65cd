"""Pages on which people bring messages, look into them without keeping them, and file them by hand."""

from __future__ import annotations

from typing import Any

from flask import abort, flash, redirect, render_template, request, url_for
from flask.typing import ResponseReturnValue
from flask_babel import gettext as _
from flask_babel import ngettext
from flask_security import current_user

from pop_campaigns.accounts.guard import administrator, writer
from pop_campaigns.accounts.scope import may_change
from pop_campaigns.core.clock import now
from pop_campaigns.core.db import db
from pop_campaigns.core.file_pages import make_room
from pop_campaigns.core.numbers import row_number
from pop_campaigns.core.text import clean_line
from pop_campaigns.incoming.blueprint import bp, changeable_mail, place_of_subject
from pop_campaigns.incoming.scope import SUBJECTS, subject_of
from pop_campaigns.incoming.services.explaining import explain_matches
from pop_campaigns.incoming.services.filing import file_by_hand
from pop_campaigns.incoming.services.matching import Match
from pop_campaigns.incoming.services.moving import move_mail, take_back
from pop_campaigns.incoming.services.uploads import NotAMail, check_message, store_upload
from pop_campaigns.incoming.sight import sees_incoming, sees_subject
from pop_campaigns.incoming.views.work_list import kept
from pop_campaigns.incoming.words.labels import NO_MAIL
from pop_campaigns.invitations.models.invitations import Invitation
from pop_campaigns.invitations.services.answers import AnswerRefused
from pop_campaigns.invitations.words.labels import NOT_ANSWERABLE
from pop_campaigns.letters.models import LetterRecipient
from pop_campaigns.mail.intake.store import SIZE_LIMIT
from pop_campaigns.mail.models import IncomingMail
from pop_campaigns.mail.reading.limits import read_under_limits
from pop_campaigns.mail.wake_up import wake_worker

MOST_FILES = 20
make_room(bp, {"incoming.upload", "incoming.explain"}, SIZE_LIMIT * 2)


@bp.route("/upload", methods=["GET", "POST"])
@writer
def upload() -> ResponseReturnValue:
    """Bring messages that came to somebody's own mailbox: as files, or their source pasted."""
    if request.method != "POST":
        return render_template("incoming/upload.html", problems=[], pasted="")
    brought, problems, stored = _brought(), [], []
    for name, raw in brought:
        try:
            mail = store_upload(raw, by=current_user, now=now())
            if mail.organisation_id == current_user.organisation_id or sees_incoming(mail):
                stored.append(mail)
            else:
                problems.append((name, str(_("Another organisation has this message already."))))
        except NotAMail as refused:
            problems.append((name, str(NO_MAIL[refused.reason])))
    db.session.commit()
    if not brought:
        problems.append(("", str(_("Choose a file, or paste the source of a message."))))
    if problems:
        pasted = request.form.get("source", "")
        page = render_template("incoming/upload.html", problems=problems, pasted=pasted, stored=stored)
        return page, 422
    if len(stored) == 1:
        return redirect(url_for("incoming.message", number=stored[0].id))
    flash(ngettext("%(num)d message is there.", "%(num)d messages are there.", len(stored)), "success")
    return redirect(url_for("incoming.index"))


@bp.route("/explain", methods=["GET", "POST"])
@administrator
def explain() -> ResponseReturnValue:
    """Show of a message what it is and where it would go; nothing of it is kept."""
    report, matches, problem, pasted = None, [], "", request.form.get("source", "")
    if request.method == "POST":
        brought = _brought()
        to = clean_line(request.form.get("envelope_to", ""))[:320]
        try:
            raw = check_message(brought[0][1] if brought else b"")
            report = read_under_limits(raw, "", to)
            matches = explain_matches(report, to)
        except NotAMail as refused:
            problem = str(NO_MAIL[refused.reason])
    page = render_template(
        "incoming/explain.html", report=report, matches=matches, problem=problem, pasted=pasted
    )
    return page, 422 if problem else 200


def _brought() -> list[tuple[str, bytes]]:
    files = [file for file in request.files.getlist("file") if file and file.filename][:MOST_FILES]
    rows = [(clean_line(file.filename or "")[:100], file.read(SIZE_LIMIT + 1)) for file in files]
    pasted = request.form.get("source", "")
    if pasted.strip():
        rows.append(("", pasted.encode("utf-8", "surrogatepass")))
    return rows


@bp.post("/<int:number>/file-with")
@writer
def file_with(number: int) -> ResponseReturnValue:
    """File a mail with a guest or a recipient of a letter that was looked for."""
    mail, subject = changeable_mail(number), _chosen_place()
    file_by_hand(mail, Match(subject, "by_hand"), by=current_user, now=now())
    db.session.commit()
    flash(_("Filed: %(what)s", what=place_of_subject(subject)[0]), "success")
    return redirect(url_for("incoming.message", number=mail.id))


@bp.post("/<int:number>/move")
@writer
def move(number: int) -> ResponseReturnValue:
    """Move a mail from where it was found to belong to another guest or letter, with what was recorded from it."""
    mail, subject = changeable_mail(number), _chosen_place()
    link = row_number(request.form.get("link", "")) or 0
    check_place(mail, link)
    guest_or_letter = place_of_subject(subject)[0]
    try:
        moved = move_mail(mail, link, subject, by=current_user, now=now())
    except AnswerRefused as refused:
        db.session.rollback()
        why = NOT_ANSWERABLE[refused.reason]
        flash(_("It stays where it is: %(why)s", why=why), "error")
        return redirect(url_for("incoming.message", number=number, **kept()))
    db.session.commit()
    if moved:
        wake_worker()
        flash(_("Moved: %(what)s", what=guest_or_letter), "success")
    else:
        flash(_("Nothing was changed: look where it belongs now."), "info")
    return redirect(url_for("incoming.message", number=number, **kept()))


def check_place(mail: IncomingMail, link_id: int) -> None:
    """Respond 404 where a mail is to be taken away from what the person may not change."""
    link = next((link for link in mail.links if link.id == link_id), None)
    subject = subject_of(link) if link else None
    if link is None or (subject is not None and not place_of_subject(subject)[2]):
        abort(404)


def _chosen_place() -> Any:
    """Return the guest or the recipient of a letter that a button names and the person may change, else 404."""
    table, _sep, ident = request.form.get("place", "").partition("-")
    wanted = row_number(ident)
    if table not in (Invitation.__tablename__, LetterRecipient.__tablename__) or wanted is None:
        abort(404)
    subject: Any = db.session.get(SUBJECTS[table], wanted)
    owner = subject.event if isinstance(subject, Invitation) else getattr(subject, "letter", None)
    if subject is None or owner is None or not may_change(owner) or not sees_subject(subject):
        abort(404)
    return subject


@bp.post("/<int:number>/back")
@writer
def back(number: int) -> ResponseReturnValue:
    """Take back that a person filed a mail or put it aside: it waits again."""
    mail = changeable_mail(number)
    if take_back(mail, by=current_user, now=now()):
        db.session.commit()
        flash(_("Taken back: it waits to be filed."), "success")
    return redirect(url_for("incoming.message", number=mail.id))
