"""Pictures: written again, kept once, in a folder or in a bucket that speaks S3."""

import io
import socket
from collections.abc import AsyncIterator, Iterator
from hashlib import sha256
from pathlib import Path

import httpx
import msgspec
import obstore
import pytest
from hypothesis import given
from hypothesis import strategies as st
from moto.server import ThreadedMotoServer
from obstore.store import S3Store
from PIL import Image

from factories import Shop, a_shop
from siyu.goods import catalog, media
from siyu.goods.media import places
from siyu.kernel import ids
from siyu.kernel.errors import Invalid, NotFound
from siyu.runtime.actors import SYSTEM, Actor
from siyu.runtime.db import Database, Merchant
from siyu.settings import Settings

KEYS = {"media_access_key_id": "key", "media_secret_access_key": "secret"}


def picture(kind: str = "PNG", size: tuple[int, int] = (2000, 1000), mode: str = "RGB", **saved) -> bytes:
    made = io.BytesIO()
    Image.new(mode, size, (200, 40, 20) if mode == "RGB" else (200, 40, 20, 0)).save(made, kind, **saved)
    return made.getvalue()


def sizes(files: dict[str, bytes]) -> dict[str, tuple[str | None, tuple[int, int]]]:
    return {
        ending: (opened.format, opened.size)
        for ending, body in files.items()
        for opened in [Image.open(io.BytesIO(body))]
    }


