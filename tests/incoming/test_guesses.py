"""What the words of a mail seem to say: answers, kinds of responses, register numbers; in doubt nothing."""

from __future__ import annotations

import pytest

from pop_campaigns.incoming.rules.guesses import guess_answer, guess_response, guess_their_number
from pop_campaigns.invitations.rules.invitations import Answer
from pop_campaigns.letters.rules.letters import ResponseKind

YES, MAYBE, NO, OTHER = Answer.ACCEPTED, Answer.TENTATIVE, Answer.DECLINED, Answer.DELEGATED
ANSWERS = (
    ("Faleminderit për ftesën. Fatkeqësisht nuk mund të marr pjesë, jam jashtë shtetit.", NO, ""),
    ("Pershendetje, nuk do te vij dot.", NO, ""),
    ("Kryetari nuk merr dot pjesë.", NO, ""),
    ("E kam të pamundur të vij.", NO, ""),
    ("Më vjen keq, kam një tjetër takim dhe s’mund të vij.", NO, ""),
    ("Jo, faleminderit", NO, ""),
    ("Unfortunately I cannot attend.", NO, ""),
    ("Do të marrim pjesë me kënaqësi.", YES, ""),
    ("Përshëndetje,\nPo.\nKoordinator", YES, ""),
    ("Konfirmohet pjesëmarrja e Kryetarit.", YES, ""),
    ("Nuk ka problem, vij.", YES, ""),
    ("We will attend.", YES, ""),
    ("Ndoshta, do t’ju konfirmoj më vonë.", MAYBE, ""),
    ("Nuk jam ende i sigurt nëse vij.", MAYBE, ""),
    ("Nuk mund të vij, por në vendin tim do të marrë pjesë zv. kryetarja Blerta Provë.", OTHER, "Blerta Provë"),
    ("Do të na përfaqësojë znj. Mira Shembull, drejtore.", OTHER, "znj. Mira Shembull"),
    ("Ms. Mira Shembull will attend on my behalf.", OTHER, "Ms. Mira Shembull"),
    ("Do të na përfaqësojë dikush nga drejtoria.", OTHER, ""),
    ("A do të ketë parkim?", None, ""),
    ("Faleminderit!", None, ""),
    ("Nuk vij më 3 qershor.\n\nVij më 4 qershor.", None, ""),
    (
        "Faleminderit për ftesën; në datën e caktuar kemi mbledhjen e këshillit dhe prandaj nuk\n"
        "mund të marrim pjesë.",
        NO,
        "",
    ),
)  # fmt: skip


@pytest.mark.parametrize(("text", "answer", "substitute"), ANSWERS)
def test_what_a_mail_answers(text: str, answer: Answer | None, substitute: str) -> None:
    guess = guess_answer(text)
    assert (guess.answer, guess.substitute) == (answer, substitute)


NUMBERS = (
    ("Nr. 1234/2 Prot.   Tiranë, më 12.11.2026", "1234/2"),
    ("Nr.prot 88", "88"),
    ("me nr. prot. 123/4, datë 1.2.2026", "123/4"),
    ("Nr. 45/3prot", "45/3"),
    ("Protokolluar me numër 991/3", "991/3"),
    ("Nr. 4521/1\nLënda: Kthim përgjigje", "4521/1"),
    ("Our ref.: 55/2026", "55/2026"),
    ("Në përgjigje të shkresës suaj nr. 77/2026 prot., ju informojmë. Nr. 771/1 prot", "771/1"),
    ("nr. 12/2026 prot. dhe nr. 771/1 prot.", "771/1"),
    ("sipas ligjit nr. 119/2014", ""),
    ("shkresa juaj nr. 9/2026", ""),
    ("Nr. 12.11.2026", ""),
    ("Nr. ____ Prot.", ""),
)


@pytest.mark.parametrize(("text", "number"), NUMBERS)
def test_the_number_an_office_gave(text: str, number: str) -> None:
    assert guess_their_number(text, "12/2026") == number


KINDS = (
    ("Bashkëlidhur gjeni përgjigjen tonë.", ResponseKind.FULL),
    ("Ju njoftojmë se kërkesa juaj iu përcoll Ministrisë.", ResponseKind.FORWARDED),
    ("Kërkesa juaj u protokollua dhe është në shqyrtim.", ResponseKind.ACKNOWLEDGED),
    ("Ju njoftojmë se kërkesa refuzohet.", ResponseKind.REFUSED),
    ("Nuk e disponojmë këtë informacion.", ResponseKind.REFUSED),
    ("Në përgjigje të kërkesës, zgjatet afati me 5 ditë.", ResponseKind.EXTENDED),
    ("Ju lutemi na sqaroni objektin.", ResponseKind.ASKS_BACK),
    ("Attached is our reply.", ResponseKind.FULL),
    ("Përshëndetje", None),
)


@pytest.mark.parametrize(("text", "kind"), KINDS)
def test_what_an_office_responds(text: str, kind: ResponseKind | None) -> None:
    assert guess_response(text) is kind


def test_long_and_hostile_words_are_read_in_no_time() -> None:
    for text in ("nuk " * 20_000, "Nr. " * 20_000, "A" * 50_000, "në vendin tim " * 5_000, "nr 1/" * 20_000):
        guess_answer(text), guess_their_number(text), guess_response(text)
