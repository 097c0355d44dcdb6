"""The rules that every page must satisfy: each gate returns one sentence for each breach.

`test_gates.py` shows that each of them catches a planted defect.
"""

import functools
import html.parser
import re
import urllib.parse
from pathlib import Path

from tests.site.browsing import is_local

AXE = Path(__file__).parents[2] / "node_modules" / "axe-core" / "axe.min.js"
AXE_RULES = ["wcag2a", "wcag2aa", "wcag21a", "wcag21aa"]
# Those that depend on the theme.
COLOUR_RULES = ["color-contrast", "link-in-text-block"]
# Those that depend on the window's width: what scrolls, what may be zoomed, what the menu covers.
NARROW_RULES = ["scrollable-region-focusable", "meta-viewport", "aria-hidden-focus", "link-name",
                "button-name"]
RAW_TEX = re.compile(r"\$\$|\\\(|\\\[|\\begin\{|\\(?:frac|mathbf|mathbb|sum|top|text)\b")
FILE_NAME = re.compile(r"\.(?:svg|png|jpe?g|gif|webp)$")
# Text that a reader sees as prose: not code.
PROSE = """() => {
  const text = document.querySelector("article") ?? document.querySelector("main");
  const copy = text.cloneNode(true);
  copy.querySelectorAll("pre, code, script, style").forEach(node => node.remove());
  return copy.textContent;
}"""
IMAGES = """() => [...document.querySelectorAll("article img")].map(image => ({
  alt: image.alt, source: image.getAttribute("src"), width: image.naturalWidth}))"""


def loading(seen):
    """Breaches while a page loads: a bad status, console errors, requests to another host."""
    found = [] if seen.status in (0, 200) else [f"status {seen.status}"]
    found += [f"console: {error}" for error in seen.errors]
    return found + [f"asks for {address}" for address in seen.outside]


def images(page):
    """Figures without a description in words, and figures that do not show."""
    found = []
    for image in page.evaluate(IMAGES):
        alt = image["alt"].strip()
        if not alt or FILE_NAME.search(alt):
            found.append(f"{image['source']}: the alternative text is '{alt}'")
        if not image["width"]:
            found.append(f"{image['source']}: the picture does not show")
    return found


def raw_tex(page):
    """TeX that was not typeset, and formulas without MathML for screen readers."""
    prose = page.evaluate(PROSE)
    found = [
        f"raw TeX {match.group()} in '{prose[max(0, match.start() - 20) : match.end() + 20]}'"
        for match in RAW_TEX.finditer(prose)
    ]
    silent = page.locator("span.math, div.math").filter(has_not=page.locator("math")).count()
    return found + ([f"{silent} formulas without MathML"] if silent else [])


def sideways(page):
    """A page that is wider than its window."""
    width, window = page.evaluate("[document.documentElement.scrollWidth, window.innerWidth]")
    return [f"{width} px wide in a window of {window} px"] if width > window else []


# A chapter has forty thousand elements, most of them coloured words of code and boxes of formulas
# which repeat the same few styles; axe takes a minute for them and seconds without.
THIN = """() => {
  document.querySelectorAll(".katex-html").forEach(boxes => boxes.replaceChildren());
  [...document.querySelectorAll(".highlight pre")].slice(8).forEach(
    code => { code.textContent = code.textContent; });
}"""


def unfold(page):
    """Open everything that can be opened."""
    page.evaluate("document.querySelectorAll('details').forEach(d => d.open = true)")
    for button in page.locator("button.toggle-button").all():
        button.click()
    if page.locator(".dropdown-launch-buttons button").count():
        page.locator(".dropdown-launch-buttons button").click()


@functools.cache
def axe_source():
    """Return the text of axe-core."""
    return AXE.read_text(encoding="utf-8")


def accessibility(page, rules=AXE_RULES):
    """What axe-core finds against WCAG 2.1 A and AA, or against single rules."""
    page.evaluate(axe_source())
    # A screen reader gets a formula's MathML; the thousands of boxes that draw it are hidden.
    run = "rules => axe.run({exclude: ['.katex-html']}, {runOnly: rules})"
    result = page.evaluate(run, rules)
    return [
        f"{violation['id']}: {node['html'][:120]}"
        for violation in result["violations"]
        for node in violation["nodes"]
    ]


LOADING = {
    "script": "src",
    "img": "src",
    "iframe": "src",
    "link": "href",
    "source": "src",
    "video": "src",
    "audio": "src",
    "embed": "src",
    "object": "data",
}


class Markup(html.parser.HTMLParser):
    """Collect from one HTML file what it links to, what it loads and its anchors."""

    def __init__(self, text):
        super().__init__()
        self.links, self.loads, self.anchors = [], [], set()
        self.feed(text)

    def handle_starttag(self, tag, attrs):
        """Note the addresses and the anchor of one element."""
        attributes = dict(attrs)
        self.anchors |= {attributes.get("id"), attributes.get("name")}
        if tag == "a" and attributes.get("href"):
            self.links.append(attributes["href"])
        if address := attributes.get(LOADING.get(tag, "")):
            self.loads.append(address)


def markup(folder):
    """Return the Markup of every page in `folder`, by path."""
    return {
        path: Markup(path.read_text(encoding="utf-8")) for path in sorted(folder.glob("*.html"))
    }


def broken_links(folder):
    """Links between pages, and to files, that lead nowhere."""
    pages = markup(folder)
    found = []
    for path, content in pages.items():
        for link in [*content.links, *content.loads]:
            parts = urllib.parse.urlsplit(link)
            if parts.scheme or parts.netloc:
                continue
            target = (path.parent / urllib.parse.unquote(parts.path)) if parts.path else path
            if not target.exists():
                found.append(f"{path.name}: {link} leads to no file")
                continue
            anchor = urllib.parse.unquote(parts.fragment)
            if anchor and target in pages and anchor not in pages[target].anchors:
                found.append(f"{path.name}: {link} leads to no anchor")
    return found


def outside_resources(folder):
    """Scripts, styles, pictures and fonts that HTML or CSS would load from another host."""
    loads = [(path, load) for path, content in markup(folder).items() for load in content.loads]
    for path in sorted(folder.rglob("*.css")):
        css = re.sub(r"/\*.*?\*/", "", path.read_text(encoding="utf-8"), flags=re.DOTALL)
        loads += [(path, load) for load in re.findall(r"url\(\s*['\"]?([^'\")]+)", css)]
        loads += [(path, load) for load in re.findall(r"@import\s+['\"]([^'\"]+)", css)]
    return [
        f"{path.name}: loads {load}"
        for path, load in loads
        if re.match(r"(?:https?:)?//", load) and not is_local(load)
    ]
