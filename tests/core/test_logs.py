"""Logs hold no secret link and no personal address."""

from __future__ import annotations

import pytest
import structlog

from pop_campaigns.core.logs import init_logs, mask

LINK = "http://localhost/a/Zk3vAq0cH8wq1x2y3z4_abcdefGHIJKLmnopqrstuvw"


def test_links_and_addresses_are_masked() -> None:
    masked = mask(f"POST {LINK} by zyra.e.kryetarit@bashkia-fier.example")
    assert masked == "POST http://localhost/a/••• by •@bashkia-fier.example"


def test_a_logged_exception_is_plain_and_masked(capsys: pytest.CaptureFixture[str]) -> None:
    init_logs("INFO")
    secret = LINK
    try:
        raise ValueError(f"no such page: {secret}")
    except ValueError:
        structlog.get_logger().exception("went wrong", to="qytetar@posta.example")
    said = capsys.readouterr().err
    assert "ValueError" in said and "went wrong" in said
    assert "Zk3vAq0" not in said and "qytetar" not in said


def test_the_level_is_kept(capsys: pytest.CaptureFixture[str]) -> None:
    init_logs("WARNING")
    structlog.get_logger().info("quiet")
    assert capsys.readouterr().err == ""
