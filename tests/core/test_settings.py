"""Settings: read from the environment, checked at start, unsafe ones refused in production."""

from __future__ import annotations

import stat
from pathlib import Path
from typing import Any

import pytest

from config import SettingsError, read_settings

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


@pytest.mark.parametrize(
    ("change", "said"),
    [
        ({"SECRET_KEY": ""}, "POP_SECRET_KEY must be set"),
        ({"SECRET_KEY": "short"}, "POP_SECRET_KEY must be set"),
        ({"SECRET_KEY": "a" * 40}, "too simple"),
        ({"BASE_URL": "http://pop.test"}, "https://"),
        ({"DEBUG": True}, "Debug must be off"),
        ({"MAIL_LOCAL": True}, "POP_MAIL_LOCAL"),
        ({"MAIL_DOMAIN": "pop.example"}, "POP_MAIL_DOMAIN"),
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
    ],
)
def test_production_refuses_to_start(tmp_path: Path, change: dict[str, Any], said: str) -> None:
    with pytest.raises(SettingsError, match=said):
        read_settings(SAFE | {"DATA_DIR": str(tmp_path)} | change)


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
