"""Servers say no in many words; people read few."""

from __future__ import annotations

import pytest

from pop_campaigns.mail.refusals import REFUSAL_LABELS, explain_words, one_line


@pytest.mark.parametrize(
    ("code", "words", "permanent", "key"),
    [
        (
            550,
            "5.1.1 <x@y.al>: Recipient address rejected: User unknown in virtual mailbox table",
            True,
            "mailbox_unknown",
        ),
        (550, "No such user here", True, "mailbox_unknown"),
        (550, "Requested action not taken: mailbox unavailable", True, "mailbox_unknown"),
        (450, "Requested action not taken: mailbox unavailable", False, "busy"),
        (550, "5.1.2 Host unknown", True, "domain_unknown"),
        (552, "5.2.2 Over quota", True, "mailbox_full"),
        (552, "Requested mail action aborted", True, "mailbox_full"),
        (552, "Error: message size exceeds fixed maximum message size", True, "too_large"),
        (552, "Error: Too much mail data", True, "too_large"),
        (554, "5.7.1 Service unavailable; client host blocked using a list", True, "unwanted"),
        (450, "4.2.0 <x@y.al>: Recipient address rejected: Greylisted, see http://x", False, "greylisted"),
        (452, "4.3.1 Insufficient system storage", False, "busy"),
        (535, "5.7.8 Bad credentials", False, "sign_in"),
        (550, "Something else", True, "refused"),
        (471, "Something else", False, "later"),
        (None, "Something else", False, "later"),
        (None, "Something else", True, "refused"),
    ],
)
def test_the_usual_answers_are_understood(code: int | None, words: str, permanent: bool, key: str) -> None:
    assert explain_words(code, words, permanent=permanent) == key
    assert key in REFUSAL_LABELS


def test_a_servers_words_are_one_harmless_line() -> None:
    assert one_line(b"5.1.1 No\r\nsuch\n\x1b[31muser\x00 \xff") == "5.1.1 No such [31muser �"
    assert len(one_line(b"x" * 100_000)) == 300
