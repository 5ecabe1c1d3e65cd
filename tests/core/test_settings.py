"""Settings: read from the environment, checked at start, unsafe ones refused in production."""

from __future__ import annotations

import contextlib
import os
import stat
from pathlib import Path
from tempfile import TemporaryFile
from typing import Any

import click
import pytest
from flask.cli import run_command

from config import REFUSALS, ROOT, SettingsError, read_settings
from pop_campaigns.app import create_app
from tests.forked import forker

SAFE = {
    "MODE": "production",
    "SECRET_KEY": "kjo-është-një-çelës-prove-0123456789-abcdef",
    "BASE_URL": "https://pop.test",
    "MAIL_DOMAIN": "rsvp.pop.test",
}


def test_safe_production_settings_are_taken(tmp_path: Path) -> None:
    settings = read_settings(SAFE | {"DATA_DIR": str(tmp_path)})
    assert settings["TRUSTED_HOSTS"] == ["pop.test", "127.0.0.1", "localhost", "[::1]"]
    assert settings["SQLALCHEMY_DATABASE_URI"] == f"sqlite:///{tmp_path}/pop.sqlite3"


UNSAFE: tuple[tuple[str, dict[str, Any], str], ...] = (
    ("POP_SECRET_KEY", {"SECRET_KEY": ""}, "POP_SECRET_KEY must be set"),
    ("POP_SECRET_KEY", {"SECRET_KEY": "short"}, "POP_SECRET_KEY must be set"),
    ("POP_SECRET_KEY", {"SECRET_KEY": "a" * 40}, "too simple"),
    ("POP_BASE_URL", {"BASE_URL": "http://pop.test"}, "https://"),
    ("POP_MAIL_LOCAL", {"MAIL_LOCAL": True}, "POP_MAIL_LOCAL"),
    ("POP_MAIL_DOMAIN", {"MAIL_DOMAIN": "pop.example"}, "POP_MAIL_DOMAIN"),
    ("POP_LOG_LEVEL", {"LOG_LEVEL": "DEBUG"}, "POP_LOG_LEVEL must be INFO"),
    ("FLASK_DEBUG", {"environ": {"FLASK_DEBUG": "1"}}, "FLASK_DEBUG"),
    ("POP_DEBUG", {"DEBUG": True}, "POP_DEBUG must be off"),
    ("POP_DEBUG", {"environ": {"POP_DEBUG": "true"}}, "POP_DEBUG must be off"),
    ("POP_TESTING", {"TESTING": True}, "POP_TESTING must be off"),
    ("POP_TESTING", {"environ": {"POP_TESTING": "1"}}, "POP_TESTING must be off"),
    ("POP_PROPAGATE_EXCEPTIONS", {"PROPAGATE_EXCEPTIONS": True}, "POP_PROPAGATE_EXCEPTIONS"),
    ("POP_TRAP_HTTP_EXCEPTIONS", {"TRAP_HTTP_EXCEPTIONS": True}, "POP_TRAP_HTTP_EXCEPTIONS"),
    ("POP_TRAP_BAD_REQUEST_ERRORS", {"TRAP_BAD_REQUEST_ERRORS": True}, "POP_TRAP_BAD_REQUEST_ERRORS"),
    ("POP_SQLALCHEMY_ECHO", {"SQLALCHEMY_ECHO": "debug"}, "POP_SQLALCHEMY_ECHO"),
    ("POP_WTF_CSRF_ENABLED", {"WTF_CSRF_ENABLED": False}, "POP_WTF_CSRF_ENABLED must stay on"),
    ("POP_RATELIMIT_ENABLED", {"RATELIMIT_ENABLED": False}, "POP_RATELIMIT_ENABLED must stay on"),
    ("flask run", {"command": run_command}, "flask run is for trying out"),
)


