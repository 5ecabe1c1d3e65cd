"""What stood inside a signature, *winmail.dat* or a text: had as files, under limits, behind all that came by itself."""

from __future__ import annotations

import struct

from pop_campaigns.mail.reading.mails import read_attachment, read_mail
from pop_campaigns.mail.reading.smime import open_smime
from pop_campaigns.mail.reading.tnef import open_tnef
from pop_campaigns.mail.words.programs import partstat_in
from tests.mail.own.enclosed import compressed, entity, signed, smime, tnef, uuencoded, winmail
from tests.mail.own.writing import in_base64, mail, multipart, part


def files_of(raw: bytes) -> list[tuple[str, bytes | None]]:
    """Give each file that is named in the report, with what is had under its number."""
    notes = read_mail(raw).attachments
    return [(note.name, read_attachment(raw, number)) for number, note in enumerate(notes)]


def test_files_in_winmail_are_had_and_it_as_well() -> None:
    packed = tnef("IPM.Note", files=(("ftesa.pdf", b"%PDF-1.4"), ("a/b.txt", b"b")))
    assert files_of(winmail(packed)) == [("winmail.dat", packed), ("ftesa.pdf", b"%PDF-1.4"), ("b.txt", b"b")]


def test_a_file_keeps_its_number_whatever_is_opened_before_it() -> None:
    packed = tnef("IPM.Note", files=(("brenda.txt", b"x"),))
    pdf = in_base64("application/pdf; name=jashte.pdf", b"%PDF", "Content-Disposition: attachment")
    raw = multipart(part("text/plain", "Po"), in_base64("application/ms-tnef; name=winmail.dat", packed), pdf)
    assert [name for name, _ in files_of(raw)] == ["winmail.dat", "jashte.pdf", "brenda.txt"]


def test_files_inside_a_signature_are_had() -> None:
    inner = entity(part("text/plain", "Po"), in_base64("application/pdf; name=a.pdf", b"%PDF"))
    assert files_of(smime(signed(inner)))[1] == ("a.pdf", b"%PDF")


def test_a_file_in_a_text_is_taken_out_whole() -> None:
    content = bytes(range(256)) * 3
    assert files_of(mail(body=f"Po\n{uuencoded('a.bin', content)}")) == [("a.bin", content)]


def test_what_is_packed_to_burst_is_cut_off() -> None:
    opened = open_smime(compressed(bytes(60_000_000)))
    assert len(opened.content) == 25 * 1024 * 1024


def test_signatures_without_end_are_left() -> None:
    content = b"Content-Type: text/plain\r\n\r\nPo"
    for _ in range(6):
        content = signed(content)
    assert open_smime(content).why == "signatures (S/MIME) nested too deeply"


def test_a_winmail_of_too_many_pieces_is_named_and_not_unpacked() -> None:
    piece = struct.pack("<BHHI", 1, 0x800D, 6, 2) + b"\x01\x00" + struct.pack("<H", 1)
    unpacked = open_tnef(tnef("IPM.Schedule.Meeting.Resp.Neg", files=(("a", b"a"),)) + piece * 30_000)
    assert (unpacked.partstat, unpacked.files) == ("DECLINED", ())


def test_subjects_that_answer() -> None:
    told = {
        subject: partstat_in(subject)
        for subject in (
            "Accepted: Ftesë",
            "Pranuar: x",
            "Abgesagt: x",
            "Tentative: x",
            "Accepted",
            "Re: Accepted: x",
        )
    }
    assert list(told.values()) == ["ACCEPTED", "ACCEPTED", "DECLINED", "TENTATIVE", "", ""]
