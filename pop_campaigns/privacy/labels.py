"""The words for what is kept how long, translated when shown."""

from __future__ import annotations

from typing import Final

from flask_babel import lazy_gettext as _l
from flask_babel.speaklater import LazyString

from pop_campaigns.privacy.rules import Kept

KEPT_WORDS: Final[dict[Kept, tuple[LazyString, LazyString, LazyString]]] = {
    Kept.ANSWERS: (
        _l("Answers of citizens"),
        _l("after the end of the event"),
        _l("Name, address, note and substitute go; that somebody was asked and what they answered stays."),
    ),
    Kept.MAILS: (
        _l("Words of sent messages"),
        _l("after they were queued"),
        _l("Text, files and links go; address, time and state stay. Letters are official and stay whole."),
    ),
    Kept.PROOFS: (
        _l("Proofs of withdrawn consents"),
        _l("after the withdrawal"),
        _l("Words and file of the proof go; that there was a consent and when it ended stays."),
    ),
    Kept.IMPORTS: (
        _l("Rows of imported files"),
        _l("after the import"),
        _l("The cells go; the contacts stay. From then on the import cannot be taken back."),
    ),
    Kept.LOOSE_FILES: (
        _l("Files nobody knows"),
        _l("after they were written"),
        _l("Left on the disk by a machine that stopped at the wrong moment."),
    ),
}
"""What it is, from when its time is counted, what becomes of it."""
