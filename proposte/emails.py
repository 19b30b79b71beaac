"""The mails about needs and proposals. Each part keeps its own composers; loading this one
registers them all."""

from . import emails_bisogni, emails_ufficio

__all__ = ["emails_bisogni", "emails_ufficio"]
