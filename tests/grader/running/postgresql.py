"""A real PostgreSQL server of our own: made in a temporary folder, gone afterwards."""

import os
import pwd
import shutil
import socket
import subprocess
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import psycopg

from bootstrap import find_postgresql

MISSING = "PostgreSQL's server is not installed: run `python bootstrap.py --postgresql`"
# The server lives for seconds and its data is thrown away: it need not wait for the disk.
SETTINGS = "-c fsync=off -c full_page_writes=off -c synchronous_commit=off -c log_connections=on"


class Server:
    """A running server; `url(name)` makes a database and names it as SQLAlchemy does."""

    def __init__(self, port: int, folder: Path) -> None:
        self.port, self.log = port, folder / "server.log"
        self._pid_file = folder / "data" / "postmaster.pid"

    def process(self) -> int:
        """Return the number of the server's first process."""
        return int(self._pid_file.read_text().splitlines()[0])

    def url(self, database: str) -> str:
        """Make an empty database; return its URL."""
        with psycopg.connect(self._address("postgres"), autocommit=True) as connection:
            connection.execute(f'CREATE DATABASE "{database}"')
        return self._address(database)

    def size(self, database: str) -> int:
        """Return the bytes that a database takes on disk."""
        with psycopg.connect(self._address(database)) as connection:
            (size,) = connection.execute("SELECT pg_database_size(current_database())").fetchone()
        return int(size)

    def _address(self, database: str) -> str:
        return f"postgresql://grader@127.0.0.1:{self.port}/{database}"


@contextmanager
def running_server() -> Iterator[Server]:
    """Start a server on a free port of the loopback interface; yield it and stop it.

    As root, which PostgreSQL refuses, it runs as the user `nobody`.
    """
    programs = find_postgresql()
    if programs is None:
        raise RuntimeError(MISSING)
    folder = Path(tempfile.mkdtemp(prefix="postgresql-"))
    data, log = folder / "data", folder / "server.log"
    user = _unprivileged(folder)
    port = free_port()
    options = f"-p {port} -k {folder} -c listen_addresses=127.0.0.1 {SETTINGS}"
    control = [programs / "pg_ctl", "-D", data, "-w", "-t", "60"]

    def run(*command: str | Path) -> None:
        # Its output goes to a file: the server would hold a pipe open, and us up.
        said = folder / "commands.log"
        with said.open("ab") as out:
            status = subprocess.call(list(map(str, command)), cwd=folder, stdout=out, stderr=out,
                                     timeout=90, **user)
        assert not status, said.read_text() + (log.read_text() if log.exists() else "")

    try:
        run(programs / "initdb", "-D", data, "-U", "grader", "--auth=trust", "--no-sync",
            "--encoding=UTF8", "--locale=C")
        run(*control, "-l", log, "-o", options, "start")
        try:
            yield Server(port, folder)
        finally:
            run(*control, "-m", "immediate", "stop")
    finally:
        shutil.rmtree(folder)


def _unprivileged(folder: Path) -> dict[str, Any]:
    """Return what makes subprocess run the server as nobody, and give that user the folder."""
    if os.geteuid() != 0:
        return {}
    nobody = pwd.getpwnam("nobody")
    os.chown(folder, nobody.pw_uid, nobody.pw_gid)
    return {"user": nobody.pw_uid, "group": nobody.pw_gid, "extra_groups": []}


def free_port() -> int:
    """Return a port of the loopback interface that nobody listens on now."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])
