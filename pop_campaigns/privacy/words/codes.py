"""What an access export holds as codes, in words: kinds, states and roles by the section they stand in, and what was done."""

from __future__ import annotations

from typing import Any, Final

from flask_babel import gettext as _
from flask_babel import lazy_gettext as _l
from flask_babel import lazy_pgettext as _lp
from flask_babel.speaklater import LazyString

from pop_campaigns.contacts.words.labels import (
    ADDRESS_USES,
    CHECK_RESULTS,
    CONSENT_CHANNELS,
    DETAIL_USES,
    FORMS_OF_ADDRESS,
    HISTORY_WORDS,
    LOG_KINDS,
    PERSON_KINDS,
    PURPOSES,
)
from pop_campaigns.contacts.words.labels import history_words as contact_words
from pop_campaigns.core.history import History
from pop_campaigns.invitations.rules.invitations import InvitationState
from pop_campaigns.invitations.words.labels import ANSWERS
from pop_campaigns.letters.words.labels import RESPONSES, ROLES
from pop_campaigns.letters.words.pages import history_words as letter_words
from pop_campaigns.mail.words.labels import MAIL_STATES

INVITATION_STATES: Final[dict[InvitationState, LazyString]] = {
    InvitationState.DRAFT: _lp("state of an invitation", "On the guest list, not invited yet"),
    InvitationState.INVITED: _lp("state of an invitation", "Sent"),
    InvitationState.WITHDRAWN: _lp("state of an invitation", "Withdrawn"),
}
MESSAGE_KINDS: Final[dict[str, LazyString]] = {
    "invitation.request": _lp("kind of message", "Invitation"),
    "invitation.change": _lp("kind of message", "Change of an event"),
    "invitation.cancellation": _lp("kind of message", "Cancellation of an event"),
    "invitation.reminder": _lp("kind of message", "Reminder"),
    "invitation.attending": _lp("kind of message", "Reminder to those who come"),
    "invitation.message": _lp("kind of message", "Message to guests"),
    "dates.asked": _lp("kind of message", "Question about the date"),
    "dates.again": _lp("kind of message", "Question about the date, once more"),
    "dates.added": _lp("kind of message", "Question about a further time"),
    "dates.changed": _lp("kind of message", "Notice of what was said about the date"),
    "invitation.receipt": _lp("kind of message", "Notice of an answer"),
    "invitation.in_name": _lp("kind of message", "Notice of an answer"),
    "invitation.handed": _lp("kind of message", "Notice of an answer"),
    "proposal.declined": _lp("kind of message", "Answer to a proposed time"),
    "letter": _lp("kind of message", "Letter"),
    "incoming.receipt": _lp("kind of message", "Notice that a message arrived"),
    "incoming.reply": _lp("kind of message", "Answer to a message"),
    "incoming.forward": _lp("kind of message", "Message passed on"),
}
_MAIL_STATES: Final = {state: chip.words for state, chip in MAIL_STATES.items()}
_CODES: Final[dict[str, dict[Any, Any]]] = {
    "answer": ANSWERS,
    "substitute_answer": ANSWERS,
    "accepted": {"True": _l("yes"), "False": _l("no")},
    "form_of_address": FORMS_OF_ADDRESS,
    "use": {**DETAIL_USES, **ADDRESS_USES},
    "kind": {**PERSON_KINDS, **LOG_KINDS},
    "result": CHECK_RESULTS,
    "purpose": PURPOSES,
    "channel": CONSENT_CHANNELS,
    "withdrawn_by": CONSENT_CHANNELS,
}
_OF_SECTIONS: Final[dict[str, dict[str, dict[Any, Any]]]] = {
    "invitations": {"state": INVITATION_STATES},
    "letters": {"role": ROLES, "kind": RESPONSES},
    "messages": {"kind": MESSAGE_KINDS, "state": _MAIL_STATES, "outcome": _MAIL_STATES},
    "import_changes": {
        "table": {
            "persons": _l("Person"),
            "addresses": _l("E-mail address"),
            "offices": _l("Office"),
            "mandates": _l("Office"),
        }
    },
    "also_named_in": {"kind": {}},
}
_DEEDS: Final[dict[str, LazyString]] = {
    "event.guest_removed": _l("Taken off the guest list of an event"),
    "event.office_changed_holder": _l("The office has another holder; the invitation stays with the office"),
    "invitation.added": _l("Put on the guest list of an event"),
    "invitation.sent": _l("Invitation sent"),
    "invitation.answered": _l("Invitation answered"),
    "invitation.older_answer": _l("An older answer came late; a newer one stands"),
    "invitation.answer_taken_back": _l("An answer that was somebody else’s was taken back"),
    "invitation.link_handed_over": _l("A link was made to hand over the invitation"),
    "invitation.link_taken_back": _l("A link that was handed over was taken back"),
    "invitation.withdrawn": _l("Invitation withdrawn"),
    "invitation.sending_undone": _l("What was sent was undone before it left"),
    "invitation.language_set": _l("Language of the mails changed"),
    "invitation.address_corrected": _l("Address of the invitation corrected"),
    "invitation.time_proposed": _l("Another time was proposed"),
    "invitation.time_accepted": _l("The proposed time was accepted"),
    "invitation.time_declined": _l("The proposed time was declined"),
    "invitation.replied": _l("A message was answered"),
    "invitation.reply_undone": _l("What was sent was undone before it left"),
    "mail.sent_again": _l("A message was sent again"),
    "mail.again_undone": _l("What was sent was undone before it left"),
}


def code_words(section: str, name: str, code: str) -> str:
    """Return what a code says in a field of a section; what is no code stays as it is."""
    codes = _OF_SECTIONS.get(section, {}).get(name, _CODES.get(name, {}))
    return str(codes.get(code, code))


def deed_words(row: History, lang: str) -> str:
    """Return one row of the history in words; of what has none of its own, that something changed."""
    if row.action in HISTORY_WORDS:
        return contact_words(row, lang)
    if row.action.startswith("letter."):
        return letter_words(row, lang)
    return str(_DEEDS.get(row.action, _("Changed")))
