"""One's own words with a change, a cancellation or a withdrawal, and the mail as it looks with them while they are typed."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from enum import StrEnum
from typing import Any, Final

from flask import Response, abort, request, url_for
from flask.typing import ResponseReturnValue
from flask_babel import gettext as _
from flask_security import current_user

from pop_campaigns.accounts.guard import writer
from pop_campaigns.core.clock import now
from pop_campaigns.core.headers import FRAMED_MAIL_POLICY, framed_mail
from pop_campaigns.core.i18n import LANGUAGES
from pop_campaigns.invitations.blueprint import bp, cannot_invite_words, changeable_guest
from pop_campaigns.invitations.forms import NoticeWordsForm
from pop_campaigns.invitations.models.invitations import Invitation
from pop_campaigns.invitations.rules.invitations import InvitationState, MailPurpose
from pop_campaigns.invitations.services.previewing import preview
from pop_campaigns.invitations.sight import seen_among


class Notice(StrEnum):
    """As what a guest gets the words."""

    REQUEST = "request"
    CHANGE = "change"
    CANCELLATION = "cancellation"
    WITHDRAWAL = "withdrawal"


_PURPOSES: Final = {
    Notice.REQUEST: MailPurpose.REQUEST,
    Notice.CHANGE: MailPurpose.CHANGE,
    Notice.CANCELLATION: MailPurpose.CANCELLATION,
    Notice.WITHDRAWAL: MailPurpose.CANCELLATION,
}


@dataclass(frozen=True)
class Look:
    """A guest whose mail stands for those of all who read the same language."""

    guest: Invitation
    notice: Notice

    @property
    def parts(self) -> list[tuple[str, str]]:
        """Return the views of the mail, as (part, label)."""
        if self.guest.language == "sq":
            return [("html", _("In Albanian")), ("text", _("In Albanian, as text"))]
        return [("html", _("In English")), ("text", _("In English, as text"))]

    def address(self, part: str) -> str:
        """Return where a view of the mail is made."""
        return url_for(
            "invitations.notice_preview", invitation_id=self.guest.id, notice=self.notice.value, part=part
        )


def notice_page(form: NoticeWordsForm, told: Iterable[tuple[Invitation, Notice]]) -> dict[str, Any]:
    """Return what a page shows of own words: the form, the languages its guests read, a mail for each language."""
    rows = list(told)
    seen = seen_among([guest for guest, _notice in rows])
    # Language by language the first who may be seen.
    looks = [_first_look(rows, lang, seen) for lang in LANGUAGES]
    # A field that was filled stays where it can be read, also when its last reader is gone meanwhile.
    read = {guest.language for guest, _notice in rows} | {
        lang for lang in LANGUAGES if form[f"words_{lang}"].data
    }
    return {
        "form": form,
        "languages": [lang for lang in LANGUAGES if lang in read],
        "looks": [look for look in looks if look is not None],
    }


def _first_look(rows: Sequence[tuple[Invitation, Notice]], lang: str, seen: Iterable[int]) -> Look | None:
    return next(
        (Look(guest, notice) for guest, notice in rows if guest.language == lang and guest.id in seen), None
    )


@bp.route(
    "/invitations/<int:invitation_id>/notice/<any(request, change, cancellation, withdrawal):notice>",
    methods=["GET", "POST"],
)
@writer
def notice_preview(invitation_id: int, notice: str) -> ResponseReturnValue:
    """Show the mail an invited guest would get with the words sent along, for a frame; nothing is stored."""
    guest, moment, kind = changeable_guest(invitation_id), now(), Notice(notice)
    if cannot_invite_words(guest.event, moment) or guest.state is not InvitationState.INVITED:
        abort(404)
    mail = preview(
        guest, by=current_user, now=moment, purpose=_PURPOSES[kind], words=NoticeWordsForm().words,
        withdrawn=kind is Notice.WITHDRAWAL,
    )  # fmt: skip
    if request.args.get("part") != "text":
        return framed_mail(mail.html or "")
    answer = Response(mail.text, mimetype="text/plain")
    answer.headers["Content-Security-Policy"] = FRAMED_MAIL_POLICY
    return answer
