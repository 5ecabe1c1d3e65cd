#!/bin/sh
# Hands one mail, on standard input, to the service; for the pipe of a mail server (docs/mail-in.md).
# POP_SETTINGS_FILE=/path names a file of settings, NAME=value a line, quoted as in a shell.
# What ends in a way nobody foresaw (an update under way, a broken file) gives 75: keep the mail, try again.
(
    cd "$(dirname "$0")/.." || exit
    if [ -n "${POP_SETTINGS_FILE:-}" ]; then
        set -a
        . "$POP_SETTINGS_FILE"
        set +a
    fi
    exec .venv/bin/python -m flask --app wsgi mail receive "$@"
)
status=$?
case $status in
    0 | 65 | 69) exit "$status" ;;
    *) exit 75 ;;
esac
