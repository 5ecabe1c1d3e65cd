"""Entry for servers (``gunicorn wsgi:app``) and for the command line (``flask --app wsgi …``)."""

import sys

from config import SettingsError
from pop_campaigns.app import create_app

try:
    app = create_app()
except SettingsError as error:
    sys.exit(f"pop_campaigns cannot start: {error}")
