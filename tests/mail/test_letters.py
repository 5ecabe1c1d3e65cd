"""Bytes as letters: texts with wrong labels and bad bytes, names of files in every form programs make of them, odd line ends."""

from __future__ import annotations

import pytest

from pop_campaigns.mail.reading.charsets import decode_bytes
from pop_campaigns.mail.reading.mails import read_mail
from tests.mail.own.delivery_reports import UNKNOWN, fields, report
from tests.mail.own.writing import mail, multipart, part, with_ends

TEXT = "Përgjigje çdo ditë"


@pytest.mark.parametrize(
    "label", ["", "utf-8", "us-ascii", "iso-8859-1", "windows-1250", "koi8-r", "x-none", "utf-7"]
)
def test_what_is_utf8_is_read_so_whatever_its_label(label: str) -> None:
    assert decode_bytes(TEXT.encode(), label) == TEXT
    assert decode_bytes(TEXT.encode() + b"\xff.", label) == f"{TEXT}\ufffd."
    assert decode_bytes(TEXT.encode()[:-1], label) == TEXT[:-1] + "\ufffd"


@pytest.mark.parametrize(
    "label", ["", "utf-8", "us-ascii", "iso-8859-1", "windows-1252", "windows-1250", "iso-8859-2"]
)
def test_what_is_not_keeps_its_letters(label: str) -> None:
    assert decode_bytes(TEXT.encode("cp1252"), label) == TEXT


@pytest.mark.parametrize(
    ("text", "charset"),
    [
        ("Здраво", "windows-1251"), ("Привет", "koi8-r"), ("Καλημέρα Άννα", "iso-8859-7"), ("日本", "shift_jis"), ("联通", "gbk"),
        ("Përg", "utf-16"), ("Çaçë", "utf-32"), ("Đorđe Ćirić", "windows-1250"), ("Şükrü", "iso-8859-9"), ("日本", "iso-2022-jp"),
    ],
)  # fmt: skip
def test_a_right_label_is_trusted(text: str, charset: str) -> None:
    assert decode_bytes(text.encode(charset), charset) == text


def test_two_letters_that_look_like_one_are_no_proof() -> None:
    assert decode_bytes("Ã« Ã§ à è".encode("cp1252"), "windows-1252") == "Ã« Ã§ à è"


@pytest.mark.parametrize("text", ["Štefan ide u Čačak", "Đorđe Ćirić", "żółć i łąka"])
def test_central_europe_without_a_label(text: str) -> None:
    assert decode_bytes(text.encode("cp1250")) == text


@pytest.mark.parametrize("text", ["è città", "à la carte, žele", "Përgjigje ç", "café"])
def test_western_europe_without_a_label(text: str) -> None:
    assert decode_bytes(text.encode("cp1252")) == text


NAME = "Përgjigje zyrtare.pdf"
_Q = "P=C3=ABrgjigje_zyrtare.pdf"
_PERCENT = "P%C3%ABrgjigje%20zyrtare.pdf"


@pytest.mark.parametrize(
    "written",
    [
        f'attachment; filename="{NAME}"'.encode(), f'attachment; filename="{NAME}"'.encode("cp1252"),
        f"attachment; filename={NAME}".encode("cp1250"), f"attachment;\n filename=\"=?utf-8?Q?{_Q}?=\"".encode(),
        f"attachment; filename==?utf-8?Q?{_Q}?=".encode(), f"=?utf-8?Q?attachment=3B_filename=3D=22{_Q}=22?=".encode(),
        f"attachment; filename*=utf-8''{_PERCENT}".encode(),
        f"attachment; filename=\"P?rg.pdf\"; filename*=utf-8''{_PERCENT}".encode(),
        f"attachment; filename*=\"utf-8''{_PERCENT}\"".encode(), f"attachment; filename*={_PERCENT}".encode(),
        f"attachment; filename=\"utf-8''{_PERCENT}\"".encode(), f"attachment; filename={_PERCENT}".encode(),
        f"attachment; filename*=utf-8'{_PERCENT}".encode(), f"attachment; filename*=''{_PERCENT}".encode(),
        b"attachment; filename*=iso-8859-1''P%EBrgjigje%20zyrtare.pdf", b"attachment; filename*=utf-8''P%EBrgjigje%20zyrtare.pdf",
        f"attachment; filename*=utf-8''{NAME}".encode(), f"attachment; FileName*=UTF-8'sq'{_PERCENT}".encode(),
        b"attachment; filename*0*=utf-8''P%C3%ABrgjigje; filename*1*=%20zyrtare.pdf",
        b"attachment; filename*1*=%20zyrtare.pdf; filename*0*=utf-8''P%C3%ABrgjigje",
        b'attachment; filename*0="P%C3%ABrgjigje"; filename*1=" zyrtare.pdf"',
        b'attachment; filename*0="=?utf-8?Q?P=C3=ABrgjigje_?="; filename*1="=?utf-8?Q?zyrtare.pdf?="',
        f"attachment; filename*=utf-8''=?utf-8?Q?{_Q}?=".encode(),
    ],
)  # fmt: skip
def test_a_file_is_called_as_its_sender_called_it(written: bytes) -> None:
    raw = multipart(part("text/plain", "Po"), part("application/pdf", "x", "Content-Disposition: NAMED"))
    [note] = read_mail(raw.replace(b"NAMED", written.replace(b"\n", b"\r\n"), 1)).attachments
    assert note.name == NAME


def test_a_percent_sign_may_stand_in_a_name() -> None:
    raw = multipart(
        part("text/plain", "Po"),
        part("application/pdf", "x", 'Content-Disposition: attachment; filename="50% e re.pdf"'),
    )
    assert read_mail(raw).attachments[0].name == "50 e re.pdf"


@pytest.mark.parametrize("end", ["\r", "\n", "\r\n", "\r\r\n"])
def test_lines_may_end_in_any_way(end: str) -> None:
    raw = with_ends(multipart(part("text/plain; charset=utf-8", f"{TEXT}\nDy")), end)
    assert read_mail(raw).text == f"{TEXT}\nDy"
    came_back = with_ends(report("No.", fields("failed", "5.1.1", UNKNOWN)), end)
    assert (read_mail(came_back).kind, read_mail(came_back).status) == ("bounce", "5.1.1")


def test_a_subject_in_raw_bytes() -> None:
    for raw in (TEXT.encode(), TEXT.encode("cp1252")):
        assert read_mail(mail("Subject: @").replace(b"@", raw, 1)).subject == TEXT
