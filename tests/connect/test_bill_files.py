"""Bill files on their way: taken packed or plain, from the gateway only, and only with the hash that was promised."""

import gzip
import hashlib

import httpx
import pytest

from siyu.connect import gateways, wxpay


class Files:
    """A WeChat Pay that answers downloads with these bytes."""

    def __init__(self, wire, content: bytes, status: int = 200) -> None:
        self.calls = 0
        self._answer = (content, status)
        self.http = httpx.AsyncClient(transport=httpx.MockTransport(self._serve))
        self.line = wxpay.Gateway(wire.gateway.credentials, http=self.http)._line

    def _serve(self, _request: httpx.Request) -> httpx.Response:
        self.calls += 1
        content, status = self._answer
        return httpx.Response(status, content=content)


URL = "http://127.0.0.1:8001/v3/billdownload/file?token=x"


async def test_a_file_is_taken_packed_or_plain_when_its_hash_is_right(wire):
    sha1 = hashlib.sha1(b"bill", usedforsecurity=False).hexdigest()
    for content in (b"bill", gzip.compress(b"bill")):
        assert await Files(wire, content).line.download(URL, sha1=sha1.upper()) == b"bill"


@pytest.mark.parametrize(
    ("content", "reason"),
    [
        (b"other", "hash_differs"),
        (gzip.compress(b"other"), "hash_differs"),
        (gzip.compress(b"bill")[:-4], "gzip_broken"),
        (b"\x1f\x8bno gzip at all", "gzip_broken"),
    ],
)
async def test_a_file_with_another_hash_is_not_read(wire, content, reason):
    sha1 = hashlib.sha1(b"bill", usedforsecurity=False).hexdigest()
    with pytest.raises(gateways.BillUnreadable) as caught:
        await Files(wire, content).line.download(URL, sha1=sha1)
    assert caught.value.reason == reason


async def test_a_bomb_is_not_unpacked(wire, monkeypatch):
    monkeypatch.setattr("siyu.connect.wxpay.line.FILE_BYTES_MAX", 1000)
    with pytest.raises(gateways.BillUnreadable) as caught:
        await Files(wire, gzip.compress(bytes(2000))).line.download(URL, sha1="")
    assert caught.value.reason == "file_too_large"
    with pytest.raises(gateways.BillUnreadable) as caught:
        await Files(wire, b"x" * 2000).line.download(URL, sha1="")
    assert caught.value.reason == "file_too_large"


async def test_our_signature_goes_to_the_gateway_only(wire):
    files = Files(wire, b"bill")
    with pytest.raises(gateways.AnswerNotTrusted):
        await files.line.download("https://elsewhere.example.com/v3/file", sha1="")
    assert files.calls == 0


async def test_a_download_that_fails_is_unsure_and_not_repeated(wire):
    files = Files(wire, b"", status=502)
    with pytest.raises(gateways.GatewayUnsure):
        await files.line.download(URL, sha1="")
    assert files.calls == 1
