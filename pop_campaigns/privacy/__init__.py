"""What the law on personal data asks for: access, erasure, retention, and the registers of purposes and breaches."""
