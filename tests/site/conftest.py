"""The built website, served on loopback, and one Chromium for all tests of this folder."""

import pytest
from filelock import FileLock

from tests.site.browsing import chromium, serve
from tests.site.building import ROOT, build


@pytest.fixture(scope="session")
def site():
    """Return the folder of the website, built from the chapters as they are now.

    pytest runs in several processes, and two builds at once would write the same files.
    """
    (ROOT / "_build").mkdir(exist_ok=True)
    with FileLock(ROOT / "_build" / "building.lock"):
        status, printed = build(ROOT)
    assert status == 0, printed
    return ROOT / "_build" / "html"


@pytest.fixture(scope="session")
def address(site):
    """Return the address under which the website is served on this machine."""
    with serve(site) as url:
        yield url


@pytest.fixture(scope="session")
def browser():
    """Return one running Chromium."""
    with chromium() as running:
        yield running
