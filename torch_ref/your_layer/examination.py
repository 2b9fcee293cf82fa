"""An examination, which shows itself: str() of it is the report, and a notebook shows the page."""

from html import escape

from torch_ref.your_layer.findings import Findings
from torch_ref.your_layer.html import html_of
from torch_ref.your_layer.text import text_of


class Examination(Findings):
    """What `examine` finds of a candidate."""

    def __str__(self) -> str:
        return text_of(self)

    def _repr_html_(self) -> str:
        """In a frame of its own: the page's style is for the page alone."""
        frame = "width: 100%; height: 36rem; border: 1px solid #ddd"
        return f'<iframe sandbox style="{frame}" srcdoc="{escape(html_of(self))}"></iframe>'
