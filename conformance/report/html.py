"""``report.html``: the run for people, one file that asks nothing of the network and runs no script.

Answers of the target are quoted in it, so everything is escaped by the template engine, and a content
security policy forbids all but the page's own style sheet.
"""

from __future__ import annotations

import re
from functools import cache
from typing import TYPE_CHECKING

from jinja2 import Environment, PackageLoader, StrictUndefined, Template
from markupsafe import Markup, escape

from conformance.report import wording

if TYPE_CHECKING:
    from conformance.verdict import RunResult


def render(result: RunResult) -> str:
    """Return the text of ``report.html``."""
    return _template().render(
        result=result,
        urgency=wording.URGENCY,
        meaning=wording.MEANING,
        symbol=wording.SYMBOL,
        headline=wording.HEADLINE[result.outcome],
        headlines=wording.HEADLINE,
        exit_meaning=wording.EXIT_MEANING[result.outcome.exit_code],
        next_step=wording.next_step(result),
        totals={v: sum(contract.count(v) for contract in result.contracts) for v in wording.URGENCY},
        groups=wording.groups,
        reasons=wording.reasons,
        parts=wording.parts,
        plural=wording.plural,
    )


@cache
def _template() -> Template:
    environment = Environment(
        loader=PackageLoader("conformance.report", ""),
        autoescape=True,
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
        finalize=_printable,
    )
    environment.filters["quoted"] = _quoted
    return environment.get_template("report.html.j2")


def _printable(value: object) -> object:
    """Make a printed text harmless before it is escaped; what a macro returned has been here before."""
    return wording.visible(value) if isinstance(value, str) and not isinstance(value, Markup) else value


def _quoted(text: str) -> Markup:
    """Escape a sentence of the catalogue and set what it quotes in backticks as code."""
    pieces = re.split(r"`([^`]+)`", wording.visible(text))
    return Markup().join(
        Markup("<code>{}</code>").format(piece) if quoted % 2 else escape(piece)
        for quoted, piece in enumerate(pieces)
    )
