"""Albanian texts keep to one word for one thing, and to its quotation marks and apostrophe."""

from __future__ import annotations

import re
from collections.abc import Iterator
from pathlib import Path

import pytest
from babel.messages.pofile import read_po

from pop_campaigns.contacts.words.consent_texts import CURRENT, TEXTS
from pop_campaigns.privacy.words.purposes_sq import SEEDS

ROOT = Path(__file__).resolve().parents[2]
CATALOGUE = ROOT / "pop_campaigns/translations/sq/LC_MESSAGES/messages.po"

# What must not stand in a text → why, and an example that has it.
FORBIDDEN = {
    r"\bzëvendës(?!o|im)\w*": ("a deputy; who comes for somebody: përfaqësues", "dërgon zëvendës"),
    r"\bnë vendin tuaj\b": ("to your country; say: ju përfaqëson", "Kush vjen në vendin tuaj"),
    r"\bmakin\w+": ("a car; a computer: kompjuter", "një makinë që u ndal"),
    r"\bnjë i huaj\b": ("a foreigner; say: një person i paautorizuar", "i sheh një i huaj"),
    r"\b(?:post|kuti|server)\w*(?: postare)? vendor\w*": (
        "of local government; here: lokal",
        "Posta vendore",
    ),
    r"\bnjihe[tn]\b": ("is recognised; is known: dihet", "Festat zyrtare nuk njihen"),
    r"\b(?:dorëz\w+|mori)\b[^.:;]*\bnë letër\b": ("by hand: dorazi", "dorëzojeni shkresën në letër"),
    r"\b(?:sill|soll)\w*": ("to upload: ngarko", "u soll me dorë"),
    r"\bngjarj\w+": ("an event: veprimtari", "ftesa për ngjarje"),
    r"\bdëshmi\w*": ("evidence found by monitoring; a proof: provë", "Dëshmitë e pëlqimeve"),
    r"\bpajt(?:oh|ua)\w*": ("makes peace; agrees: jep pëlqimin", "Pajtohem që organizata"),
    r"\bshiko\w*": ("see: shih, shihni", "Shiko personat"),
    r"\bpost\w+ elektronik\w+": ("e-mail", "me postë elektronike"),
    r"\bkart\w+ e shtypit\b": ("the press card: karta e gazetarit", "Karta e shtypit"),
    r"\bmedium\w*": ("media", "Emri, mediumi, temat"),
    r"\bmban\w*(?: një| asnjë)? detyr\w+|\bdetyr\w+ publike": (
        "an office: funksion",
        "Nuk mban asnjë detyrë.",
    ),
    r"(?<!këtij )\b(?:person|personi|i ftuari) (?:u|i|është) fshi\w*": (
        "a person’s data are erased",
        "Personi u fshi.",
    ),
    r"\bnuk u arritë?n?\b": ("caught up with; say: nuk e mori mesazhin", "1 nuk u arrit"),
    r"\bjeni i ftuar\b": ("the reader may be a woman: jeni ftuar", "ku jeni i ftuar"),
    r"\bVaret nga\b|\bPjesë e:": ("subordination; a genitive: Pjesë e institucionit", "Varet nga: Kuvendi"),
    r"\bJu lutemi (?!të\b)": ("a comma follows: Ju lutemi, …", "Ju lutemi provoni"),
    r"\bp\.\s?sh\.": ("për shembull", "Si p.sh.: Kryetarë"),
    r"\be detyrueshme\)": ("joined to any label it has no gender: (kërkohet)", "Titulli (e detyrueshme)"),
    r"\binvite\.ics\b": ("the file is called ftesa.ics", "skedari invite.ics"),
    r"['\"]": ("quotation marks are “ ”, the apostrophe is ’", "t'ia japë"),
}
RIGHT = (
    "Ftesa e ndryshuar zëvendëson të mëparshmen. Ju lutemi të na e dërgoni edhe në letër.",
    "Zyra e shtypit e njeh gazetarin; të dhënat e personit u fshinë. Vetëm “Posta lokale”, t’ia japë.",
)


def faults_of(text: str) -> Iterator[str]:
    """Return what is wrong with an Albanian text: the word and why."""
    for pattern, (reason, _example) in FORBIDDEN.items():
        for match in re.finditer(pattern, text, re.IGNORECASE):
            yield f"{match[0]!r} ({reason}) in: {text}"


def prose_of(text: str) -> str:
    """Return a text without placeholders and marks of HTML, which have quotation marks of their own."""
    return re.sub(r"%\(\w+\)[sd]|<[^<>]+>", "", text)


def strings_of(path: Path) -> Iterator[str]:
    """Return what a reader sees of a template: words outside its code, and the strings within it."""
    text = path.read_text(encoding="utf-8")
    if path.suffix == ".typ":
        yield from re.findall(r'"([^"]*)"', re.sub(r"(?m)^\s*//.*$", "", text))
        return
    text = re.sub(r"\{#.*?#\}", "", text, flags=re.DOTALL)
    code = re.compile(r"\{%.*?%\}|\{\{.*?\}\}", re.DOTALL)
    yield prose_of(code.sub("", text))
    for block in code.findall(text):
        yield from re.findall(r"'([^']*)'", block)


def albanian_texts() -> Iterator[str]:
    """Return every Albanian text of catalogue, mails, letters, register of purposes and present consent."""
    with CATALOGUE.open("rb") as file:
        for message in read_po(file, locale="sq"):
            if message.id:
                forms = [message.string] if isinstance(message.string, str) else message.string
                yield from map(prose_of, forms)
    for path in sorted((ROOT / "templates").rglob("*.sq.*")):
        yield from strings_of(path)
    for seed in SEEDS:
        yield from vars(seed).values()
    for text in TEXTS[CURRENT].values():
        yield text["sq"]


def test_albanian_texts_keep_their_words() -> None:
    faults = [fault for text in albanian_texts() for fault in faults_of(text)]
    assert not faults, "\n".join(faults)


@pytest.mark.parametrize(
    ("pattern", "example"), [(key, example) for key, (_why, example) in FORBIDDEN.items()]
)
def test_a_wrong_word_is_found(pattern: str, example: str) -> None:
    assert re.search(pattern, example, re.IGNORECASE)
    assert list(faults_of(example))


@pytest.mark.parametrize("text", RIGHT)
def test_right_words_are_left_alone(text: str) -> None:
    assert not list(faults_of(text))


def test_templates_are_read_to_their_strings(tmp_path: Path) -> None:
    page = tmp_path / "note.sq.html"
    page.write_text(
        '{# t\'i #}<p class="x">Mirë se vini{{ \', zëvendës\' if x == "y" }}</p>', encoding="utf-8"
    )
    assert list(strings_of(page)) == ["Mirë se vini", ", zëvendës"]
    sheet = tmp_path / "sheet.sq.typ"
    sheet.write_text("// it's\n#let words = (to: \"t'ia\")", encoding="utf-8")
    assert list(strings_of(sheet)) == ["t'ia"]
