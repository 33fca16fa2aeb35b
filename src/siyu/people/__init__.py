"""People 人: merchants, staff, customers with their identities and consents."""
