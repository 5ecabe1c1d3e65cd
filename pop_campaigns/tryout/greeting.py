"""What `make run` says when it answers: the address, then how to sign in, in both languages."""

from __future__ import annotations

from pathlib import Path

from flask_babel import gettext as _

from pop_campaigns.core.i18n import speaking
from pop_campaigns.tryout.first_start import SIGN_IN_FILE, read_sign_in


def greeting(address: str, folder: Path, *, local_mail: bool) -> str:
    """Return the text shown at the start; its first line is the address alone."""
    accounts = read_sign_in(folder)
    blocks = [address]
    for language in ("sq", "en"):
        with speaking(language):
            blocks.append("\n".join(_sentences(folder, bool(accounts), local_mail)))
    width = max((len(account.email) for account in accounts), default=0)
    blocks.append(
        "\n".join(
            f"  {account.email:<{width}}  {account.password}  {account.role_words}" for account in accounts
        )
    )
    return "\n\n".join(filter(None, dict.fromkeys(blocks)))  # once, where a language has no catalogue yet


def _sentences(folder: Path, has_accounts: bool, local_mail: bool) -> list[str]:
    sentences = []
    if has_accounts:
        sentences.append(
            _("Sign in with one of the accounts below (also in %(file)s).", file=folder / SIGN_IN_FILE)
        )
    else:
        sentences.append(
            _("Make an account to sign in with: %(command)s", command="flask --app wsgi user create")
        )
    if local_mail:
        sentences.append(
            _(
                "No mail leaves this machine: it is kept here and shown under Mail, where you can answer it as a guest would."
            )
        )
    sentences.append(_("Ctrl-C stops everything; nothing is lost."))
    return sentences
