"""What of letters says that somebody reads at an address: a response, by whatever way it came."""

from __future__ import annotations

from sqlalchemy import exists

from pop_campaigns.letters.models import LetterRecipient, LetterResponse
from pop_campaigns.mail.silence import register

register(LetterRecipient, lambda ident: exists().where(LetterResponse.recipient_id == ident))
