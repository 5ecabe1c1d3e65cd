"""One search over everything a person may see."""

from __future__ import annotations

from collections.abc import Callable
from contextlib import AbstractContextManager
from types import SimpleNamespace

import pytest
from flask.testing import FlaskClient

from pop_campaigns.accounts.models import User
from pop_campaigns.core.db import db
from tests import factories
from tests.desk.conftest import sent_letter

Browser = Callable[[User], FlaskClient]


def found(browser: FlaskClient, typed: str) -> str:
    answer = browser.get("/search", query_string={"q": typed})
    assert answer.status_code == 200
    return answer.text.split("</header>", 1)[1]


def test_everything_by_folded_words(people: SimpleNamespace, sign_in: Browser) -> None:
    event = factories.make_event(people.fier, title_sq="Çështja e lumit në Tiranë", title_en="")
    institution = factories.make_institution("Bashkia Tiranë")
    person = factories.make_person("Titullar Tirançi")
    letter = sent_letter(people.arta, due_in=9, subject="Kërkesë për Tiranën")
    db.session.commit()
    page = found(sign_in(people.arta), "TIRANE")
    for address in (
        f"/events/{event.id}",
        f"/people/institutions/{institution.id}",
        f"/letters/{letter.id}",
    ):
        assert f'href="{address}"' in page
    assert f'href="/people/persons/{person.id}"' in found(sign_in(people.arta), "titullar tiranci")
    assert f'href="/events/{event.id}"' in found(sign_in(people.arta), "ceshtja")


def test_strangers_find_nothing(people: SimpleNamespace, client: FlaskClient, sign_in: Browser) -> None:
    factories.make_event(people.fier, title_sq="Fshehtësi e madhe", title_en="")
    factories.make_institution("Fshehtësi institucioni", organisation=people.fier)
    factories.make_person("Fshehtësi Personi", organisation=people.fier)
    sent_letter(people.arta, due_in=9, subject="Fshehtësi shkrese")
    db.session.commit()
    assert found(sign_in(people.besa), "fshehtesi").count("data-row") == 4
    page = found(sign_in(people.clirim), "fshehtesi")
    assert "data-row" not in page
    assert "Nothing found" in page
    assert client.get("/search?q=fshehtesi").status_code == 302
    assert sign_in(people.arta).post("/search").status_code == 405


def test_ten_of_each_and_a_way_to_all(people: SimpleNamespace, sign_in: Browser) -> None:
    for number in range(12):
        factories.make_event(people.fier, title_sq=f"Tryezë e provës {number}", title_en="")
    db.session.commit()
    page = found(sign_in(people.arta), "tryeze e proves")
    assert page.count("data-row") == 10
    assert "/events?q=tryeze+e+proves" in page
    assert "Show all 12" in page


@pytest.mark.parametrize("typed", ["", " ", "a", "%", "_", "\x00", "ë"])
def test_too_short_finds_nothing(people: SimpleNamespace, sign_in: Browser, typed: str) -> None:
    factories.make_event(people.fier)
    db.session.commit()
    assert "data-row" not in found(sign_in(people.arta), typed)


@pytest.mark.parametrize(
    "typed",
    ["a" * 10_240, "%%%", "__", "' OR 1=1 --", 'title:"x" NEAR/2 y*', "\ud800\udfff x", "<script>alert(1)</script>", "12/2026"],
)  # fmt: skip
def test_hostile_words(people: SimpleNamespace, sign_in: Browser, typed: str) -> None:
    factories.make_event(people.fier)
    db.session.commit()
    query = typed.encode("utf-8", "surrogatepass")
    answer = sign_in(people.arta).get(b"/search?q=".decode() + "".join(f"%{byte:02x}" for byte in query))
    assert answer.status_code == 200
    assert "<script>alert" not in answer.text
    assert "data-row" not in answer.text


def test_queries_do_not_grow(
    people: SimpleNamespace,
    sign_in: Browser,
    count_queries: Callable[[], AbstractContextManager[list[str]]],
) -> None:
    def fill(number: int) -> None:
        for index in range(number):
            factories.make_event(people.fier, title_sq=f"Provë {index}")
            factories.make_office(
                "Prefekt", factories.make_institution(f"Provë {index}"), holder=f"Provë {index}"
            )
            sent_letter(people.arta, due_in=9, subject=f"Provë {index}")
        db.session.commit()

    browser = sign_in(people.arta)
    fill(2)
    with count_queries() as few:
        found(browser, "prove")
    fill(7)
    with count_queries() as many:
        found(browser, "prove")
    # More than ten of a kind are counted, once a kind.
    assert len(many) <= len(few) + 4, "\n".join(sorted(set(many) - set(few)))
