"""The register of purposes as it begins, in English, for who reads the pages so: the register itself is kept in Albanian."""

from __future__ import annotations

from typing import Any, Final

from pop_campaigns.privacy.words.purposes_sq import SEEDS, SeedPurpose

_SAFEGUARDS = (
    "Accounts and roles; each organisation sees only its own contacts and the network's; history of changes; personal links"
    " that the database does not hold; backups."
)

ENGLISH: Final = (
    SeedPurpose(
        "invitations",
        "Invitations to events, and the answers of guests",
        "Legitimate interest for holders of public offices and for journalists, who may object with one click; consent for"
        " citizens, allies and other persons",
        "Holders of public offices, journalists, experts, allies, citizens",
        "Name, position, institution, e-mail address, language, answer, substitute, note",
        "The organisation that invites; nobody else. Guests do not see each other.",
        "Answers of citizens become anonymous 30 days after the event; the text of messages is deleted after 12 months.",
        _SAFEGUARDS,
    ),
    SeedPurpose(
        "letters",
        "Official letters and their legal deadlines",
        "Exercise of the right to information (law 119/2014) and legitimate interest",
        "Holders of offices, and offices of public institutions",
        "Name, position, institution, official address, the answer given",
        "The institutions written to; letters may be published.",
        "Kept as official correspondence.",
        _SAFEGUARDS,
    ),
    SeedPurpose(
        "contacts",
        "People (contacts)",
        "Legitimate interest for holders of public offices and for journalists; consent for citizens, allies and other persons",
        "Holders of offices, journalists, experts, allies, citizens",
        "Name, phone, addresses, offices, medium, topics, press card, consents with their proofs, what was said by phone or in"
        " person (contact log)",
        "The organisation that collected them; other organisations only with a consent of its own.",
        "Until the person asks for erasure; imported rows 30 days; proofs of consents 3 years after the withdrawal.",
        _SAFEGUARDS,
    ),
    SeedPurpose(
        "news",
        "News and newsletters",
        "Consent, also of officials and journalists",
        "Persons who asked for them",
        "Name, e-mail address, language, consent",
        "Nobody",
        "Until the consent is withdrawn; every message has the link to end it.",
        _SAFEGUARDS,
    ),
    SeedPurpose(
        "accounts",
        "Accounts of users and the history of the work",
        "Legitimate interest: security and traceability",
        "Coordinators, administrators, viewers",
        "Name, e-mail address, role, organisation, what was changed and when",
        "The administrators of the network",
        "As long as the account exists; the history stays.",
        "Passwords kept only as argon2id hashes; sessions that end; attempts to log in are limited.",
    ),
    SeedPurpose(
        "erasures",
        "Memory of erasures and refusals",
        "Legal obligation: respecting erasure and objection",
        "Persons whose data were erased or who refused messages",
        "Only keyed hashes of address, phone or name; no name",
        "Nobody",
        "Without limit: without them the next import would bring the person back.",
        "The hashes cannot be read without the key of the database.",
    ),
)

_IN_ENGLISH: Final = {
    (of.key, name, kept): getattr(words, name)
    for of, words in zip(SEEDS, ENGLISH, strict=True)
    for name, kept in vars(of).items()
}


def field_words(purpose: Any, name: str, lang: str) -> str:
    """Return a field of the register in the reader's language; what people wrote themselves stays as they wrote it."""
    kept: str = getattr(purpose, name)
    return _IN_ENGLISH.get((purpose.key, name, kept), kept) if lang == "en" else kept
