"""Albanian as it is read on its page or in its mail: rules that only a whole page can break."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Iterator
from html import unescape
from types import SimpleNamespace

import pytest

from pop_campaigns.accounts.guard import is_public
from pop_campaigns.contacts.words.labels import INSTITUTION_KINDS, LOG_KINDS, PERSON_KINDS
from pop_campaigns.core.db import db
from pop_campaigns.core.i18n import speaking
from pop_campaigns.events.words.labels import EVENT_KINDS
from tests.house.languages import said_in, typed_values
from tests.house.said_mails import mails_in
from tests.house.test_albanian import faults_of
from tests.house.walk import Walk

TAGS = re.compile(r"<[^<>]+>")
COUNTED = re.compile(r'<(\w+)\b[^<>]*>((?:(?!</\1>).)*?)<span class="count">', re.DOTALL)
BUTTON = re.compile(r"<button\b[^<>]*>(.*?)</button>|<a [^<>]*class=\"btn[^<>]*>(.*?)</a>", re.DOTALL)
HINT = re.compile(r'<(?:div|p) class="hint[^<>]*>(.*?)</(?:div|p)>', re.DOTALL)
# What a button says to one person it knows; strangers, and everybody in a sentence, are *ju*.
TO_ONE = re.compile(
    r"(?:^|[.;:!?] )(?:abonohu|dërgo|fshi|gjej|hap|hape|hiq|hyr|kërko|kthehu|lexo|merr|ndrysho|ngarko|provo|ruaj|ruaje"
    r"|shfaq|shih|shihe|shko|shkruaj|shto|shtoje|shtyp|shëno|tregoje|vazhdo|zgjidh|përgjigju)\b",
    re.IGNORECASE,
)
TO_SEVERAL = re.compile(r"^\w+(?:ni|juni)\b(?! i\b)", re.IGNORECASE)
# Neither for strangers nor at the desk.
OF_SIGNING_IN = ("accounts.", "security.")


def words_of(markup: str) -> str:
    """Return what stands in a piece of a page."""
    return " ".join(unescape(TAGS.sub(" ", markup)).split())


def counted_in(page: str) -> Iterator[str]:
    """Give what stands before a number in headings, tabs and filters."""
    yield from (words_of(label) for _tag, label in COUNTED.findall(page))


def buttons_in(page: str) -> Iterator[str]:
    """Give what buttons say, and links that look like one."""
    yield from (words_of(button or link) for button, link in BUTTON.findall(page))


def hints_in(page: str) -> Iterator[str]:
    """Give what stands beside fields."""
    yield from (words_of(words) for words in HINT.findall(page))


def pages_of(walked: Walk, *, public: bool) -> list[str]:
    """Return the pages for strangers, also as previews, or those for who is signed in."""
    return [
        one.answer.text
        for one in walked.pages
        if (is_public(one.endpoint) or one.endpoint.startswith("previews.")) is public
        and not one.endpoint.startswith(OF_SIGNING_IN)
    ]


def singular() -> set[str]:
    """Return the words for one record of a kind."""
    with speaking("sq"):
        kinds = (EVENT_KINDS, INSTITUTION_KINDS, LOG_KINDS, PERSON_KINDS)
        # *Përballje* is one and many.
        return {str(words) for kind in kinds for words in kind.values()} - {"Përballje"} | {"Person"}


def wrong_counts(labels: Iterable[str]) -> set[str]:
    """Return labels over a number that speak of one: *E sistemuar 5*, *Protestë 2*."""
    one = singular()
    return {label for label in labels if label in one or re.match(r"[IE] \w+$", label)}


def test_over_a_number_stands_a_plural(walk: Callable[[str], Walk]) -> None:
    labels = [label for page in walk("drita").pages for label in counted_in(page.answer.text)]
    assert wrong_counts(labels) == set()
    assert len(set(labels)) > 20
    assert wrong_counts(counted_in('<a href="x">E sistemuar <span class="count">5</span></a>'))
    assert wrong_counts(counted_in('<h2>Tryezë e rrumbullakët <span class="count">2</span></h2>'))
    assert not wrong_counts(counted_in('<h2>Të sistemuara <span class="count">5</span></h2>'))


def test_strangers_are_addressed_as_ju(walk: Callable[[str], Walk]) -> None:
    said = {words for page in pages_of(walk("nobody"), public=True) for words in buttons_in(page)}
    assert {words for words in said if TO_ONE.search(words)} == set()
    assert len(said) > 8
    assert TO_ONE.search("Shfaq të gjitha") and not TO_ONE.search("Shfaqni të gjitha")


def test_buttons_of_the_desk_are_singular_and_hints_plural(walk: Callable[[str], Walk]) -> None:
    pages = pages_of(walk("drita"), public=False)
    buttons = {words for page in pages for words in buttons_in(page)}
    hints = {words for page in pages for words in hints_in(page)}
    assert {words for words in buttons if TO_SEVERAL.search(words)} == set()
    assert {words for words in hints if TO_ONE.search(re.sub("“[^”]*”", "", words))} == set()
    assert len(buttons) > 60 and len(hints) > 40
    assert TO_SEVERAL.search("Ruani ndryshimet") and TO_ONE.search("Sipas dëshirës. Shkruaj dy fjalë.")


@pytest.mark.parametrize("who", ["drita", "nobody"])
def test_pages_keep_to_the_rules(walk: Callable[[str], Walk], world: SimpleNamespace, who: str) -> None:
    """What is put together only on the page: days in sentences, names in cases, quotation marks of templates."""
    pieces = {
        one.text for page in walk(who).pages for one in said_in(page.answer.text, "sq") if one.lang == "sq"
    }
    typed = typed_values()
    faults = {fault for text in pieces for fault in faults_of(text) if list(faults_of(_without(text, typed)))}
    assert faults == set()


def _without(text: str, typed: Iterable[str]) -> str:
    for value in typed:
        text = text.replace(value, "")
    return text


def test_mails_keep_to_the_rules(world: SimpleNamespace) -> None:
    faults = {
        f"{mail.name}: {fault}"
        for mail in mails_in(world, "sq")
        for line in (mail.subject, *mail.text.splitlines(), *mail.more)
        for fault in faults_of(re.sub(r"\S+@\S+", "", line))
    }
    db.session.rollback()
    assert faults == set()
