"""Runs in several course folders on one PostgreSQL take turns where they write the same rows."""

from collections.abc import Iterator
from contextlib import contextmanager

from sqlalchemy import create_engine, func, select
from sqlalchemy.engine import make_url
from sqlalchemy.pool import NullPool

LOCK = 0x6772_6164_6572  # any number, as long as it is the same in all of them


@contextmanager
def own_turn(db_url: str) -> Iterator[None]:
    """Hold the gradebook's lock for changes to problem sets; the database releases a dead run's.

    With SQLite there is nothing to do: a file of its own belongs to each course folder, which has
    one run at a time.
    """
    url = make_url(db_url)
    if url.get_backend_name() != "postgresql":
        yield
        return
    engine = create_engine(url, poolclass=NullPool)
    with engine.connect() as connection:
        connection.execute(select(func.pg_advisory_lock(LOCK)))
        yield  # closing the connection releases the lock
