"""Replies as mail programs quote in them what they answer, by program and language, with the words that are new."""

from __future__ import annotations

from typing import NamedTuple

NEW = "Po, vij me kënaqësi.\n\nA ka parkim?"
ASKED = "Ju ftojmë në tryezë.\nNa thoni nëse vini."
QUOTED = "> Ju ftojmë në tryezë.\n> Na thoni nëse vini."
WHO = "Rrjeti <r-abc@rsvp.example>"


class Reply(NamedTuple):
    """A reply: what it says anew, what stands below it, and the whole where the history is not simply below."""

    name: str
    below: str
    new: str = NEW
    whole: str = ""


def given(reply: Reply) -> str:
    """Give the text as it came."""
    return reply.whole or f"{reply.new}\n\n{reply.below}\n"


# What stands above the quoted lines, by language and program.
ATTRIBUTIONS = {
    "sq, Gmail": f"Më hën, 1 mar 2027 në 10:11, {WHO} shkroi:",
    "sq, Gmail, në dy rreshta": "Më e hënë, 1 mars 2027, 10:11 Rrjeti i organizatave\n<r-abc@rsvp.example> ka shkruar:",
    "sq, Thunderbird": "Më 1.3.2027 10:11, Rrjeti shkruajti:",
    "sq, Apple": f"Në 1 mars 2027, në 10:11, {WHO} shkroi:",
    "sq, ka dërguar": f"Më datë 01/03/2027, {WHO} ka dërguar:",
    "en, Gmail": f"On Mon, Mar 1, 2027 at 10:11 AM {WHO} wrote:",
    "en, Gmail, in two lines": "On Mon, Mar 1, 2027 at 10:11 AM Rrjeti i organizatave <\nr-abc@rsvp.example> wrote:",
    "en, Thunderbird": "On 3/1/27 10:11, Rrjeti wrote:",
    "en, Apple": f"On Mar 1, 2027, at 10:11, {WHO} wrote:",
    "en, Evolution": "On Mon, 2027-03-01 at 10:11 +0100, Rrjeti wrote:",
    "en, KMail": "On Monday, 1 March 2027 10:11:12 CET Rrjeti wrote:",
    "en, mutt": "On Mon, Mar 01, 2027 at 10:11:12AM +0100, Rrjeti wrote:",
    "en, Proton": "On Monday, March 1st, 2027 at 10:11, Rrjeti <r-abc@rsvp.example> wrote:",
    "en, Yahoo": "On Monday, March 1, 2027, 10:11:12 AM GMT+1, Rrjeti <r-abc@rsvp.example> wrote:",
    "de, Gmail": f"Am Mo., 1. März 2027 um 10:11 Uhr schrieb {WHO}:",
    "de, Thunderbird": "Am 01.03.27 um 10:11 schrieb Rrjeti:",
    "de, Apple": f"Am 01.03.2027 um 10:11 schrieb {WHO}:",
    "it, Gmail": f"Il giorno lun 1 mar 2027 alle ore 10:11 {WHO} ha scritto:",
    "it, Thunderbird": "Il 01/03/2027 10:11, Rrjeti ha scritto:",
    "fr, Gmail": f"Le lun. 1 mars 2027 à 10:11, {WHO} a écrit :",
    "fr, Thunderbird": "Le 01/03/2027 à 10:11, Rrjeti a écrit\u00a0:",
    "es, Gmail": f"El lun, 1 mar 2027 a las 10:11, {WHO} escribió:",
    "pt, Gmail": f"Em seg., 1 de mar. de 2027 às 10:11, {WHO} escreveu:",
    "nl, Gmail": f"Op ma 1 mrt 2027 om 10:11 schreef {WHO}:",
    "sv, Gmail": f"Den mån 1 mars 2027 kl 10:11 skrev {WHO}:",
    "no, Gmail": f"man. 1. mars 2027 kl. 10:11 skrev {WHO}:",
    "da, Gmail": f"Den man. 1. mar. 2027 kl. 10.11 skrev {WHO}:",
    "fi, Gmail": f"ma 1.3.2027 klo 10.11 {WHO} kirjoitti:",
    "pl, Gmail": f"pon., 1 mar 2027 o 10:11 {WHO} napisał(a):",
    "cs, Gmail": f"po 1. 3. 2027 v 10:11 odesílatel {WHO} napsal:",
    "ru, Gmail": f"пн, 1 мар. 2027 г. в 10:11, {WHO}:",
    "ru, Thunderbird": "01.03.2027 10:11, Rrjeti пишет:",
    "uk, Gmail": f"пн, 1 бер. 2027 р. о 10:11 {WHO} пише:",
    "mk, Thunderbird": "На 01.03.2027 10:11, Rrjeti написа:",
    "sr, Thunderbird": "Dana 1.3.2027. 10:11, Rrjeti napisao je:",
    "el, Gmail": f"Στις Δευ 1 Μαρ 2027 στις 10:11 π.μ., ο χρήστης {WHO} έγραψε:",
    "tr, Gmail": f"{WHO}, 1 Mar 2027 Pzt, 10:11 tarihinde şunu yazdı:",
    "zh, Gmail": f"{WHO} 于2027年3月1日周一 10:11写道：",
    "a date and an address": "2027-03-01 10:11 GMT+01:00 Rrjeti <r-abc@rsvp.example>:",
}
# Blocks below which all is history, with no marks on its lines.
BLOCKS = {
    "sq, Outlook": f"Nga: {WHO}\nDërguar: e hënë, 1 mars 2027 10:11\nPër: Qytetar 00421\nTema: Ftesë",
    "sq, Outlook, shkronja të trasha": f"*Nga:* {WHO}\n*Dërguar:* e hënë, 1 mars 2027\n*Për:* Qytetar 00421\n*Lënda:* Ftesë",
    "sq, Thunderbird": f"-------- Mesazhi i përcjellë --------\nSubjekti: Ftesë\nData: 1 mars 2027\nNga: {WHO}",
    "sq, Yahoo": "-----Mesazhi origjinal-----\nNga: Rrjeti",
    "en, Outlook": f"From: {WHO}\nSent: Monday, March 1, 2027 10:11 AM\nTo: Qytetar 00421\nSubject: Ftesë",
    "en, Outlook, a line above": f"{'_' * 32}\nFrom: {WHO}\nSent: Monday, March 1, 2027\nTo: Qytetar 00421\nSubject: Ftesë",
    "en, Outlook, long ago": "-----Original Message-----\nFrom: Rrjeti [mailto:r-abc@rsvp.example]\nSent: 1 March 2027",
    "en, Outlook, a meeting": "-----Original Appointment-----\nFrom: Rrjeti\nWhen: Monday",
    "en, Windows Mail": f"From: {WHO}\nSent: 1 March 2027\nTo: q00421@zyra.example",
    "de, Outlook": f"Von: {WHO}\nGesendet: Montag, 1. März 2027 10:11\nAn: Qytetar 00421\nBetreff: Ftesë",
    "de, Outlook, long ago": "-----Ursprüngliche Nachricht-----\nVon: Rrjeti",
    "it, Outlook": f"Da: {WHO}\nInviato: lunedì 1 marzo 2027 10:11\nA: Qytetar 00421\nOggetto: Ftesë",
    "it, Outlook, long ago": "-----Messaggio originale-----\nDa: Rrjeti",
    "fr, Outlook": f"De : {WHO}\nEnvoyé : lundi 1 mars 2027 10:11\nÀ : Qytetar 00421\nObjet : Ftesë",
    "es, Outlook": f"De: {WHO}\nEnviado: lunes, 1 de marzo de 2027\nPara: Qytetar 00421\nAsunto: Ftesë",
    "nl, Outlook": f"Van: {WHO}\nVerzonden: maandag 1 maart 2027\nAan: Qytetar 00421\nOnderwerp: Ftesë",
    "sv, Outlook": f"Från: {WHO}\nSkickat: den 1 mars 2027\nTill: Qytetar 00421\nÄmne: Ftesë",
    "no, Outlook": f"Fra: {WHO}\nSendt: mandag 1. mars 2027\nTil: Qytetar 00421\nEmne: Ftesë",
    "pl, Outlook": f"Od: {WHO}\nWysłano: poniedziałek, 1 marca 2027\nDo: Qytetar 00421\nTemat: Ftesë",
    "ru, Outlook": f"От: {WHO}\nОтправлено: 1 марта 2027\nКому: Qytetar 00421\nТема: Ftesë",
    "el, Outlook": f"Από: {WHO}\nΗμερομηνία: 1 Μαρτίου 2027\nΠρος: Qytetar 00421\nΘέμα: Ftesë",
    "zh, Outlook": f"发件人: {WHO}\n发送时间: 2027年3月1日 10:11\n收件人: Qytetar 00421\n主题: Ftesë",
    "Zoho": f"---- On Mon, 01 Mar 2027 10:11:12 +0100 {WHO} wrote ----",
    "Apple, handed on": f"Begin forwarded message:\n\nFrom: {WHO}\nSubject: Ftesë\nDate: 1 March 2027",
    "Gmail, without marks": f"On Mon, Mar 1, 2027 at 10:11 AM {WHO} wrote:",
    "Gmail, without marks, sq": f"Më hën, 1 mar 2027 në 10:11, {WHO} shkroi:",
}
# Written otherwise than above the history.
OTHERS = [
    Reply("quoted lines alone below", QUOTED),
    Reply("quoted with a bar", "| Ju ftojmë në tryezë.\n| Na thoni nëse vini."),
    Reply("quoted with initials", "RR> Ju ftojmë në tryezë.\nRR> Na thoni nëse vini."),
    Reply("quoted twice", f"On 1 March 2027, A <a@zyra.example> wrote:\n> On 28 February 2027, {WHO} wrote:\n>> Ftesë"),
    Reply("a signature", "-- \nQytetar 00421\nZyra"),
    Reply("a signature, then history", f"-- \nQytetar 00421\n\nOn 1 March 2027, {WHO} wrote:\n{QUOTED}"),
    Reply("of an iPhone", f"Sent from my iPhone\n\n> On 1 Mar 2027, at 10:11, {WHO} wrote:\n> \n{QUOTED}"),
    Reply("of a telephone, sq", f"Dërguar nga iPhone\n\nNë 1 mars 2027, në 10:11, {WHO} shkroi:\n\n{QUOTED}"),
    Reply("of Outlook on a telephone", f"Get Outlook for iOS\n{'_' * 32}\n{BLOCKS['en, Outlook']}\n\n{ASKED}"),
    Reply("of a telephone, de", f"Von meinem iPhone gesendet\n\n> Am 01.03.2027 um 10:11 schrieb {WHO}:\n{QUOTED}"),
    Reply(
        "below the history", "", "Po, vij.",
        f"On Mon, Mar 1, 2027 at 10:11 AM {WHO} wrote:\n{QUOTED}\n\nPo, vij.\n",
    ),
    Reply(
        "below the history, sq", "", "Po, vij.", f"Më hën, 1 mar 2027 në 10:11, {WHO} shkroi:\n\n{QUOTED}\n\nPo, vij.\n",
    ),
    Reply(
        "between the lines", "", "Po.\nDy veta.",
        f"On 1 March 2027, {WHO} wrote:\n> A vini?\nPo.\n> Sa veta?\nDy veta.\n",
    ),
    Reply(
        "above and between the lines", "", "Faleminderit!\n\nPo.",
        f"Faleminderit!\n\nMë 1 mars 2027, {WHO} shkroi:\n> A vini?\n\nPo.\n",
    ),
    Reply("no empty line above", "", NEW, f"{NEW}\nOn Mon, 2027-03-01 at 10:11 +0100, Rrjeti wrote:\n{QUOTED}\n"),
    Reply("nothing but new words", "", NEW, f"{NEW}\n"),
    Reply("only a quotation", "", "> Ju ftojmë në tryezë.", "> Ju ftojmë në tryezë.\n"),
    Reply("a greeting below", "", f"{NEW}\n\nMe respekt,\nQytetar 00421", f"{NEW}\n\nMe respekt,\nQytetar 00421\n\n{QUOTED}\n"),
    Reply("a date that begins a sentence", "", "Më 1 mars nuk vij dot: jam jashtë.", "Më 1 mars nuk vij dot: jam jashtë.\n"),
    Reply("a table", "", "| Emri | Ora |\n| Qytetar 00421 | 10 |", "| Emri | Ora |\n| Qytetar 00421 | 10 |\n"),
    Reply("lines that end in CRLF", "", NEW, f"{NEW}\n\n{QUOTED}\n".replace("\n", "\r\n")),
    Reply("spaces inside stay", "", "E para\n    e dyta   me hapësira", f"E para\n    e dyta   me hapësira\n\n{QUOTED}\n"),
    Reply(
        "handed on, without words", "", f"---------- Forwarded message ----------\nFrom: {WHO}\nSubject: Ftesë\n\n{ASKED}",
        f"---------- Forwarded message ----------\nFrom: {WHO}\nSubject: Ftesë\n\n{ASKED}\n",
    ),
]  # fmt: skip
REPLIES = [
    *(Reply(f"{name}, quoted", f"{line}\n\n{QUOTED}") for name, line in ATTRIBUTIONS.items()),
    *(Reply(f"{name}, below", f"{block}\n\n{ASKED}") for name, block in BLOCKS.items()),
    *OTHERS,
]
