"""Albanian texts keep to one word for one thing, to its cases and numbers, and to its quotation marks and apostrophe."""

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
    r"\b(?:i|e|të|së|prej|sipas|midis|kundër) ◊": (
        "a name does not bend: a noun takes the case and the name follows",
        "kartela e %(name)s",
    ),
    r"\b(?:fshi|ndrysho|arri)(?:j|n|het|hen|va)? (?:◊|personi\w*)|\b(?:fshi|ndryshua|arrit) (?:◊|personi\b)": (
        "not a person: the data of a person",
        "Të fshihet %(name)s?",
    ),
    r"\b(?:në|më|deri) ora\b": ("in a sentence: në orën 10:00", "fillon në ora 10:00"),
    r"\b(?:më|në|deri|nga) e (?:hënë|martë|mërkurë|enjte|premte|shtunë|diel)\b": (
        "in a sentence: të martën, më 16 qershor",
        "u dërgua më e diel, 29 nëntor 2026",
    ),
    r"\bkë (?:e|i|ta|t’i|ia)\b": ("no clitic beside kë", "kë e përmendin të dhënat"),
    r"(?<!për )\bkë (?:të )?\w+(?:het|hen|hej|heshin)\b": ("a passive takes kush", "kë të njoftohej"),
    r"\bnuk mund (?!të\b|t[’ë]|ta\b|dot\b)": ("nuk mund takes të", "nuk mund hapet"),
    r"\bnuk ka (?:për t|kujt ti|asgjë për t)": (
        "nuk ka takes të: nuk ka çfarë të shihet",
        "nuk ka për t’u parë",
    ),
    r"\bnuk (?:ka|keni|kemi|kanë) pse (?!të\b|t’)|\bnuk ka gjë për të\b": (
        "the subjunctive: nuk keni pse të bëni; better: nuk duhet bërë",
        "Nuk keni pse bëni gjë tjetër",
    ),
    r"\bnë (?:emër|vend) të:": (
        "a genitive before a name as it stands: në emër të marrësit: …",
        "në vend të: %(who)s",
    ),
    r"\bmë [0◊], ora\b": ("in a sentence: në orën 10:00", "U përgjigjët më %(day)s, ora %(time)s."),
    r"\bshkresat shqip\b": ("shkresat në shqip", "Në shkresat shqip"),
    r"\bçfarë nuk e\b": ("no clitic beside çfarë: ajo që nuk e …", "Çfarë nuk e thotë burimi"),
    r"\bTë nderuar,": ("of several people only; to one: I/E nderuar,", "Të nderuar, ju ftojmë"),
    r"\b[ie]/[ie] ftuar": ("neither: ku jeni ftuar", "jeni i/e ftuar"),
    r"\b20\d\d-\d\d-\d\d\b": ("a day of programs: e hënë, 30 nëntor 2026", "Nesër: 2026-11-30"),
    r"\b(?:sq|en)\b": ("a code of programs: shqip, anglisht", "Gjuha: sq"),
    r" -{1,2} |\.\.\.": ("a dash is –, an ellipsis …", "Bashkia - Fier"),
    r"(?<![“\w’])[ëç](?![”\w’])": ("a letter cited as a letter: “ë”", "shkronjat ë dhe ç"),
    r"\bemail\w*|\bimejl\w*": ("e-mail", "adresa e email-it"),
    r"\badresar\w*": ("the address book: Njerëzit", "në adresar"),
    r"\btentativ\w*": ("a try: përpjekje", "pas tri tentativave"),
    r"\baxhend\w*": ("rendi i ditës", "axhenda e takimit"),
    r"\bzotim\w*": ("a commitment: angazhim", "zotimet e bashkisë"),
    r"\bopsional\w*|\bfakultativ\w*": ("sipas dëshirës", "Shënim (opsional)"),
    r"\becuri\w*": (
        "how somebody gets on; the record of answers: historiku i përgjigjeve",
        "Ecuria: 3 ftesa",
    ),
    r"\bktheje? mbrapsht\b|\bzhvepro\w*": ("undo: zhbëj", "Ktheje mbrapsht bashkimin"),
    r"['\"]": ("quotation marks are “ ”, the apostrophe is ’", "t'ia japë"),
}
# One word for one thing: an English word, what its Albanian must hold, and a text that has another word.
ONE_WORD = (
    (r"\bsubstitutes?\b", r"përfaqësues", ("Substitute accepted", "Zëvendësi pranoi")),
    (r"\bholders?\b", r"titullar", ("Another holder", "Mbajtës tjetër")),
    (r"\bconsents?\b", r"pëlqim", ("Consent given", "U dha miratimi")),
    (r"\bproofs?\b", r"\bprov[aë]", ("Proof", "Dëshmia")),
    (r"\bevents?\b", r"veprimtari", ("New event", "Ngjarje e re")),
    (r"\bundo(?:ne)?\b", r"zhbë", ("Undo", "Kthe")),
    (r"\be-mail", r"e-mail", ("E-mail address", "Adresa elektronike")),
    (r"\bmailbox", r"\bkuti|\badres|në shërbim", ("Local mailbox", "Posta lokale")),
    (r"\bsubject\b", r"lënd|Subject", ("Subject", "Tema")),
    (r"\bmedi(?:um|a)\b", r"\bmedi", ("Kind of medium", "Lloji i mjetit")),
    (r"\btries\b|\battempts?\b", r"përpjekj", ("Tries", "Provat")),
    (r"\bcommitments?\b", r"angazhim", ("Commitment", "Premtim")),
    (r"\baddressees?\b|\brecipients?\b", r"marrës", ("Addressee", "I adresuari")),
    (r"\bpress card", r"kart\w+ e gazetarit", ("Press card", "Karta e shtypit")),
    (r"\boptional", r"sipas dëshirës", ("Optional", "Opsionale")),
    (r"\bpriorit", r"përparësi|prioritet", ("Priority", "Rëndësia")),
    (r"\bfor example\b", r"për shembull", ("For example", "Si")),
    (r"\binvitations?\b", r"\bftes", ("Invitation", "Thirrje")),
    (r"\bmessages?\b", r"mesazh|Download message", ("Message", "Letër")),
    (r"\bregister number", r"protokoll", ("Register number", "Numri i regjistrit")),
    (r"\borganisations?\b", r"organizat", ("Organisation", "Shoqata")),
    (r"\binstitutions?\b", r"institucion", ("Institution", "Enti")),
    (r"\bdeadlines?\b", r"afat", ("Deadline", "Koha e fundit")),
    (r"\breplies\b|\breply\b|\bresponses?\b", r"përgjigj", ("Response", "Reagimi")),
)
# Said without the word, each because Albanian says it so.
SAID_OTHERWISE = frozenset(
    (
        "Keep the event",  # beside *Cancel the event*: mos e anulo
        "%(name)s now stands as holder of the office.",  # u shënua në këtë funksion
    )
)
# An adjective alone belongs to a noun and so needs a context; these are nouns or sentences.
ALONE = frozenset(("Guest", "Entered by", "Belongs to", "Previous", "Everybody", "All", "Guests"))
# What is put into a text and counts, or is a day, needs no case.
NUMBERS = "num|number|total|amount|count|done|days?|year|of|at|size|limit|most|hours?|minutes"
RIGHT = (
    "Të dhënat e personit %(name)s u fshinë; lista %(name)s u fshi.",
    "Takimi fillon të martën, më 16 qershor, në orën 10:00; afati: e enjte, 3 dhjetor, ora 16:00.",
    "Zgjidhni se për kë bëhet fjalë. Nuk kishte kujt t’i dërgohej njoftim. “ë” mund të shkruhet “e”.",
    "Ditë pushimi: %(day)s, e %(number)d nga %(total)d. Shihni veprimtarinë e re. Rreshti që nis me “- ”.",
    "Ftesa e ndryshuar zëvendëson të mëparshmen. Ju lutemi të na e dërgoni edhe në letër.",
    "Zyra e shtypit e njeh gazetarin; të dhënat e personit u fshinë. Vetëm “Posta lokale”, t’ia japë.",
)


