"""Compare two SVG figures by structure and, within a tolerance, by number."""

import re

NUMBER = re.compile(r"-?\d+(?:\.\d+)?(?:e[-+]?\d+)?")
# matplotlib names clip paths and markers after a hash of their coordinates.
HASHED_ID = re.compile(r"\b[pmCPT][0-9a-f]{10}(?:_\d+_[0-9a-f]{10})?\b")
TOLERANCE = 0.5  # in SVG points: half a pixel on the screen


def figures_of(outputs):
    """Return the SVG texts among a cell's outputs."""
    return [
        output["data"]["image/svg+xml"]
        for output in outputs
        if output.get("output_type") in ("display_data", "execute_result")
        and "image/svg+xml" in output.get("data", {})
    ]


def svg_difference(stored, new, tolerance=TOLERANCE):
    """Return a sentence that says where two SVG figures differ, or None when they agree."""
    stored, new = (HASHED_ID.sub("id", text) for text in (stored, new))
    if NUMBER.sub("0", stored) != NUMBER.sub("0", new):
        return "it has other elements, or other text"
    pairs = zip(NUMBER.findall(stored), NUMBER.findall(new), strict=True)
    worst = max((abs(float(a) - float(b)) for a, b in pairs), default=0.0)
    return f"a coordinate moved by {worst:.2f} points" if worst > tolerance else None
