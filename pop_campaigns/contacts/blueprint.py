"""The blueprint of the contacts; its pages add themselves, by noun."""

from __future__ import annotations

from flask import Blueprint

from pop_campaigns.contacts.rules import Unmailed
from pop_campaigns.contacts.words.mailing import SAMPLE, SILENT, UNMAILED
from pop_campaigns.core.chips import Chip
from pop_campaigns.core.file_pages import make_room
from pop_campaigns.mail.addresses import is_sample_address

bp = Blueprint("contacts", __name__, url_prefix="/people")
make_room(bp, {"contacts.new_consent"})


@bp.app_template_global()
def unmailed_chip(reason: Unmailed | str) -> Chip:
    """Return the chip that says why no mail goes to somebody."""
    return UNMAILED[Unmailed(reason)]


@bp.app_template_global()
def sample_address_chip() -> Chip:
    """Return the chip that stands beside a sample address."""
    return SAMPLE


@bp.app_template_global()
def silent_chip() -> Chip:
    """Return the chip beside an address from which nothing ever came back."""
    return SILENT


@bp.app_template_global()
def is_sample_email(email: str) -> bool:
    """Return whether an address, wherever it is kept, is a sample."""
    return is_sample_address(email)
