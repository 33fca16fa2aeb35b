"""Addresses: where customers want things delivered. Owns table customer_addresses.

An address names the lowest region it knows by its code; the names above it come from the same data, so that a code
and its names never disagree. A customer's addresses are reached only with that customer's id.
"""

from siyu.people.addresses.actions import ADDRESSES_MAX, AddressBookFull, id_for, keep, make_default, remove
from siyu.people.addresses.fields import address_in, field_context, said_in
from siyu.people.addresses.model import Address, AddressForm, KnownAddress
from siyu.people.addresses.queries import default_of, find, of_customer
from siyu.people.addresses.recognising import Recognised, recognise
from siyu.people.addresses.regions import Level, Region, below, levels, names_of, provinces
from siyu.people.addresses.rules import checked, checked_contact, for_actor, masked_phone

__all__ = [
    "ADDRESSES_MAX",
    "Address",
    "AddressBookFull",
    "AddressForm",
    "KnownAddress",
    "Level",
    "Recognised",
    "Region",
    "address_in",
    "below",
    "checked",
    "checked_contact",
    "default_of",
    "field_context",
    "find",
    "for_actor",
    "id_for",
    "keep",
    "levels",
    "make_default",
    "masked_phone",
    "names_of",
    "of_customer",
    "provinces",
    "recognise",
    "remove",
    "said_in",
]
