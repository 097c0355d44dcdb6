"""What could run or fetch on a feedback page."""

import re

from tests.grader.test_safe_html import active_content

# What nbconvert makes of the colours of a traceback; the numbers are all that it takes over.
COLOURS = re.compile(
    r"span style=((color|background-color): rgb\(\d{1,3},\d{1,3},\d{1,3}\);? ?)+|span style=font-[a-z: ]+"
)


def dangers(page: str) -> list[str]:
    """Return everything active below the page's own head."""
    found = active_content(page[page.find('id="notebook-container"') :])
    return [item for item in found if not COLOURS.fullmatch(item)]
