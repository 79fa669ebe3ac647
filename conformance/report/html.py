"""``report.html``: the run for people, one file that asks nothing of the network and runs no script.

Answers of the target are quoted in it, so everything is escaped by the template engine, and a content
security policy forbids all but the page's own style sheet.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from functools import cache
from typing import TYPE_CHECKING

from jinja2 import Environment, PackageLoader, StrictUndefined, Template
from markupsafe import Markup, escape

from conformance.report import wording

if TYPE_CHECKING:
    from conformance.verdict import RunResult

# What a reader has to do something about; the rest follows folded.
_URGENT = wording.URGENCY[:3]
# Of each verdict and contract, so many are listed at the top; they all follow below.
_LISTED = 12


def render(result: RunResult) -> str:
    """Return the text of ``report.html``."""
    totals = {v: sum(contract.count(v) for contract in result.contracts) for v in wording.URGENCY}
    return _template().render(
        result=result,
        when=_when(result),
        urgency=wording.URGENCY,
        urgent=_URGENT,
        pressing=[verdict for verdict in _URGENT if totals[verdict]],
        listed=_LISTED,
        facts={number: text for contract in result.contracts for number, text in contract.facts.items()},
        meaning=wording.MEANING,
        symbol=wording.SYMBOL,
        headline=wording.HEADLINE[result.outcome],
        headlines=wording.HEADLINE,
        exit_meaning=wording.EXIT_MEANING[result.outcome.exit_code],
        next_step=wording.next_step(result),
        totals=totals,
        reasons=wording.reasons,
        parts=wording.parts,
        plural=wording.plural,
    )


def _when(result: RunResult) -> list[tuple[str, str]]:
    """When it was run and by which version, as far as the run says."""
    said = []
    if isinstance(started := result.volatile.get("started"), str):
        said.append(("Started", started.replace("T", " ").replace("+00:00", " UTC")))
    versions = result.volatile.get("versions")
    if isinstance(versions, Mapping) and "histdata" in versions:
        said.append(("histdata", str(versions["histdata"])))
    return said


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
