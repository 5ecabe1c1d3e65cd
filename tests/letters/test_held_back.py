"""Letters follow the rule of who gets mail: in production nothing goes to a sample address, said in the words of lists."""

from __future__ import annotations

from types import SimpleNamespace
from typing import Any

import pytest
from flask import Flask
from sqlalchemy import select

from pop_campaigns.contacts.rules import Unmailed
from pop_campaigns.contacts.words.mailing import UNMAILED
from pop_campaigns.core.clock import local_date, now
from pop_campaigns.core.db import db
from pop_campaigns.letters.models import LetterRecipient
from pop_campaigns.letters.queries.letters import lines_of, reach_of
from pop_campaigns.letters.queries.recipient_options import find_recipients
from pop_campaigns.letters.services.letters import send_letter
from pop_campaigns.mail.models import OutgoingMail
from tests.factories import make_institution, make_letter, make_office

SAMPLE = "arkivi@fier.example"


@pytest.fixture
def scene(cast: SimpleNamespace) -> SimpleNamespace:
    """A draft to three offices: at a real address, at a sample, at none."""
    letter = make_letter(cast.fier)
    real = make_office("Prefekt", make_institution("Prefektura"), email="prefekti@qarku.al")
    sample = make_office("Arkivist", make_institution("Arkivi"), email=SAMPLE)
    mute = make_office("Bibliotekar", make_institution("Biblioteka"), email=None)
    for number, office in enumerate((real, sample, mute), 1):
        letter.recipients.append(
            LetterRecipient(
                role="to" if office is real else "cc", position=number, office=office, language="sq"
            )
        )
    db.session.commit()
    return SimpleNamespace(letter=letter, real=real, sample=sample, mute=mute, arta=cast.arta)


def sent_to() -> list[str]:
    return sorted(db.session.scalars(select(OutgoingMail.to_address)))


@pytest.mark.both_databases
def test_in_production_a_sample_address_is_held_back(
    app: Flask, scene: SimpleNamespace, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setitem(app.config, "MODE", "production")
    lines = lines_of(scene.letter, scene.arta, local_date(now()))
    assert [(line.address, line.held_address, line.unmailed) for line in lines] == [
        ("prefekti@qarku.al", "", None), ("", SAMPLE, Unmailed.SAMPLE), ("", "", Unmailed.NO_ADDRESS),
    ]  # fmt: skip
    found = {option.id: option.unmailed for option in find_recipients("", reach_of(scene.letter, scene.arta))}
    assert (found[scene.sample.id], found[scene.real.id]) == (Unmailed.SAMPLE, None)
    done = send_letter(scene.letter, by=scene.arta, now=now())
    assert (done.mails, done.by_hand) == (1, 2)
    assert sent_to() == ["prefekti@qarku.al"]


def test_while_trying_out_it_goes(scene: SimpleNamespace) -> None:
    assert send_letter(scene.letter, by=scene.arta, now=now()).mails == 2
    assert sent_to() == [SAMPLE, "prefekti@qarku.al"]


def test_the_pages_before_sending_say_why(
    app: Flask, scene: SimpleNamespace, sign_in: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    browser, chip = sign_in(scene.arta), str(UNMAILED[Unmailed.SAMPLE].words)
    path = f"/letters/{scene.letter.id}"
    assert chip in browser.get(f"{path}/recipients").text  # also while mail goes there
    monkeypatch.setitem(app.config, "MODE", "production")
    listed = browser.get(f"{path}/recipients").text.partition('id="add-title"')[0]
    assert chip in listed.partition(SAMPLE)[2][:200]
    page = browser.get(f"{path}/preview").text
    assert "1 nuk ka adresë; 1 ka vetëm një adresë shembull" in page
    assert chip in page and SAMPLE in page
    scene.letter.recipients.clear()
    db.session.commit()
    found = browser.get(f"{path}/recipients", query_string={"q": "arkivist"}).text
    assert chip in found and "nuk merr mesazh: dorëzojeni dorazi" in found and 'name="guest"' in found
