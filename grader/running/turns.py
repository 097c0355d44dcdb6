"""Runs in several course folders on one PostgreSQL take turns where they write the same rows."""

from collections.abc import Iterator
from contextlib import contextmanager

from sqlalchemy import create_engine, func, select
from sqlalchemy.engine import make_url
from sqlalchemy.orm import Session, scoped_session
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


def shared_turn(session: scoped_session[Session]) -> None:
    """Wait until no run changes a problem set, and let none begin before this transaction ends.

    While a problem set has no submissions, nbgrader deletes its rows and makes them anew: a first
    submission that another run recorded in between would hang on the rows deleted.
    """
    if session.get_bind().dialect.name == "postgresql":
        session.execute(select(func.pg_advisory_xact_lock_shared(LOCK)))
