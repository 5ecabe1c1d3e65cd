"""What of invitations says that somebody reads at an address: an answer, by whatever way it came."""

from __future__ import annotations

from sqlalchemy import exists

from pop_campaigns.invitations.models import GivenAnswer, Invitation, TimeProposal
from pop_campaigns.mail.silence import register

register(
    Invitation,
    lambda ident: (
        exists().where(GivenAnswer.invitation_id == ident)
        | exists().where(TimeProposal.invitation_id == ident)
    ),
)