def faults_of(text: str) -> Iterator[str]:
    """Return what is wrong with an Albanian text: the word and why."""
    for pattern, (reason, _example) in FORBIDDEN.items():
        for match in re.finditer(pattern, text, re.IGNORECASE):
            yield f"{match[0]!r} ({reason}) in: {text}"


def prose_of(text: str) -> str:
    """Return a text without marks of HTML and with one sign for what is put in: 0 for a number, else ◊."""
    text = re.sub(rf"%\((?:{NUMBERS})\)[sd]", "0", text)
    return re.sub(r"<[^<>]+>", "", re.sub(r"%\(\w+\)[sd]", "◊", text))


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


def messages() -> Iterator[tuple[str, list[tuple[str, str]]]]:
    """Return the messages of the catalogue: the context, and each English form with its Albanian one."""
    with CATALOGUE.open("rb") as file:
        for message in read_po(file, locale="sq"):
            if message.id:
                pairs = [message.id, message.string]
                english, albanian = ([one] if isinstance(one, str) else list(one) for one in pairs)
                yield message.context or "", list(zip(english, albanian, strict=True))


def albanian_texts() -> Iterator[str]:
    """Return every Albanian text of catalogue, mails, letters, register of purposes and present consent."""
    for _context, pairs in messages():
        yield from (prose_of(albanian) for _english, albanian in pairs)
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
    assert re.search(pattern, prose_of(example), re.IGNORECASE)
    assert list(faults_of(prose_of(example)))


