"""The mail server of the settings, as the transport wants it."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any

from pop_campaigns.mail.transport import TransportSettings


def server_settings(config: Mapping[str, Any]) -> TransportSettings:
    """Return the transport's settings from the application's. Raise OSError if the DKIM key cannot be read."""
    key_file = config["DKIM_KEY_FILE"]
    return TransportSettings(
        host=config["MAIL_SERVER"],
        port=config["MAIL_PORT"],
        username=config["MAIL_USERNAME"] or None,
        password=config["MAIL_PASSWORD"] or None,
        tls="ssl" if config["MAIL_USE_SSL"] else "starttls" if config["MAIL_USE_TLS"] else "none",
        timeout=float(config["MAIL_TIMEOUT"]),
        local_hostname=config["MAIL_DOMAIN"],
        dkim_domain=config["MAIL_DOMAIN"] if key_file else None,
        dkim_selector=config["DKIM_SELECTOR"] if key_file else None,
        dkim_key=Path(key_file).read_text(encoding="ascii") if key_file else None,
    )
