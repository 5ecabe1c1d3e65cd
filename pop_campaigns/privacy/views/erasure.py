"""The page that erases a person: first what will happen, then, once confirmed, it happens."""

from __future__ import annotations

from dataclasses import dataclass

from flask import flash, redirect, render_template, request, url_for
from flask.typing import ResponseReturnValue
from flask_babel import gettext as _
from flask_babel import ngettext
from flask_security import current_user

from pop_campaigns.accounts.guard import writer
from pop_campaigns.accounts.scope import get_changeable, may_change
from pop_campaigns.contacts.models.persons import Person
from pop_campaigns.core.clock import now
from pop_campaigns.core.db import db
from pop_campaigns.core.meanwhile import is_as_seen, seen_versions
from pop_campaigns.invitations.rules.invitations import InvitationState
from pop_campaigns.mail.rules import MailState
from pop_campaigns.privacy.blueprint import bp
from pop_campaigns.privacy.queries.places import named_in
from pop_campaigns.privacy.queries.traces import Traces, find_traces
from pop_campaigns.privacy.services.erasure import erase_person, finish


@dataclass(frozen=True)
class Plan:
    """What an erasure will do, in sentences: what goes and what stays as a number."""

    goes: list[str]
    stays: list[str]


@bp.route("/privacy/persons/<int:ident>/erase", methods=["GET", "POST"])
@writer
def erase(ident: int) -> ResponseReturnValue:
    """Show what an erasure will do, then do it; a second press finds it done."""
    gone = _erased_before(ident)
    if gone:
        return _said(_("This person was erased already."), "info")
    person = get_changeable(Person, ident)
    if request.method == "POST" and is_as_seen(person):
        done = erase_person(person, by=current_user, now=now())
        db.session.commit()
        if done is None:
            return _said(_("This person was erased already."), "info")
        finish(done)
        return _said(_("The person is erased. What stays are counts without a name."), "success")
    traces = find_traces(person)
    words = {"plan": _plan(traces), "places": named_in(person, traces.identifiers)}
    page = render_template("privacy/erase.html", person=person, seen=seen_versions(person), **words)
    return page, 409 if request.method == "POST" else 200


def _erased_before(ident: int) -> bool:
    """Return whether the user could have erased this person and somebody did."""
    row = db.session.get(Person, ident) if 0 < ident < 2**31 else None
    return row is not None and row.erased_at is not None and may_change(row)


def _said(words: str, tone: str) -> ResponseReturnValue:
    flash(words, tone)
    return redirect(url_for("contacts.persons"))


def _plan(traces: Traces) -> Plan:
    waiting = sum(mail.state in (MailState.QUEUED, MailState.SENDING) for mail in traces.mails)
    drafts = sum(invitation.state is InvitationState.DRAFT for invitation in traces.invitations)
    papers = sum(consent.proof_file_id is not None for consent in traces.consents)
    counted = (
        (len(traces.addresses), _addresses),
        (len(traces.details), _details),
        (len(traces.rows), _rows),
        (len(traces.members), _members),
        (len(traces.log), _log),
        (drafts, _drafts),
        (papers, _papers),
        (waiting, _waiting),
        (len(traces.delivered), _delivered),
    )
    goes = [_("Name, phone, post address, topics and press card, and what history tells of them.")]
    goes += [words(number) for number, words in counted if number]
    staying = (
        (len(traces.invitations) + len(traces.held) - drafts, _invitations),
        (len(traces.answers), _answers),
        (len(traces.mails) - waiting, _mails),
        (len(traces.recipients), _letters),
        (len(traces.mandates), _mandates),
        (len(traces.consents), _consents),
    )
    return Plan(goes, [words(number) for number, words in staying if number])


def _addresses(number: int) -> str:
    return ngettext("%(num)d e-mail address.", "%(num)d e-mail addresses.", number)


def _details(number: int) -> str:
    return ngettext(
        "%(num)d further phone number or post address.",
        "%(num)d further phone numbers or post addresses.",
        number,
    )


def _rows(number: int) -> str:
    return ngettext("The cells of %(num)d imported row.", "The cells of %(num)d imported rows.", number)


def _members(number: int) -> str:
    return ngettext("A place on %(num)d list.", "Places on %(num)d lists.", number)


def _log(number: int) -> str:
    return ngettext(
        "%(num)d entry of the contact log; one about an office stays there without the name.",
        "%(num)d entries of the contact log; those about an office stay there without the name.",
        number,
    )


def _drafts(number: int) -> str:
    return ngettext(
        "The place on the guest list of %(num)d event, not asked yet.",
        "The places on the guest lists of %(num)d events, not asked yet.",
        number,
    )


def _papers(number: int) -> str:
    return ngettext("The file that proves %(num)d consent.", "The files that prove %(num)d consents.", number)


def _waiting(number: int) -> str:
    return ngettext(
        "%(num)d message that waits is stopped.", "%(num)d messages that wait are stopped.", number
    )


def _delivered(number: int) -> str:
    return ngettext(
        "%(num)d message kept by the local mail server.",
        "%(num)d messages kept by the local mail server.",
        number,
    )


def _invitations(number: int) -> str:
    return ngettext(
        "%(num)d invitation, without name and address.",
        "%(num)d invitations, without name and address.",
        number,
    )


def _answers(number: int) -> str:
    return ngettext(
        "%(num)d answer, without note and substitute.",
        "%(num)d answers, without notes and substitutes.",
        number,
    )


def _mails(number: int) -> str:
    return ngettext(
        "%(num)d message in the list of mail, without its reader.",
        "%(num)d messages in the list of mail, without their reader.",
        number,
    )


def _letters(number: int) -> str:
    return ngettext(
        "%(num)d letter to the office, without the name.",
        "%(num)d letters to the office, without the name.",
        number,
    )


def _mandates(number: int) -> str:
    return ngettext(
        "%(num)d time in office, without the name.", "%(num)d times in office, without the name.", number
    )


def _consents(number: int) -> str:
    return ngettext(
        "That %(num)d consent was given and has ended.",
        "That %(num)d consents were given and have ended.",
        number,
    )
