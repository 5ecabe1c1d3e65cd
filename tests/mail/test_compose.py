"""Words of mails from templates: what people typed arrives as it was typed and can become no placeholder."""

from __future__ import annotations

from dataclasses import dataclass

from flask import Flask

from pop_campaigns.core.i18n import speaking
from pop_campaigns.mail.compose import as_typed, render_words
from pop_campaigns.mail.outbox import fill_placeholders


@dataclass(frozen=True)
class Line:
    """A line of facts, as messages have them."""

    value: str
    link: bool = False


def test_braces_stay_braces_in_texts_lists_and_facts() -> None:
    safe = as_typed(["{answer_url}", Line("{x}", link=True), True, None])
    assert safe == ["{brace}answer_url}", Line("{brace}x}", link=True), True, None]
    assert fill_placeholders(safe[0], {"brace": "{", "answer_url": "secret"}) == "{answer_url}"


def test_a_mail_about_an_account_keeps_what_was_typed(app: Flask) -> None:
    values = {
        "lang": "en", "refusable": False, "organiser": "{link_url} & Co", "network": "N", "network_short": "N",
        "contacts": ["{brace}"], "inviter": "<b>Arta</b>", "of_organisation": "{link_url}", "address": "a@b.example",
    }  # fmt: skip
    with speaking("en"):
        subject, text, html = render_words("account_invitation", values)
    filled = {"brace": "{", "link_url": "https://pop.example/secret"}
    assert "secret" not in fill_placeholders(subject, filled)
    assert fill_placeholders(text, filled).count("secret") == 1, "in the link of our own alone"
    assert "{link_url}" in fill_placeholders(text, filled)
    assert "<b>Arta" not in html and "&lt;b&gt;Arta" in html
