"""Sums over invoices."""

from collections.abc import Iterable
from dataclasses import dataclass
from decimal import Decimal


@dataclass(frozen=True)
class Invoice:
    """One invoice, amounts in its own currency."""

    number: str
    currency: str
    paid: Decimal
    refunded: Decimal


def total_paid(invoices: Iterable[Invoice], currency: str) -> Decimal:
    """Return what has been paid."""
    total = Decimal("0.00")
    for invoice in invoices:
        if invoice.currency != currency:
            raise ValueError(f"invoice {invoice.number} is in {invoice.currency}, not {currency}")
        total += invoice.paid
    return total


def total_refunded(invoices: Iterable[Invoice], currency: str) -> Decimal:
    """Return what has been refunded."""
    total = Decimal("0.00")
    for