@pytest.mark.parametrize("text", RIGHT)
def test_right_words_are_left_alone(text: str) -> None:
    assert not list(faults_of(prose_of(text)))


def other_words(english: str, albanian: str) -> list[str]:
    """Return the English words whose one Albanian word a translation does not have."""
    english = re.sub(r"%\(\w+\)[sd]", "", english)
    return [
        word
        for word, needed, _example in ONE_WORD
        if re.search(word, english, re.IGNORECASE) and not re.search(needed, albanian, re.IGNORECASE)
    ]


def test_one_word_stands_for_one_thing() -> None:
    faults = [
        f"{words}: {english} → {albanian}"
        for _context, pairs in messages()
        for english, albanian in pairs
        if english not in SAID_OTHERWISE and (words := other_words(english, albanian))
    ]
    assert not faults, "\n".join(faults)


@pytest.mark.parametrize("example", [example for _word, _needed, example in ONE_WORD])
def test_another_word_is_found(example: tuple[str, str]) -> None:
    assert len(other_words(*example)) == 1


def is_alone(albanian: str) -> bool:
    """Return whether a text is an adjective or participle with its article and nothing else: *e dërguar*."""
    return bool(re.fullmatch(r"\(?(?:i|e|të) \w+\)?", albanian, re.IGNORECASE))


def test_an_adjective_alone_has_a_context() -> None:
    """It bends with its noun: the context says which, and no second noun shares the message."""
    faults = {
        english
        for context, pairs in messages()
        for english, albanian in pairs
        if not context and is_alone(albanian)
    }
    assert faults - ALONE == set()
    assert is_alone("(e detyrueshme)") and is_alone("I dërguar") and not is_alone("E dërgoi Arta")


def test_templates_are_read_to_their_strings(tmp_path: Path) -> None:
    page = tmp_path / "note.sq.html"
    page.write_text(
        '{# t\'i #}<p class="x">Mirë se vini{{ \', zëvendës\' if x == "y" }}</p>', encoding="utf-8"
    )
    assert list(strings_of(page)) == ["Mirë se vini", ", zëvendës"]
    sheet = tmp_path / "sheet.sq.typ"
    sheet.write_text("// it's\n#let words = (to: \"t'ia\")", encoding="utf-8")
    assert list(strings_of(sheet)) == ["t'ia"]
