"""HTTP clients for gateways: every one has explicit timeouts and a bounded pool."""

import logging
from ipaddress import ip_address
from urllib.parse import urlsplit

import httpx

# A person waits for most of these calls. Ten seconds is what WeChat Pay may take on a bad day; more helps nobody.
TIMEOUT = httpx.Timeout(connect=3.0, read=10.0, write=5.0, pool=3.0)
LIMITS = httpx.Limits(max_connections=50, max_keepalive_connections=20, keepalive_expiry=30.0)
USER_AGENT = "Siyu/0.1"

# httpx logs whole addresses at INFO, and ours carry app secrets, sign-in codes and phone numbers.
for _name in ("httpx", "httpcore"):
    logging.getLogger(_name).setLevel(logging.WARNING)


def is_loopback(host: str | None) -> bool:
    """Whether a host name or address can only mean this machine."""
    if host is None:
        return False
    if host == "localhost":
        return True
    try:
        return ip_address(host).is_loopback
    except ValueError:
        return False


def client(base_url: str) -> httpx.AsyncClient:
    """A client for one gateway. Redirects are never followed: a signed request is meant for one address only."""
    return httpx.AsyncClient(
        timeout=TIMEOUT,
        limits=LIMITS,
        headers={"User-Agent": USER_AGENT},
        follow_redirects=False,
        # A proxy from the environment is for the outside; the sandbox on this machine is not behind it.
        trust_env=not is_loopback(urlsplit(base_url).hostname),
    )
