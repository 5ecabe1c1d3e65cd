"""Pages on which a message is answered, and passed on to a colleague."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Final

from flask import flash, redirect, render_template, request, url_for
from flask.typing import ResponseReturnValue
from flask_babel import gettext as _
from flask_babel import lazy_gettext as _l
from flask_babel.speaklater import LazyString
from flask_security import current_user
from wtforms.fields.choices import SelectChoice

from pop_campaigns.accounts.guard import writer
from pop_campaigns.accounts.queries import active_users
from pop_campaigns.accounts.views.sent_before import form_made, sent_once
from pop_campaigns.accounts.views.undoable import say_sent, undoable
from pop_campaigns.core.clock import now
from pop_campaigns.core.db import db
from pop_campaigns.core.file_pages import make_room, refusal_words
from pop_campaigns.core.files import RefusedFile
from pop_campaigns.core.i18n import current_language, in_language, speaking
from pop_campaigns.core.numbers import row_number
from pop_campaigns.incoming.blueprint import bp, place_of_subject, workable_mail, workable_subjects
from pop_campaigns.incoming.forms import PassOnForm, ReplyForm
from pop_campaigns.incoming.messages import organiser_of, snippets
from pop_campaigns.incoming.rules.replying import NoReply, is_written_by_machine, reply_subject
from pop_campaigns.incoming.services.replying import Handed, Receiver, pass_on, queue_reply, receivers_of
from pop_campaigns.incoming.sight import sees_incoming
from pop_campaigns.incoming.views.originals import file_of, kept_files
from pop_campaigns.incoming.views.work_list import kept
from pop_campaigns.invitations.models.invitations import Invitation
from pop_campaigns.letters.models import LetterRecipient
from pop_campaigns.mail.addresses import show_address
from pop_campaigns.mail.models import IncomingMail, OutgoingMail
from pop_campaigns.mail.rules import Dmarc, SendingKind
from pop_campaigns.mail.secrets import mask_secrets
from pop_campaigns.mail.wake_up import wake_worker

NO_REPLY: Final[dict[NoReply, LazyString]] = {
    NoReply.NOBODY: _l("The message names no address that could be written to."),
    NoReply.MACHINE: _l("The sender’s address is that of a program or a list: nobody reads answers there."),
    NoReply.OURS: _l("The message comes from an address of our own."),
}
make_room(bp, {"incoming.reply"})


@bp.route("/<int:number>/reply", methods=["GET", "POST"])
@writer
@sent_once
def reply(number: int) -> ResponseReturnValue:
    """Answer a message in one's own words, from the address it came to; ``insert`` takes over what is often written."""
    mail = workable_mail(number)
    receivers, refusal = _receivers(mail)
    form = ReplyForm(data={"to": receivers[0][0]} if receivers else None)
    form.to.choices = [SelectChoice(value=key, label=_receiver_words(to)) for key, to in receivers]
    chosen = dict(receivers).get(form.to.data or "")
    inserted = _insert(form, chosen)
    if not inserted and chosen is not None and form.validate_on_submit():
        sending = undoable(SendingKind.REPLY, mail)
        try:
            mail_out, is_new = queue_reply(
                mail, chosen, form.words.data, files=form.handed_files(), key=form.once.data, by=current_user, now=now(),
                sending=sending,
            )  # fmt: skip
        except RefusedFile as refused:
            db.session.rollback()
            mail = workable_mail(number)
            form.files.errors = [refusal_words(refused)]
        else:
            return _gone(mail, mail_out, mail_out.to_address, is_new)
    page = render_template(
        "incoming/reply.html",
        mail=mail,
        form=form,
        about=place_of_subject(receivers[0][1].subject)[0] if receivers else "",
        subject=reply_subject(mask_secrets(mail.subject)),
        organiser=organiser_of(receivers[0][1].subject) if receivers else "",
        refusal=NO_REPLY[refusal] if refusal else "",
        by_machine=is_written_by_machine(mail.kind),
        is_forged=mail.dmarc is Dmarc.FAILED,
        is_elsewhere=bool(receivers) and not receivers[0][1].is_official,
        files_again=[file.filename for file in form.chosen_files()] if form.is_submitted() else [],
    )
    return page, 422 if form.is_submitted() and not inserted else 200