@pytest.fixture(scope="module")
def bucket() -> Iterator[Settings]:
    """Settings of a bucket on loopback."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port = probe.getsockname()[1]
    server = ThreadedMotoServer(ip_address="127.0.0.1", port=port, verbose=False)
    server.start()
    httpx.put(f"http://127.0.0.1:{port}/goods").raise_for_status()
    yield Settings(media_url="s3://goods/shop/media", media_endpoint=f"http://127.0.0.1:{port}", **KEYS)
    server.stop()


@pytest.fixture(params=["folder", "bucket"])
async def place(request: pytest.FixtureRequest, tmp_path: Path) -> AsyncIterator[Settings]:
    """Each of the two places where pictures may lie."""
    if request.param == "folder":
        yield Settings(data_dir=str(tmp_path))
    else:
        yield msgspec.structs.replace(request.getfixturevalue("bucket"), data_dir=str(tmp_path))


def test_a_picture_is_written_in_three_widths_and_never_larger_than_it_was() -> None:
    assert sizes(media.written_again(picture()).files) == {
        ".l.webp": ("WEBP", (1600, 800)),
        ".webp": ("WEBP", (800, 400)),
        ".s.webp": ("WEBP", (320, 160)),
    }
    small = media.written_again(picture(size=(100, 60)))
    assert ({size for _, size in sizes(small.files).values()}, small.width, small.height) == (
        {(100, 60)},
        100,
        60,
    )


def test_a_picture_stands_upright_without_transparency_and_private_data() -> None:
    exif = Image.Exif()
    exif[0x010F], exif[0x0112] = "a camera", 6  # turned by a quarter
    files = media.written_again(picture("JPEG", (640, 480), exif=exif)).files
    with Image.open(io.BytesIO(files[".webp"])) as kept:
        assert (kept.size, dict(kept.getexif()), kept.info.get("exif")) == ((480, 640), {}, None)
    for mode, kind in (("RGBA", "PNG"), ("RGBA", "WEBP")):
        with Image.open(
            io.BytesIO(media.written_again(picture(kind, (64, 64), mode)).files[".webp"])
        ) as kept:
            assert (kept.mode, kept.getpixel((5, 5))) == ("RGB", (255, 255, 255))


@given(st.sampled_from(["PNG", "JPEG", "WEBP"]), st.integers(1, 60), st.data())
def test_a_broken_file_is_refused_in_words_and_never_crashes(
    kind: str, side: int, data: st.DataObject
) -> None:
    whole = bytearray(picture(kind, (side, side)))
    for _ in range(data.draw(st.integers(0, 4))):
        whole[data.draw(st.integers(0, len(whole) - 1))] = data.draw(st.integers(0, 255))
    try:
        made = media.written_again(bytes(whole[: data.draw(st.integers(0, len(whole)))]))
    except Invalid as refusal:
        assert refusal.field == "picture"
    else:
        assert set(made.files) == {".l.webp", ".webp", ".s.webp"}


async def test_a_picture_is_kept_once_whoever_brings_it_again(
    database: Database, merchant: Merchant, place: Settings
) -> None:
    data = picture()
    guide = Actor(kind="staff", id=ids.new(), name="陈店长")

    first = await media.keep(database, merchant, guide, place, data)
    again = await media.keep(database, merchant, SYSTEM, place, data)

    assert again == first
    assert (first.sha256, first.width, first.height, first.actor_name) == (
        sha256(data).hexdigest(), 1600, 800, "陈店长",
    )  # fmt: skip
    store = places.place_of(place)
    bodies = {
        ending: await places.read(store, f"{merchant.slug}/{media.size_of(first.key, ending)}")
        for ending, _ in media.SIZES
    }
    assert sizes(bodies)[".webp"] == ("WEBP", (800, 400))
    assert first.bytes == sum(map(len, bodies.values()))
    async with database.begin(merchant) as uow:
        assert [one.key for one in (await media.listing(uow)).items] == [first.key]


async def test_a_refused_file_leaves_neither_row_nor_file(
    database: Database, merchant: Merchant, tmp_path: Path
) -> None:
    with pytest.raises(Invalid):
        await media.keep(database, merchant, SYSTEM, Settings(data_dir=str(tmp_path)), b"<svg/>")

    async with database.begin(merchant) as uow:
        assert list((await media.listing(uow)).items) == []
    assert [path for path in tmp_path.rglob("*") if path.is_file()] == []


async def test_a_store_that_is_away_is_said_so_and_no_row_is_written(
    database: Database, merchant: Merchant, tmp_path: Path
) -> None:
    away = Settings(
        data_dir=str(tmp_path), media_url="s3://goods", media_endpoint="http://127.0.0.1:9", **KEYS
    )
    store = S3Store(
        "goods", endpoint="http://127.0.0.1:9", region="us-east-1", access_key_id="k", secret_access_key="s",
        client_options={"allow_http": True}, retry_config={"max_retries": 0},
    )  # fmt: skip
    with pytest.raises(media.MediaAway):
        await places.write(store, {"a.webp": b"x"})
    assert places.place_of(away).prefix is None
    async with database.begin(merchant) as uow:
        assert list((await media.listing(uow)).items) == []


async def test_only_a_picture_that_nothing_shows_is_removed(
    database: Database, merchant: Merchant, place: Settings
) -> None:
    shop: Shop = await a_shop(database, merchant)
    face = await media.keep(database, merchant, SYSTEM, place, picture(size=(50, 50)))
    inside = await media.keep(database, merchant, SYSTEM, place, picture(size=(51, 51)))
    spare = await media.keep(database, merchant, SYSTEM, place, picture(size=(52, 52)))
    async with database.begin(merchant) as uow:
        price = (await catalog.prices(uow, [shop.apple]))[shop.apple]
        words = catalog.ProductWords(
            price.category_id,
            price.title,
            pictures=(face.key,),
            description=f"![](/media/{merchant.slug}/{media.size_of(inside.key, '.l.webp')})",
        )
        await catalog.edit_product(uow, price.product_id, words)

    for kept in (face, inside):
        with pytest.raises(media.PictureInUse):
            await media.remove(database, merchant, SYSTEM, place, kept.id)
    await media.remove(database, merchant, SYSTEM, place, spare.id)
    with pytest.raises(NotFound):
        await media.remove(database, merchant, SYSTEM, place, spare.id)

    async with database.begin(merchant) as uow:
        assert {one.key for one in (await media.listing(uow)).items} == {face.key, inside.key}
        assert await media.used(uow, [face.key, inside.key, spare.key]) == {face.key: 1, inside.key: 1}
    with pytest.raises(NotFound):
        await places.read(places.place_of(place), f"{merchant.slug}/{spare.key}")


async def test_a_merchant_neither_sees_nor_shows_the_pictures_of_another(
    database: Database, merchant: Merchant, new_shop, tmp_path: Path
) -> None:
    theirs = await new_shop()
    kept = await media.keep(database, theirs, SYSTEM, Settings(data_dir=str(tmp_path)), picture(size=(9, 9)))

    async with database.begin(merchant) as uow:
        assert await media.held(uow, [kept.key]) == []
        assert list((await media.listing(uow)).items) == []
    with pytest.raises(NotFound):
        await media.remove(database, merchant, SYSTEM, Settings(data_dir=str(tmp_path)), kept.id)


async def test_the_bucket_holds_files_below_its_prefix(
    database: Database, merchant: Merchant, bucket: Settings
) -> None:
    kept = await media.keep(database, merchant, SYSTEM, bucket, picture(size=(60, 40)))
    store = S3Store(
        "goods", endpoint=bucket.media_endpoint, region="us-east-1", access_key_id="key",
        secret_access_key="secret", client_options={"allow_http": True},
    )  # fmt: skip

    found = [
        row["path"] for row in await obstore.list(store, prefix=f"shop/media/{merchant.slug}").collect_async()
    ]

    stem = f"shop/media/{merchant.slug}/{kept.key.removesuffix('.webp')}"
    assert sorted(found) == [f"{stem}.l.webp", f"{stem}.s.webp", f"{stem}.webp"]


@pytest.mark.parametrize("url", ["gs://bucket", "s3://", "https://bucket"])
def test_an_address_that_is_no_bucket_is_refused(url: str) -> None:
    with pytest.raises(ValueError, match="SIYU_MEDIA_URL"):
        places.place_of(Settings(media_url=url))
