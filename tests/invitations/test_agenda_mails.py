"""The agenda in mails and calendar entries: word for word in golden/agenda.*, and hostile words as words."""

from __future__ import annotations

import os
import re
from datetime import time
from types import SimpleNamespace

import pytest
from flask import Flask

from pop_campaigns.core.db import db
from pop_campaigns.events.models.agenda import AgendaPoint
from pop_campaigns.events.models.events import Event
from pop_campaigns.invitations.services.sending import send_invitations
from pop_campaigns.mail.compose import compose
from pop_campaigns.mail.message import MailParts, message_bytes
from tests import factories
from tests.invitations.scene import NOW, mails
from tests.invitations.test_messages import GOLDEN, HOSTILE, LANGUAGES, as_files, make_scene


def write_agenda(event: Event, **first: str) -> None:
    """Three points: one put to an office, one with a speaker, one with neither."""
    office = factories.make_office("Prefekt", title_en="Prefect", email="prefekti@qark.example")
    office.institution.name_sq, office.institution.name_en = "Prefektura e Qarkut Fier", "Prefecture of Fier"
    values = {
        "title_sq": "Pse nuk u pastrua shtrati i lumit?",
        "title_en": "Why was the bed of the river not cleaned?",
        "words_sq": "Premtimi i vitit 2020.\nShpenzimet e vitit 2026.",
    }
    shared = {"event_id": event.id, "created_at": NOW}
    db.session.add_all(
        [
            AgendaPoint(position=1, title_sq="Hapja", minutes=10, speaker="Koordinator Fier", **shared),
            AgendaPoint(position=2, minutes=30, put_to=office, **(values | first), **shared),
            AgendaPoint(position=3, clock=time(11, 45), title_sq="Mbyllja", title_en="Closing", **shared),
        ]
    )
    db.session.commit()


def sent(cast: SimpleNamespace, language: str, **first: str) -> MailParts:
    """The invitation to an event with an agenda."""
    guest = make_scene(cast, language)
    write_agenda(guest.event, **first)
    send_invitations(guest.event, by=cast.arta, now=NOW)
    db.session.commit()
    return compose(mails()[-1])


@pytest.mark.parametrize("language", LANGUAGES)
def test_the_invitation_says_the_agenda(app: Flask, cast: SimpleNamespace, language: str) -> None:
    """Written anew by POP_WRITE_GOLDEN=1, to be read before it is committed."""
    for ending, text in as_files(sent(cast, language)).items():
        path = GOLDEN / f"agenda.{language}.{ending}"
        if os.environ.get("POP_WRITE_GOLDEN") == "1":
            path.write_bytes(text.encode())
        assert text == path.read_bytes().decode(), f"{path.name} says something else"


def test_hostile_words_of_an_agenda_are_words(app: Flask, cast: SimpleNamespace) -> None:
    hostile = f"{HOSTILE} #{{}}[]$\r\nBcc: x@y.example\u202e"
    parts = sent(
        cast,
        "sq",
        title_sq=hostile[:200],
        words_sq=f"{hostile}\r\nATTENDEE:mailto:x@y.example\n{'w' * 10_000}",
    )
    message = message_bytes(parts)
    assert b"\r\nBcc:" not in message
    assert "{answer_url} {addressed}" in parts.text and "<script>" not in (parts.html or "")
    assert len(parts.text) < 8_000
    assert parts.calendar is not None
    lines = re.sub(r"\r\n[ \t]", "", parts.calendar).split("\r\n")
    assert [line for line in lines if line.startswith("ATTENDEE")] == [
        line for line in lines if line.startswith("ATTENDEE;CUTYPE")
    ]
    assert "\u202e" not in parts.text + (parts.html or "") + parts.calendar
