"""Texts and numbers as people read them."""


def printable(text: str) -> str:
    """Return `text` without control characters: names of files may hold terminal commands."""
    return "".join(c if c.isprintable() else "?" for c in text)


def format_points(points: float) -> str:
    """Return points without a trailing `.0`, at most two decimals."""
    return f"{points:.2f}".rstrip("0").rstrip(".")
