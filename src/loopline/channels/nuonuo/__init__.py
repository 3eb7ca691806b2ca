"""Nuonuo (诺税通) as a platform of e-invoices, by its open API: signed calls, red confirmation forms, notifications."""

from loopline.channels.nuonuo.platform import NO_APPLICATION, WAITS_FOR_BUYER, NuonuoInvoices
from loopline.channels.nuonuo.settings import (
    FILE_NAME,
    ApplicationsUnreadable,
    NuonuoApplication,
    known_applications,
)

__all__ = [
    "FILE_NAME",
    "NO_APPLICATION",
    "WAITS_FOR_BUYER",
    "ApplicationsUnreadable",
    "NuonuoApplication",
    "NuonuoInvoices",
    "known_applications",
]
