"""Every symbol in the chapters' mathematics is on the notation page, and in time."""

import re

import book_data
import pytest

from tests.chapters.book import chapters, markdown, mathematics

# TeX that shapes a formula and names nothing.
LAYOUT_COMMANDS = """
frac tfrac dfrac binom left right big Big bigl bigr Bigl Bigr middle begin end underbrace
overbrace underset overset stackrel sqrt sum prod int max min arg lim log exp tanh sin cos ln
sup inf quad qquad cdot cdots dots ldots vdots ddots times pm mp div to mapsto rightarrow
leftarrow Rightarrow Leftrightarrow longrightarrow iff implies le leq ge geq ne neq approx equiv
sim propto in notin subset cup cap forall exists infty square blacksquare mathbf mathbb mathcal
mathrm boldsymbol mathit hat bar vec text textbf textit texttt operatorname limits nolimits
hspace phantom hphantom vphantom lvert rvert vert lfloor rfloor lceil rceil langle rangle cases
aligned gathered array pmatrix bmatrix matrix smallmatrix hline colon prime circ star ast mid
bigm not displaystyle textstyle scriptstyle overline underline widehat ll gg det dim deg ker
mod bmod land lor lnot wedge vee bigg Biggl Biggr biggl biggr color textcolor xrightarrow
substack mathop neg uparrow downarrow
"""
LAYOUT = set(LAYOUT_COMMANDS.split())
WORDS = re.compile(
    r"\\(?:text|textbf|textit|texttt|operatorname\*?|mathrm|begin|end|color|hspace)\s*\{[^{}]*\}")


def tokens(tex):
    """Return the letters and commands of a formula that stand for something."""
    tex = WORDS.sub(" ", tex)
    commands = re.findall(r"\\([A-Za-z]+)", tex)
    letters = re.findall(r"[A-Za-z]", re.sub(r"\\[A-Za-z]+", " ", tex))
    return {rf"\{name}" for name in commands if name not in LAYOUT} | set(letters)


def faults(name, text, symbols, order):
    """Return one sentence for each symbol of a chapter that the notation page does not allow."""
    allowed = {
        token for entry in symbols for token in entry["tokens"]
        if name in entry.get("only", [])
        or ("since" in entry and order.index(entry["since"]) <= order.index(name))
    }
    return [f"{name}: {token} in '{' '.join(tex.split())[:50]}' is not in notation.yml, or later"
            for tex in mathematics(text) for token in sorted(tokens(tex) - allowed)]


ORDER = [name for name, _ in chapters()]


@pytest.mark.parametrize(("name", "notebook"), chapters(), ids=ORDER)
def test_every_symbol_is_on_the_notation_page(name, notebook):
    assert faults(name, markdown(notebook), book_data.symbols(), ORDER) == []


def test_every_symbol_of_the_page_is_used():
    used = {name: set().union(*map(tokens, mathematics(markdown(n)))) for name, n in chapters()}
    for entry in book_data.symbols():
        where = entry.get("only") or ORDER[ORDER.index(entry["since"]):]
        for token in entry["tokens"]:
            assert any(token in used[name] for name in where), f"{entry['symbol']}: {token} unused"
        if "since" in entry and entry["tokens"]:
            first = used[entry["since"]] & set(entry["tokens"])
            assert first, f"{entry['symbol']}: not in {entry['since']}"


@pytest.mark.parametrize(("tex", "name", "says"), [
    (r"$\mathbf{w}^\top\mathbf{x} + b$", "02_perceptron", None),
    (r"$\kappa = 3$", "02_perceptron", r"\kappa in"),
    (r"$$ C = 1 $$ (eq-per-x)", "02_perceptron", "C in 'C = 1'"),
    (r"$\delta^{[l]}$", "02_perceptron", r"\delta in"),
    (r"$\gamma$", "07_backpropagation", r"\gamma in"),
    (r"$\operatorname{ReLU}(z) \text{ if } z$", "02_perceptron", None),
    ("a price of 5 $ and `$C$` in code", "02_perceptron", None),
])
def test_a_planted_symbol_is_noticed(tex, name, says):
    found = faults(name, tex, book_data.symbols(), ORDER)
    assert found == [] if says is None else says in found[0]


def test_an_entry_says_where_it_holds(tmp_path):
    (tmp_path / "notation.yml").write_text("- {symbol: a, tokens: [a], meaning: b}")
    with pytest.raises(book_data.BookDataError, match="expected `since` or `only`"):
        book_data.symbols(tmp_path)
