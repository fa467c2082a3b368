"""What is refused when a draft is published, and not of a revision that was published with it before."""

from app.engine.model import Document
from app.engine.named import Names
from app.engine.problems import Findings


def unpublishable(document: Document) -> Findings:
    """Find what no draft may say; what is in force with it stays in force."""
    names = Names(document)
    for i, key in enumerate(document.holdout.metrics):
        yield from names.missing(f"/holdout/metrics/{i}", "metric", key, names.metrics)
