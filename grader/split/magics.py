"""IPython's magics and escapes, looked for only in cells that may have one.

IPython takes each cell apart into tokens to find `%magic`, `!command` and `name?`: longer than it
takes to compile and run a usual one. A look at the text can rule them out.
"""

import re

from IPython.core.inputtransformer2 import TransformerManager

# A line that begins with an escape, `= %magic`, `= !command`, or a line that ends in a question
# mark. Inside of texts and comments they are nothing special: there IPython has the last word.
# No part matches line breaks at the beginning of lines: a page of them would take for ever.
MAYBE = re.compile(r"^[^\S\n]*[!?%,;/]|=[\s\\]*[!%]|\?[^\S\n]*$", re.MULTILINE)
STANDARD = TransformerManager().token_transformers  # type: ignore[no-untyped-call]


class Transformers(TransformerManager):
    """IPython's transformers of a cell, as quick as the cell allows."""

    def do_token_transforms(self, lines: list[str]) -> list[str]:
        """Replace magics and escapes by calls; without any, return the lines as they are."""
        text = "".join(lines)
        # IPython's lines may end in more characters than `^` and `$` know.
        usual = text.count("\n") == len(lines) and self.token_transformers == STANDARD
        if usual and not MAYBE.search(text):
            return lines
        return list(super().do_token_transforms(lines))  # type: ignore[no-untyped-call]
