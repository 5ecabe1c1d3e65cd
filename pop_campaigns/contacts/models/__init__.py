"""Tables of contacts, by noun. Whoever takes one knows all of them, so that each finds those it names."""

from pop_campaigns.contacts.models import addresses, consents, contact_log, institutions, merges, persons  # noqa: F401
