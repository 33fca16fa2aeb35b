"""Customers: one person, several identities (WeChat, phone), consent recorded. Owns tables customers, identities,
guests, consents and phone_codes.
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
from siyu.people.customers.finding import known_as
from siyu.people.customers.guests import (
    Guest,
    GuestSignedIn,
    guest_of,
    guests_among,
    sign_in_guest,
    welcome_guest,
)
from siyu.people.customers.history import PastCustomer, customers_by_reference, record_customers
from siyu.people.customers.levels import level_of, set_level
from siyu.people.customers.phone import WrongCode, clean_phone, issue_code, masked, verify_code
from siyu.people.customers.queries import (
    Customer,
    CustomerCard,
    Identity,
    consents_of,
    find,
    identities_of,
    levels_of,
    listing,
    openid_of,
)
from siyu.people.customers.rules import agreed, way_back

__all__ = [
    "CONSENT_VERSION",
    "Consent",
    "Customer",
    "CustomerCard",
    "Guest",
    "GuestSignedIn",
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
    "guest_of",
    "guests_among",
    "identities_of",
    "issue_code",
    "known_as",
    "level_of",
    "levels_of",
    "listing",
    "masked",
    "openid_of",
    "record_consent",
    "record_customers",
    "set_level",
    "sign_in_as",
    "sign_in_guest",
    "verify_code",
    "way_back",
    "welcome_guest",
]
