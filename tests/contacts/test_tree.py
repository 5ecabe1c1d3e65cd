"""The tree of institutions: what is part of what, who may say so, and that no circle closes."""

from __future__ import annotations

import re
from types import SimpleNamespace
from typing import Any

import pytest

from pop_campaigns.contacts.models.institutions import Institution
from pop_campaigns.contacts.rules import InstitutionKind
from pop_campaigns.contacts.services.institutions import CannotBePartOf, InstitutionDraft, change_institution
from pop_campaigns.core.clock import now
from pop_campaigns.core.db import db
from tests.factories import make_institution
from tests.opened import opened, version_on

pytestmark = pytest.mark.both_databases


@pytest.fixture
def tree(cast: SimpleNamespace) -> SimpleNamespace:
    """A ministry, its agency, the agency's directorate in Fier, and what Vlorë added for itself."""
    ministry = make_institution("Ministria e Mjedisit", kind="ministry")
    agency = make_institution("Agjencia e Mjedisit", kind="agency", parent=ministry)
    directorate = make_institution("Drejtoria Fier", kind="directorate", parent=agency)
    hidden = make_institution("Zyra e fshehtë", kind="other", organisation=cast.vlore, parent=agency)
    db.session.commit()
    return SimpleNamespace(
        ministry=ministry.id, agency=agency.id, directorate=directorate.id, hidden=hidden.id
    )


def typed(name: str, kind: str, part_of: int | str = "") -> dict[str, str]:
    return {"name_sq": name, "name_en": "", "kind": kind, "municipality": "", "part_of": str(part_of)}


def offered(page: Any) -> list[str]:
    choice = re.search(r'<select[^>]*name="part_of".*?</select>', page.text, re.S)
    assert choice
    return re.findall(r"<option[^>]*>([^<]+)</option>", choice[0])


def test_a_page_leads_up_and_down(tree: SimpleNamespace, cast: SimpleNamespace, sign_in: Any) -> None:
    browser = sign_in(cast.arta)
    below = browser.get(f"/people/institutions/{tree.directorate}").text
    assert below.index("Ministria e Mjedisit</a> › <a") < below.index("Agjencia e Mjedisit</a>")
    above = browser.get(f"/people/institutions/{tree.agency}").text
    assert f'href="/people/institutions/{tree.directorate}"' in above
    assert "Zyra e fshehtë" not in above
    assert "Zyra e fshehtë" in sign_in(cast.clirim).get(f"/people/institutions/{tree.agency}").text


def test_a_new_institution_is_put_under_another(
    tree: SimpleNamespace, cast: SimpleNamespace, sign_in: Any
) -> None:
    browser = sign_in(cast.arta)
    assert "Zyra e fshehtë" not in offered(browser.get("/people/institutions/new"))
    made = browser.post("/people/institutions/new", data=typed("Inspektorati", "agency", tree.ministry))
    row = db.session.get(Institution, int(made.location.rsplit("/", 1)[1]))
    assert row is not None and row.parent_id == tree.ministry


def test_another_organisations_institution_is_no_choice(
    tree: SimpleNamespace, cast: SimpleNamespace, sign_in: Any
) -> None:
    page = sign_in(cast.arta).post("/people/institutions/new", data=typed("Zyra", "other", tree.hidden))
    assert page.status_code == 422 and 'value="Zyra"' in page.text
    assert db.session.scalar(db.select(Institution).where(Institution.name_sq == "Zyra")) is None


def test_no_circle_closes(tree: SimpleNamespace, cast: SimpleNamespace, sign_in: Any) -> None:
    browser = sign_in(cast.drita)
    path = f"/people/institutions/{tree.ministry}/edit"
    choices = offered(browser.get(path))
    assert not {"Ministria e Mjedisit", "Agjencia e Mjedisit", "Drejtoria Fier"} & set(choices)
    data = typed("Ministria e Mjedisit", "ministry", tree.directorate)
    page = browser.post(path, data=data | opened(browser, path))
    assert page.status_code == 422
    ministry = db.session.get_one(Institution, tree.ministry)
    draft = InstitutionDraft(InstitutionKind.MINISTRY, "Ministria e Mjedisit", parent_id=tree.directorate)
    with pytest.raises(CannotBePartOf):
        change_institution(ministry, draft, by=cast.drita, now=now())


def test_the_form_keeps_what_it_was_part_of(
    tree: SimpleNamespace, cast: SimpleNamespace, sign_in: Any
) -> None:
    browser = sign_in(cast.drita)
    form = browser.get(f"/people/institutions/{tree.directorate}/edit").text
    assert re.search(rf'<option selected value="{tree.agency}">', form)
    data = typed("Drejtoria Fier", "directorate") | version_on(form)
    browser.post(f"/people/institutions/{tree.directorate}/edit", data=data)
    assert db.session.get_one(Institution, tree.directorate).parent_id is None
