"""My account: name and language, password, and the devices where I am signed in."""

from __future__ import annotations

from collections.abc import Callable
from types import SimpleNamespace

from flask import Flask
from flask.testing import FlaskClient
from sqlalchemy import select, update

from pop_campaigns.accounts.models import User, UserSession
from pop_campaigns.accounts.words.accounts import _CHANGES
from pop_campaigns.core.db import db
from pop_campaigns.core.history import history_of
from pop_campaigns.mail.models import OutgoingMail
from tests.opened import opened

OLD, NEW = "fjalekalim i gjate", "zëri i lumit plak"
NEW_TWICE = {"new_password": NEW, "new_password_confirm": NEW}


def test_name_and_language(app: Flask, cast: SimpleNamespace, sign_in: Callable[[User], FlaskClient]) -> None:
    browser = sign_in(cast.eva)
    shown = opened(browser, "/account")
    kept = browser.post("/account", data={"name": "", "language": "en"} | shown)
    assert kept.status_code == 200 and "error-summary" in kept.text
    assert browser.post("/account", data={"name": "Eva L.", "language": "en"} | shown).status_code == 302
    page = browser.get("/account")
    assert "Eva L." in page.text and '<html lang="en">' in page.text
    assert history_of(cast.eva)[0].action == "user.named"


def test_changing_the_password(
    app: Flask, cast: SimpleNamespace, sign_in: Callable[[User], FlaskClient]
) -> None:
    db.session.execute(update(User).values(password=OLD))
    db.session.commit()
    here, elsewhere = sign_in(cast.eva), sign_in(cast.eva)
    wrong = here.post("/change", data=NEW_TWICE | {"password": "gabim"})
    assert wrong.status_code == 200 and "nuk është fjalëkalimi juaj" in wrong.text
    weak = here.post(
        "/change",
        data={"password": OLD, "new_password": "eva@pop.example", "new_password_confirm": "eva@pop.example"},
    )
    assert weak.status_code == 200 and "gjendet shpejt" in weak.text
    assert elsewhere.get("/today").status_code == 200, "nothing changed yet"
    assert here.get("/today").status_code == 200
    assert here.post("/change", data=NEW_TWICE | {"password": OLD}).status_code == 302
    assert here.get("/today").status_code == 200
    assert elsewhere.get("/today").status_code == 302
    assert [mail.kind for mail in db.session.scalars(select(OutgoingMail))] == ["account.password_changed"]
    assert "user.password_changed" in {one.action for one in history_of(cast.eva)}


def test_ending_sessions_one_by_one_and_all(
    app: Flask, cast: SimpleNamespace, sign_in: Callable[[User], FlaskClient]
) -> None:
    here, second, third, other = (sign_in(one) for one in (cast.eva, cast.eva, cast.eva, cast.arta))
    assert here.get("/account").text.count("Dil atje") == 2
    rows = db.session.scalars(
        select(UserSession).where(UserSession.user_id == cast.eva.id).order_by(UserSession.id)
    ).all()
    ours = rows[1].id
    theirs = db.session.scalars(select(UserSession.id).where(UserSession.user_id == cast.arta.id)).one()
    assert here.post(f"/account/sessions/{theirs}/end").status_code == 404
    assert other.get("/today").status_code == 200
    assert here.post(f"/account/sessions/{ours}/end").status_code == 302
    assert [one.get("/today").status_code for one in (here, second, third)] == [200, 302, 200]
    assert here.post("/account/sessions/end").status_code == 302
    assert [one.get("/today").status_code for one in (here, second, third, other)] == [200, 302, 302, 200]


def test_every_change_that_is_noted_of_a_user_has_words() -> None:
    """Found in the sources: an action without a sentence would stand on the page as its code."""
    import re
    from pathlib import Path

    import pop_campaigns

    sources = Path(pop_campaigns.__file__).parent.rglob("*.py")
    noted = {
        name
        for path in sources
        for name in re.findall(r'"(user\.[a-z_]+)"', path.read_text(encoding="utf-8"))
    }
    assert len(noted) > 10
    assert noted <= set(_CHANGES)
