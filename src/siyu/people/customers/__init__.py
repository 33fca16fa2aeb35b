"""Customers: one person, several identities (WeChat, phone), consent recorded. Owns tables customers, identities,
consents and phone_codes.
"""

from siyu.people.customers.actions import (
    CONSENT_VERSION,
    Consent,
    IdentityTaken,
    NewCustomer,
    SignedIn,
    add_customers,
    bind,
    record_consent,
    sign_in_as,
)
from siyu.people.customers.history import PastCustomer, customers_by_reference, record_customers
from siyu.people.customers.phone import WrongCode, clean_phone, issue_code, masked, verify_code
from siyu.people.customers.queries import (
    Customer,
    CustomerCard,
    Identity,
    consents_of,
    find,
    identities_of,
    listing,
    openid_of,
)
from siyu.people.customers.rules import agreed, way_back

__all__ = [
    "CONSENT_VERSION",
    "Consent",
    "Customer",
    "CustomerCard",
    "Identity",
    "IdentityTaken",
    "NewCustomer",
    "PastCustomer",
    "SignedIn",
    "WrongCode",
    "add_customers",
    "agreed",
    "bind",
    "clean_phone",
    "consents_of",
    "customers_by_reference",
    "find",
    "identities_of",
    "issue_code",
    "listing",
    "masked",
    "openid_of",
    "record_consent",
    "record_customers",
    "sign_in_as",
    "verify_code",
    "way_back",
]
