"""Pictures of every page, to look at: `python -m tests.site.screenshots [page ...]`.

Light and dark, wide and narrow, into `_build/screenshots/`.
"""

import sys
from pathlib import Path

from tests.site.browsing import NARROW, WIDE, chromium, serve, visit

BUILD = Path(__file__).resolve().parents[2] / "_build"


def main(names):
    """Photograph the pages named, or all of them; print where the pictures are."""
    site, target = BUILD / "html", BUILD / "screenshots"
    target.mkdir(exist_ok=True)
    names = names or sorted(path.stem for path in site.glob("*.html"))
    with serve(site) as address, chromium() as browser:
        for name in names:
            for size, viewport in (("wide", WIDE), ("narrow", NARROW)):
                for dark in (False, True):
                    with visit(browser, f"{address}/{name}.html", viewport, dark) as seen:
                        mode = "dark" if dark else "light"
                        picture = target / f"{name}-{size}-{mode}.png"
                        seen.page.screenshot(path=picture, full_page=True)
    print(f"The pictures are in {target}")


if __name__ == "__main__":
    main(sys.argv[1:])
