"""The e-invoice's files: XML by EN 16931 (UN/CEFACT CII), and the PDF/A-3 that carries it (Factur-X, ZUGFeRD 2)."""

from io import BytesIO
from typing import Any

import facturx  # type: ignore[import-untyped]


def xml(document: dict[str, Any]) -> bytes:
    """Of `einvoice.document`. Checked against the schema; raises ValueError saying what does not fit."""
    try:
        made: bytes = facturx.generate_cii_xml(document, level="en16931", check_xsd=True, check_schematron=False)
    except Exception as fault:  # the library raises Exception itself
        raise ValueError(f"the e-invoice does not fit its schema: {fault}") from fault
    return made


def hybrid(page: bytes, invoice: bytes, number: str, seller: str) -> bytes:
    """A PDF/A-3 page for people with the XML attached as its source."""
    stream = BytesIO(page)
    told = {"author": seller, "title": f"{seller}: {number}", "subject": f"Invoice {number}", "keywords": "Factur-X"}
    facturx.generate_from_file(stream, invoice, flavor="factur-x", level="en16931", check_xsd=False, pdf_metadata=told,
                               lang="en", afrelationship="alternative")
    return stream.getvalue()
