"""Which files are kept: content and name have to agree, and nothing that runs is among them."""

from __future__ import annotations

import pytest

from pop_campaigns.core.file_kinds import ENDINGS, is_document, media_type_of

ZIP, OLE = b"PK\x03\x04 rest", b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1 rest"
SIGNED = b"\x30\x82\x0a\x00\x06\x09\x2a\x86\x48\x86\xf7\x0d\x01\x07\x02\xa0"


@pytest.mark.parametrize(
    ("name", "content", "media_type"),
    [
        ("a.pdf", b"%PDF-1.7", "application/pdf"),
        ("A.JPG", b"\xff\xd8\xff\xe0", "image/jpeg"),
        ("a.heic", b"\0\0\0\x18ftypheic", "image/heic"),
        ("a.tif", b"II*\0", "image/tiff"),
        ("a.ods", ZIP, "application/vnd.oasis.opendocument.spreadsheet"),
        ("a.pptx", ZIP, "application/vnd.openxmlformats-officedocument.presentationml.presentation"),
        ("a.doc", OLE, "application/msword"),
        ("a.xls", OLE, "application/vnd.ms-excel"),
        ("shënime.txt", "Përgjigje ç\r\n\tfund".encode(), "text/plain"),
        ("nga notepad.txt", "Përgjigje".encode("utf-16"), "text/plain"),
        ("nga excel.csv", "Emri;Çmimi\r\në;ç".encode("cp1250"), "text/csv"),
        ("vendim.pdf.p7m", SIGNED, "application/pkcs7-mime"),
    ],
)
def test_what_offices_send_is_kept(name: str, content: bytes, media_type: str) -> None:
    assert media_type_of(content, name) == media_type


@pytest.mark.parametrize(
    ("name", "content"),
    [
        ("a.html", b"<script>"), ("a.svg", b"<svg>"), ("a.exe", b"MZ"), ("a.zip", ZIP), ("a.docm", ZIP), ("a.msg", OLE),
        ("a.pdf", b"<script>"), ("a.png", b"%PDF-1.7"), ("a.doc", ZIP), ("a.docx", OLE), ("a.p7m", b"0\x82 text"),
        ("a.txt", b"\x7fELF\0\0"), ("a.csv", b"a;b\0"), ("a.txt", b"\xff\xfea"), ("a", b"%PDF-1.7"), (".pdf", b"%PDF-1.7"),
        ("a.heic", b"\0\0\0\x18ftypmp42"),
    ],
)  # fmt: skip
def test_what_runs_or_lies_about_itself_is_not(name: str, content: bytes) -> None:
    assert media_type_of(content, name) is None
    assert not is_document(content, name)


def test_what_a_message_may_travel_in_is_no_document() -> None:
    """Whoever decides by it whether a file is looked into for secrets has to look into these."""
    assert is_document(b"%PDF-1.7", "a.pdf")
    assert not is_document(b"Subject: x", "a.txt")
    assert not is_document(SIGNED, "a.p7m")


def test_each_kind_is_named_to_people() -> None:
    from pop_campaigns.core.file_kinds import SHOWN_KINDS

    named = (
        SHOWN_KINDS.replace("DOC(X)", "DOC DOCX").replace("XLS(X)", "XLS XLSX").replace("PPT(X)", "PPT PPTX")
    )
    alike = {".jpg": "JPEG", ".tif": "TIFF"}
    assert {alike.get(ending, ending[1:].upper()) for ending in ENDINGS} == set(
        named.replace(",", "").split()
    )