@bp.route("/<int:number>/forward", methods=["GET", "POST"])
@writer
@sent_once
def forward(number: int) -> ResponseReturnValue:
    """Pass a message on to a colleague who may see it, without our secrets, with those of its files that are chosen."""
    mail = workable_mail(number)
    colleagues = {
        str(user.id): user
        for user in active_users()
        if user.id != current_user.id and sees_incoming(mail, user)
    }
    files = kept_files(mail)
    form = PassOnForm(
        data=None if request.method == "POST" else {"taken": [str(which) for which, _name in files]}
    )
    form.to.choices = [
        SelectChoice(value="", label=_("Choose")),
        *(SelectChoice(value=key, label=_colleague_words(user)) for key, user in colleagues.items()),
    ]
    form.taken.choices = [SelectChoice(value=str(which), label=name) for which, name in files]
    if form.validate_on_submit():
        subject, to = _first_subject(mail), colleagues[form.to.data]
        with speaking(to.language):
            about = place_of_subject(subject)[0] if subject else ""
        sending = undoable(SendingKind.FORWARD, mail)
        try:
            mail_out, is_new = pass_on(
                mail, to, form.words.data or "", subject=subject, about=about, files=_taken(mail, form),
                key=form.once.data, by=current_user, now=now(), sending=sending,
            )  # fmt: skip
        except RefusedFile as refused:
            db.session.rollback()
            mail = workable_mail(number)
            form.taken.errors = [refusal_words(refused)]
        else:
            return _gone(mail, mail_out, mail_out.to_name or mail_out.to_address, is_new)
    page = render_template(
        "incoming/forward.html",
        mail=mail,
        form=form,
        colleagues=colleagues,
        left_out=len(mail.attachments) - len(files),
    )
    return page, 422 if form.is_submitted() else 200


def _first_subject(mail: IncomingMail) -> Invitation | LetterRecipient | None:
    sure = {(link.subject_type, link.subject_id) for link in mail.links if not link.suggested}
    return next((row for row in workable_subjects(mail) if (row.__tablename__, row.id) in sure), None)


def _receivers(mail: IncomingMail) -> tuple[list[tuple[str, Receiver]], NoReply | None]:
    """Return to whom the message may be answered, each with its key in the form; and why not to its sender."""
    receivers, refusal = [], None
    for subject in workable_subjects(mail):
        possible, refusal = receivers_of(mail, subject)
        for to in possible:
            which = "official" if to.is_official else "sender"
            receivers.append((f"{subject.__tablename__}-{subject.id}-{which}", to))
    return receivers, refusal


def _receiver_words(to: Receiver) -> str:
    address = mask_secrets(show_address(to.address))
    who = f"{mask_secrets(to.name)} <{address}>" if to.name else address
    return _("%(who)s (official address)", who=who) if to.is_official else _("%(who)s (who wrote)", who=who)


def _insert(form: ReplyForm, chosen: Receiver | None) -> bool:
    """Put what is often written below the words that are there, where such a button was pressed; return whether it was."""
    wanted = request.form.get("insert", "") if request.method == "POST" else ""
    if not wanted:
        return False
    words = snippets(chosen.subject.language if chosen else "sq").get(wanted, "")
    form.words.data = f"{form.words.data or ''}\n\n{words}".strip()
    return True


def _colleague_words(user: object) -> str:
    organisation = getattr(user, "organisation", None)
    name = str(getattr(user, "name", "") or getattr(user, "email", ""))
    if organisation is None:
        return name
    return f"{name} – {in_language(organisation, 'name', current_language())}"


def _taken(mail: IncomingMail, form: PassOnForm) -> Sequence[Handed]:
    files, names = [], dict(kept_files(mail))
    for typed in form.taken.data or []:
        which = row_number(typed)
        content = file_of(mail, which) if which is not None else None
        if content is None or which is None:
            raise RefusedFile("kind")
        files.append(Handed(content, names[which]))
    return files


def _gone(mail: IncomingMail, sent: OutgoingMail, to: str, is_new: bool) -> ResponseReturnValue:
    page = url_for("incoming.message", number=mail.id, **kept())
    if is_new:
        form_made(sent, page=page)
    db.session.commit()
    if is_new:
        wake_worker()
        say_sent(_("The message to %(who)s is in the outbox.", who=mask_secrets(to)), sent.sending)
    else:
        flash(_("This was sent already; nothing was sent again."), "info")
    return redirect(page)
