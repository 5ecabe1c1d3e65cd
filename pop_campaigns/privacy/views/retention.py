"""What is kept how long, what was let go lately, and what the next run will do."""

from __future__ import annotations

from flask import render_template
from flask.typing import ResponseReturnValue

from pop_campaigns.accounts.guard import administrator
from pop_campaigns.core.clock import now
from pop_campaigns.core.dates import moment_words
from pop_campaigns.core.i18n import current_language
from pop_campaigns.privacy.blueprint import bp
from pop_campaigns.privacy.rules.retention import RETENTION
from pop_campaigns.privacy.services.retention import count_due, days_of, last_runs
from pop_campaigns.privacy.words.labels import KEPT_WORDS


@bp.get("/privacy/retention")
@administrator
def retention() -> ResponseReturnValue:
    """Show the classes, the last runs and the next one."""
    due, lang = count_due(now=now()), current_language()
    classes = [
        {
            "words": KEPT_WORDS[rule.kept],
            "days": days_of(rule),
            "setting": rule.setting,
            "due": due[rule.kept.value],
        }
        for rule in RETENTION
    ]
    runs = [
        {
            "when": moment_words(run.at, lang),
            "counts": [
                (KEPT_WORDS[rule.kept][0], run.counts[rule.kept.value])
                for rule in RETENTION
                if run.counts.get(rule.kept.value)
            ],
            "whole": bool(run.counts),
        }
        for run in last_runs()
    ]
    return render_template("privacy/retention.html", classes=classes, runs=runs)
