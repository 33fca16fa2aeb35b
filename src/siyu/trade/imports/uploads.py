"""Files uploaded in the console: kept while they are needed, imported beside the web server, then removed.

An order file is personal data (个人信息保护法 art. 6: no more and no longer than needed), so a finished run keeps only
the report of refused rows.
"""

import asyncio
import logging
import re
import shutil
import time
from pathlib import Path
from uuid import UUID

import msgspec
from litestar.datastructures import UploadFile

from siyu.kernel import ids
from siyu.kernel.errors import DomainError, NotFound
from siyu.runtime.db import Database, Merchant
from siyu.settings import Settings
from siyu.trade.imports import runs
from siyu.trade.imports.actions import import_orders
from siyu.trade.imports.model import ImportRun, ImportUnderWay, Progress

log = logging.getLogger(__name__)

PIECE_BYTES = 1 << 20
UNCONFIRMED_SECONDS_MAX = 86_400  # an upload nobody confirmed for a day was a mistake


class Live(msgspec.Struct):
    """A run that this process is working on, or the reason why it stopped."""

    progress: Progress | None = None
    refusal: DomainError | None = None
    is_running: bool = True


_live: dict[UUID, Live] = {}
_tasks: set[asyncio.Task[None]] = set()


def live(run_id: UUID) -> Live | None:
    """What this process knows of a run beyond the database."""
    return _live.get(run_id)


async def keep(settings: Settings, merchant: Merchant, upload: UploadFile) -> UUID:
    """Put an uploaded file aside until its mapping is confirmed."""
    folder = settings.folder("imports", merchant.slug)
    await asyncio.to_thread(_forget_unconfirmed, folder)
    upload_id = ids.new()
    target = settings.folder("imports", merchant.slug, f"new-{upload_id}") / _safe(upload.filename)
    with target.open("wb") as file:
        while piece := await upload.read(PIECE_BYTES):
            file.write(piece)
    return upload_id


def kept(settings: Settings, merchant: Merchant, upload_id: UUID) -> Path:
    """The file of an upload that waits for its mapping. Raises NotFound."""
    return _only_file(settings, merchant, f"new-{upload_id}")


def file_of_run(settings: Settings, merchant: Merchant, run_id: UUID) -> Path:
    """The file of a run that has not finished. Raises NotFound: the command line and old runs have none."""
    return _only_file(settings, merchant, f"run-{run_id}")


def give_to_run(settings: Settings, merchant: Merchant, upload_id: UUID, run_id: UUID) -> Path:
    """Keep the upload under its run from now on."""
    folder = kept(settings, merchant, upload_id).parent
    target = folder.with_name(f"run-{run_id}")
    if target.exists():
        shutil.rmtree(target)
    folder.rename(target)
    return file_of_run(settings, merchant, run_id)


def remove(settings: Settings, merchant: Merchant, upload_id: UUID) -> None:
    """Forget an upload that is not needed."""
    shutil.rmtree(kept(settings, merchant, upload_id).parent)


def start(database: Database, merchant: Merchant, run: ImportRun, path: Path, report_path: Path) -> None:
    """Carry a run out beside the web server; screens follow it in the database."""
    if (known := _live.get(run.id)) and known.is_running:
        return
    _live[run.id] = Live()
    task = asyncio.create_task(_carry_out(database, merchant, run, path, report_path))
    _tasks.add(task)
    task.add_done_callback(_tasks.discard)


async def _carry_out(
    database: Database, merchant: Merchant, run: ImportRun, path: Path, report_path: Path
) -> None:
    told = _live[run.id]

    def watch(progress: Progress) -> None:
        told.progress = progress

    try:
        await import_orders(
            database,
            merchant,
            path,
            mapping=run.mapping,
            on_progress=watch,
            source=run.source,
            report_path=report_path,
        )
        await asyncio.to_thread(shutil.rmtree, path.parent)
    except DomainError as refusal:
        told.refusal = refusal
        if isinstance(refusal, ImportUnderWay):
            await _fail(database, merchant, run)
    except Exception:
        log.exception("the import %s failed and can be continued", run.id)
    finally:
        told.is_running = False


async def _fail(database: Database, merchant: Merchant, run: ImportRun) -> None:
    async with database.begin(merchant) as uow:
        await runs.end(uow, run.id, "failed")


def _only_file(settings: Settings, merchant: Merchant, name: str) -> Path:
    folder = Path(settings.data_dir).resolve() / "imports" / merchant.slug / name
    files = list(folder.iterdir()) if folder.is_dir() else []
    if not files:
        raise NotFound(what="上传的文件")
    return files[0]


def _safe(name: str) -> str:
    """A file name without folders and without characters that some system refuses."""
    plain = re.sub(r"[^\w.()（）-]+", "_", name.replace("\\", "/").rsplit("/", 1)[-1]).strip("._")
    return plain[-80:] or "orders"


def _forget_unconfirmed(folder: Path) -> None:
    oldest = time.time() - UNCONFIRMED_SECONDS_MAX
    for upload in folder.glob("new-*"):
        if upload.stat().st_mtime < oldest:
            shutil.rmtree(upload)