@pytest.mark.parametrize(("setting", "change", "said"), UNSAFE)
def test_production_refuses_what_is_unsafe(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, setting: str, change: dict[str, Any], said: str
) -> None:
    given = SAFE | {"DATA_DIR": str(tmp_path)} | change
    for name, value in given.pop("environ", {}).items():
        monkeypatch.setenv(name, value)
    command = given.pop("command", None)
    with (
        click.Context(command) if command else contextlib.nullcontext(),
        pytest.raises(SettingsError, match=said) as refused,
    ):
        create_app(given)
    assert sum(one.words in str(refused.value) for one in REFUSALS) == 1  # this one, and no other beside it
    assert any(one.words in str(refused.value) for one in REFUSALS if one.setting == setting)


def test_every_refusal_has_its_example_and_stands_in_the_docs() -> None:
    assert {one.setting for one in REFUSALS} == {setting for setting, _change, _said in UNSAFE}
    docs = (ROOT / "docs" / "settings.md").read_text(encoding="utf-8")
    assert [one.words for one in REFUSALS if f"- `{one.setting}`: {one.words}" not in docs] == []


@pytest.mark.parametrize(
    ("change", "said"),
    [
        ({"BASE_URL": "pop.test"}, "POP_BASE_URL must be an address"),
        ({"MODE": "live"}, "POP_MODE must be"),
        ({"MAIL_PORT": "many"}, "POP_MAIL_PORT must be a whole number"),
        ({"INBOX_LISTEN": "127.0.0.1:2424"}, "POP_INBOX_LISTEN must be"),
        ({"INBOX_LISTEN": "lmtp://127.0.0.1"}, "POP_INBOX_LISTEN must be"),
        ({"INBOX_LISTEN": "http://127.0.0.1:2424"}, "POP_INBOX_LISTEN must be"),
        ({"INBOX_LISTEN": "lmtp://127.0.0.1:post"}, "POP_INBOX_LISTEN must be"),
        ({"INBOX_URL": "pop3://a:b@mail.test"}, "POP_INBOX_URL must be"),
        ({"INBOX_URL": "imaps://mail.test/INBOX"}, "POP_INBOX_URL must be"),
        ({"INBOX_EVERY": 0}, "POP_INBOX_EVERY must be"),
        ({"MAIL_USE_TLS": "perhaps"}, "POP_MAIL_USE_TLS must be true or false"),
        ({"LOG_LEVEL": "CHATTY"}, "POP_LOG_LEVEL must be one of"),
        ({"PROXY_HOPS": -1}, "POP_PROXY_HOPS must be from 0 to 8"),
        ({"PROXY_HOPS": 1000}, "POP_PROXY_HOPS must be from 0 to 8"),
        ({"PROXY_HOPS": 1.5}, "POP_PROXY_HOPS must be a whole number"),
        ({"PROXY_HOPS": True}, "POP_PROXY_HOPS must be a whole number"),
        ({"PROXY_HOPS": "një"}, "POP_PROXY_HOPS must be a whole number"),
    ],
)
@pytest.mark.parametrize("mode", ["production", "tryout"])
def test_what_makes_no_sense_is_refused_in_every_mode(
    tmp_path: Path, change: dict[str, Any], said: str, mode: str
) -> None:
    with pytest.raises(SettingsError, match=said):
        read_settings(SAFE | {"DATA_DIR": str(tmp_path), "MODE": mode} | change)


def test_debug_switched_on_after_the_start_stops_all_answers(tmp_path: Path) -> None:
    app = create_app(SAFE | {"DATA_DIR": str(tmp_path)})
    browser = app.test_client()
    secure = {"base_url": "https://pop.test"}
    page = "/robots.txt"
    assert browser.get(page, **secure).status_code == 200
    wrapped = browser.get(
        page, environ_overrides={"werkzeug.debug.preserve_context": lambda _context: None}, **secure
    )
    assert wrapped.status_code == 503
    app.debug = True
    refused = browser.get(page, **secure)
    assert (refused.status_code, refused.headers["X-Content-Type-Options"]) == (503, "nosniff")


