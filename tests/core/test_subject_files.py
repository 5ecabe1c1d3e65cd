"""Files of a letter, an event, anything: kept once, in order, in the mail as far as there is room, else behind a link."""

from __future__ import annotations

from types import SimpleNamespace
from typing import Any

import pytest
from flask import Flask
from flask.testing import FlaskClient
from sqlalchemy import func, select

from pop_campaigns.core.clock import now
from pop_campaigns.core.db import db
from pop_campaigns.core.file_pages import moved_words
from pop_campaigns.core.files import RefusedFile, StoredFile
from pop_campaigns.core.history import history_of
from pop_campaigns.core.mail_files import FileAudience, FileDelivery, decide_delivery
from pop_campaigns.core.subject_files import (
    MOST_FILES,
    SubjectFile,
    attach_file,
    detach_all,
    detach_file,
    file_of,
    files_of,
    mail_attachments,
    mail_link,
    part_files,
)
from pop_campaigns.core.tokens import derive_token
from tests import factories

PDF = b"%PDF-1.7 "
MAIL, LINK = FileDelivery.IN_MAIL, FileDelivery.AS_LINK


@pytest.mark.parametrize(
    ("files", "decided"),
    [
        ([], []),
        ([(4, MAIL), (3, MAIL)], [MAIL, MAIL]),
        ([(4, MAIL), (4, MAIL), (3, MAIL)], [MAIL, LINK, MAIL]),
        ([(8, MAIL)], [LINK]),
        ([(1, LINK), (7, MAIL)], [LINK, MAIL]),
    ],
)
def test_the_mail_is_filled_in_order(files: list[Any], decided: list[FileDelivery]) -> None:
    assert decide_delivery(files, 7) == decided


@pytest.fixture
def event(cast: SimpleNamespace) -> Any:
    return factories.make_event(cast.fier)


def attach(subject: Any, name: str, content: bytes = PDF, **values: Any) -> SubjectFile:
    return attach_file(subject, content, name, by=None, now=now(), **values)


@pytest.mark.both_databases
def test_files_keep_their_order_and_are_there_once(event: Any) -> None:
    other = factories.make_event(event.organisation)
    first = attach(event, "../harta.pdf")
    attach(event, "b.pdf", label="Buxheti i vitit 2026")
    again = attach(event, "harta.pdf", delivery=LINK)
    assert again is first and first.delivery is LINK
    assert [(row.label, row.position) for row in files_of(event)] == [
        ("harta.pdf", 1),
        ("Buxheti i vitit 2026", 2),
    ]
    theirs = attach(other, "harta.pdf")
    assert file_of(other, theirs.id) is theirs and file_of(event, theirs.id) is None
    detach_all(event, by=None, now=now())
    assert files_of(event) == [] and theirs.file.path.is_file()
    assert db.session.scalar(select(func.count(StoredFile.id))) == 1
    assert [row.action for row in history_of(event)] == [
        "file.detached",
        "file.detached",
        "file.attached",
        "file.attached",
    ]


def test_what_is_not_kept_is_refused_and_changes_nothing(event: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    with pytest.raises(RefusedFile, match="kind"):
        attach(event, "faqe.html", b"<script>")
    monkeypatch.setattr("pop_campaigns.core.subject_files.MOST_FILES", 1)
    assert MOST_FILES > 1
    kept = attach(event, "a.pdf")
    with pytest.raises(RefusedFile, match="many"):
        attach(event, "b.pdf")
    assert files_of(event) == [kept]


def test_too_large_together_is_said_and_goes_as_a_link(
    app: Flask, event: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setitem(app.config, "MAIL_FILES_LIMIT", 1)
    half = PDF + b"x" * 600_000
    first, second = attach(event, "a.pdf", half), attach(event, "b.pdf", half + b"y")
    third = attach(event, "c.pdf", delivery=LINK)
    parted = part_files(files_of(event))
    assert (parted.in_mail, parted.as_link, parted.moved) == ([first], [second, third], [second])
    assert mail_attachments(parted.in_mail) == [("a.pdf", "application/pdf", half)]
    assert part_files([first], taken=600_000).moved == [first]
    with app.test_request_context(headers={"Accept-Language": "en"}):
        assert moved_words(parted.moved) == "b.pdf is too large for the mail and goes as a link."
        assert moved_words([]) == ""


def test_a_link_opens_its_file_for_anybody_and_nothing_else(
    app: Flask, client: FlaskClient, event: Any
) -> None:
    row = attach(event, "Harta e lumit.pdf", audience=FileAudience.GUESTS)
    db.session.commit()
    link = mail_link(row)
    token = derive_token(link["purpose"], link["nonce"])
    assert token not in str(vars(row)), "the database alone opens nothing"
    answer = client.get(f"/f/{token}")
    assert answer.data == PDF and answer.headers["Content-Disposition"].startswith("attachment; filename=")
    assert answer.headers["Content-Security-Policy"] == "default-src 'none'; sandbox"
    assert "noindex" in answer.headers["X-Robots-Tag"] and "no-store" in answer.headers["Cache-Control"]
    assert not answer.headers.getlist("Set-Cookie")
    assert client.head(f"/f/{token}").status_code == 200
    assert client.get(f"/f/{row.link_nonce}").status_code == 404
    assert client.get(f"/f/{row.link_hash}").status_code == 404
    detach_file(row, event, by=None, now=now())
    db.session.commit()
    assert client.get(f"/f/{token}").status_code == 404
