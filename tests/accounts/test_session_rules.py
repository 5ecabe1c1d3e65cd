"""What a row says of where a session is used, and when it is over."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest

import config
from pop_campaigns.accounts.rules.sessions import browser_words, masked_address, session_lasts

NOW = datetime(2026, 3, 29, 0, 30, tzinfo=UTC)
HOUR = timedelta(hours=1)


@pytest.mark.parametrize(
    ("address", "masked"),
    [
        ("192.0.2.77", "192.0.2.0/24"),
        ("::ffff:192.0.2.77", "192.0.2.0/24"),
        ("2001:db8:1:2:3:4:5:6", "2001:db8:1::/48"),
        ("fe80::1%eth0", "fe80::/48"),
        ("", ""),
        (None, ""),
        ("unix:socket", ""),
    ],
)
def test_an_address_is_kept_as_its_network(address: str | None, masked: str) -> None:
    assert masked_address(address) == masked


@pytest.mark.parametrize(
    ("user_agent", "words"),
    [
        ("Mozilla/5.0 (X11; Linux x86_64; rv:140.0) Gecko/20100101 Firefox/140.0", "Firefox, Linux"),
        ("Mozilla/5.0 (Windows NT 10.0; Win64; x64) Chrome/140.0 Safari/537.36 Edg/140.0", "Edge, Windows"),
        ("Mozilla/5.0 (Linux; Android 14; SM-A155F) AppleWebKit/537.36 Chrome/140.0 Mobile Safari/537.36", "Chrome, Android"),
        ("Mozilla/5.0 (iPhone; CPU iPhone OS 18_0 like Mac OS X) Version/18.0 Mobile/15E148 Safari/604.1", "Safari, iPhone"),
        ("Mozilla/5.0 (Macintosh; Intel Mac OS X 10_15_7) Chrome/140.0 Safari/537.36 OPR/120.0", "Opera, macOS"),
        ("<script>Arta</script>\r\nX: y", ""),
        ("", ""),
        ("a" * 100_000 + "Firefox/1", ""),
    ],
)  # fmt: skip
def test_a_browser_is_told_in_two_words_of_ours(user_agent: str, words: str) -> None:
    assert browser_words(user_agent) == words


@pytest.mark.parametrize(
    ("begun", "seen", "lasts"),
    [(9, 0, True), (9, 1.99, True), (9, 2, False), (9.99, 0, True), (10, 0, False), (1, -1, True)],
)
def test_a_session_lasts_until_it_rested_or_grew_old(begun: float, seen: float, lasts: bool) -> None:
    times = {"rest": 2 * HOUR, "longest": 10 * HOUR}
    assert session_lasts(NOW - begun * HOUR, NOW - seen * HOUR, NOW, **times) is lasts


@pytest.mark.parametrize("name", ["SESSION_REST_HOURS", "SESSION_LONGEST_DAYS"])
@pytest.mark.parametrize("value", [0, -1, "ten", True, 1.5])
def test_a_session_without_time_is_refused(name: str, value: object) -> None:
    with pytest.raises(config.SettingsError, match=f"POP_{name}"):
        config.read_settings({"MODE": "test", "SECRET_KEY": "x" * 40, name: value})