def test_flask_run_and_flask_debug_do_not_start_in_production(tmp_path: Path) -> None:
    given = {name: value for name, value in os.environ.items() if not name.startswith(("POP_", "FLASK_"))}
    given |= {f"POP_{name}": value for name, value in SAFE.items()} | {"POP_DATA_DIR": str(tmp_path)}
    for words, said in (
        (["--debug", "check"], "FLASK_DEBUG (and flask --debug) must be off"),
        (["run", "--debugger", "--port", "0"], "flask run is for trying out"),
    ):
        with TemporaryFile("w+") as output:
            assert forker().start(["--app", "wsgi", *words], given, output).wait(60) != 0
            output.seek(0)
            printed = output.read()
        assert said in printed
        assert "Traceback" not in printed


@pytest.mark.parametrize(
    ("change", "reads"),
    [({}, False), ({"INBOX_READS": True}, True), ({"INBOX_URL": "imaps://zyra@mail.test/INBOX"}, True)],
)
def test_a_mailbox_that_is_emptied_is_read(tmp_path: Path, change: dict[str, Any], reads: bool) -> None:
    assert read_settings(SAFE | {"DATA_DIR": str(tmp_path)} | change)["INBOX_READS"] is reads


def test_a_password_is_not_repeated_in_what_is_wrong(tmp_path: Path) -> None:
    wrong = {"INBOX_URL": "imap4://a:fshehtë@mail.test", "INBOX_PASSWORD": {"fshehtë": 1}, "MAIL_PORT": "x"}
    with pytest.raises(SettingsError) as caught:
        read_settings(SAFE | {"DATA_DIR": str(tmp_path)} | wrong)
    assert "POP_INBOX_PASSWORD must be text." in str(caught.value)
    assert "not 'x'" in str(caught.value)
    assert "fshehtë" not in str(caught.value)


def test_every_problem_is_said_at_once(tmp_path: Path) -> None:
    with pytest.raises(SettingsError) as caught:
        read_settings({"MODE": "production", "DATA_DIR": str(tmp_path), "BASE_URL": "http://pop.test"})
    assert all(word in str(caught.value) for word in ("POP_SECRET_KEY", "POP_BASE_URL", "POP_MAIL_DOMAIN"))


def test_the_environment_is_read(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setenv("POP_DATA_DIR", str(tmp_path))
    monkeypatch.setenv("POP_MAIL_PORT", "2525")
    monkeypatch.setenv("POP_MAIL_USE_TLS", "true")
    monkeypatch.setenv("POP_MAIL_PASSWORD", "1234")
    settings = read_settings()
    assert (settings["MAIL_PORT"], settings["MAIL_USE_TLS"], settings["MAIL_PASSWORD"]) == (
        2525,
        True,
        "1234",
    )


def test_trying_out_keeps_a_key_of_its_own(tmp_path: Path) -> None:
    first = read_settings({"DATA_DIR": str(tmp_path / "new")})
    again = read_settings({"DATA_DIR": str(tmp_path / "new")})
    assert first["SECRET_KEY"] == again["SECRET_KEY"]
    assert len(first["SECRET_KEY"]) >= 32
    assert stat.S_IMODE((tmp_path / "new/secret.key").stat().st_mode) == 0o600
    assert read_settings({"DATA_DIR": str(tmp_path / "other")})["SECRET_KEY"] != first["SECRET_KEY"]


def test_trying_out_answers_this_machine_only(tmp_path: Path) -> None:
    settings = read_settings({"DATA_DIR": str(tmp_path), "BASE_URL": "http://pop.test:8000"})
    assert "pop.test" not in settings["TRUSTED_HOSTS"]


def test_an_unwritable_folder_is_said_in_words(tmp_path: Path) -> None:
    (tmp_path / "file").touch()
    with pytest.raises(SettingsError, match="cannot be written"):
        read_settings({"DATA_DIR": str(tmp_path / "file" / "data")})
