"""By which platform a house makes out e-invoices: its applications, and in the demo the sandbox beside its pages."""

from pathlib import Path

from loopline.channels.nuonuo import NuonuoInvoices, known_applications
from loopline.channels.sandbox_nuonuo import nuonuo_settings, sandbox_application


def invoice_platform(
    data_directory: Path, keys_directory: Path, *, sandbox_at: str = ""
) -> NuonuoInvoices | None:
    """Return the platform of a house's applications; with the sandbox's own for all others where one lives.

    None where there is no application at all. Raises ApplicationsUnreadable.
    """
    applications = known_applications(keys_directory)
    sandbox = sandbox_application(nuonuo_settings(data_directory, sandbox_at)) if sandbox_at else None
    return NuonuoInvoices(applications, for_all_others=sandbox) if applications or sandbox else None
