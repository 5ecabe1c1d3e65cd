"""`make mail-report`: with which status it ends, on messages made for the purpose."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import pytest

from config import ROOT
from tests.mail import report, sample_sets
from tests.mail.judging import Sample, reads
from tests.mail.own.writing import mail

LEAST = {
    "letters": report.Threshold(4, 0.75, "one may go wrong"),
    "replies: first words of the reply kept": report.Threshold(2, 1.0, ""),
    "replies: no quoted history left": report.Threshold(2, 0.5, ""),
    "replies: exactly the expected text": report.Threshold(2, 0.5, ""),
}


@pytest.fixture
def samples(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> list[str]:
    """Four letters by their subjects, changed at will, and two replies; what they have to reach stands above."""
    subjects = ["Po", "Jo", "Ndoshta", "Ftese"]
    monkeypatch.setattr(sample_sets, "SAMPLES", tmp_path)
    monkeypatch.setattr(sample_sets, "every_raw", lambda: [("a", mail())])
    monkeypatch.setattr(
        sample_sets, "replies", lambda: iter([("a.txt", True, True, True), ("b.txt", True, False, False)])
    )
    letters = (
        Sample("letters", subject, mail(f"Subject: {subject}"), reads("human")) for subject in subjects
    )
    monkeypatch.setattr(sample_sets, "SETS", (lambda: letters,))
    monkeypatch.setattr(report, "LEAST", dict(LEAST))
    return subjects


def test_what_reaches_its_thresholds(samples: list[str], capsys: pytest.CaptureFixture[str]) -> None:
    samples[0] = "Out of office"
    assert report.main(["--no-rate"]) == 0
    said = capsys.readouterr()
    assert said.err == ""
    rows = [line.split() for line in said.out.splitlines()]
    assert ["letters", "3", "4", "75.0%", "75%"] in rows
    assert "- letters: Out of office: auto, not human" in said.out
    assert "- replies: no quoted history left: b.txt: history left in" in said.out
    assert "mails a second" not in said.out


def test_too_few_read_right(samples: list[str], capsys: pytest.CaptureFixture[str]) -> None:
    samples[0] = samples[1] = "Out of office"
    assert report.main(["--no-rate"]) == 1
    assert capsys.readouterr().err == "Too few: letters: 50.0%, at least 75% (one may go wrong)\n"


def test_too_few_replies_trimmed(samples: list[str], capsys: pytest.CaptureFixture[str]) -> None:
    report.LEAST["replies: no quoted history left"] = report.Threshold(2, 0.51, "in doubt more is shown")
    assert report.main(["--no-rate"]) == 1
    assert "no quoted history left: 50.0%, at least 51%" in capsys.readouterr().err


def test_messages_that_are_not_there_any_more(samples: list[str], capsys: pytest.CaptureFixture[str]) -> None:
    del samples[0]
    report.LEAST["complaints"] = report.Threshold(1, 1.0, "")
    assert report.main(["--no-rate"]) == 1
    assert capsys.readouterr().err.splitlines() == [
        "Too few: letters: 3 messages, at least 4 should be there",
        "Too few: complaints: 0 messages, at least 1 should be there",
    ]


def test_a_set_without_a_threshold(samples: list[str], capsys: pytest.CaptureFixture[str]) -> None:
    del report.LEAST["letters"]
    assert report.main(["--no-rate"]) == 1
    assert "letters: no threshold" in capsys.readouterr().err


def test_how_fast_is_measured_unless_told_not_to(
    samples: list[str], monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr(report, "rate", lambda readers: readers * 100)
    assert report.main([]) == 0
    assert "2 reading processes: 200 mails a second" in capsys.readouterr().out


def test_every_threshold_asks_for_something() -> None:
    assert all(least.messages > 0 and 0.5 < least.share <= 1 and least.why for least in report.LEAST.values())


def test_without_samples_it_says_so_and_is_content(tmp_path: Path) -> None:
    nowhere = tmp_path / "nowhere"
    run = subprocess.run(
        [sys.executable, "-m", "tests.mail.report"],
        cwd=ROOT, env=os.environ | {"SAMPLES": str(nowhere)}, capture_output=True, text=True, check=False,
    )  # fmt: skip
    assert (run.returncode, run.stderr) == (0, "")
    assert run.stdout == (
        f"Nothing to measure: no sample messages of other projects in {nowhere}; SAMPLES=folder names another place.\n"
    )


def test_a_folder_without_messages_is_too_few(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr(sample_sets, "SAMPLES", tmp_path)
    assert report.main(["--no-rate"]) == 1
    said = capsys.readouterr().err
    assert "Too few: calendar objects: 0 messages, at least 135 should be there" in said
    assert len(said.splitlines()) == len(report.LEAST)
