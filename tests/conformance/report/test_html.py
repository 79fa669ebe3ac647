from __future__ import annotations

import dataclasses
import re
from html.parser import HTMLParser
from itertools import pairwise
from typing import Any

import pytest
from hypothesis import given

from conformance import catalogue
from conformance.report import html, wording
from conformance.verdict import Finding, Outcome, RunResult, Verdict
from tests.conformance.report import samples

VOID = {"meta", "col", "input"}


class Page(HTMLParser):
    """A page as its tags with their attributes' names, and its text; unbalanced tags are an error."""

    def __init__(self, text: str) -> None:
        super().__init__()
        self.skeleton: list[tuple[str, tuple[str, ...]]] = []
        self.tags: list[tuple[str, dict[str, str]]] = []
        self.attributes: list[tuple[str, str, str]] = []
        self.texts: list[str] = []
        self.others: list[str] = []
        self._open: list[str] = []
        self.feed(text)
        self.close()
        assert not self._open

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.skeleton.append((tag, tuple(name for name, _ in attrs)))
        self.tags.append((tag, {name: value or "" for name, value in attrs}))
        self.attributes += [(tag, name, value or "") for name, value in attrs]
        if tag not in VOID:
            self._open.append(tag)

    def handle_endtag(self, tag: str) -> None:
        assert self._open.pop() == tag

    def handle_data(self, data: str) -> None:
        if self._open[-1:] != ["style"]:
            self.texts.append(data)

    def handle_comment(self, data: str) -> None:
        self.others.append(data)

    def handle_decl(self, decl: str) -> None:
        self.others.append(decl)

    def handle_pi(self, data: str) -> None:
        self.others.append(data)

    def unknown_decl(self, data: str) -> None:
        self.others.append(data)

    @property
    def text(self) -> str:
        return "".join(self.texts)


def harmless(value: Any) -> Any:
    """The same result with every free text replaced, but for what the page's shape follows from."""
    if isinstance(value, Finding):
        blank = {f.name: None if getattr(value, f.name) is None else "x" for f in dataclasses.fields(value)}
        return Finding(**blank)  # type: ignore[arg-type]
    if isinstance(value, tuple):
        return tuple(harmless(item) for item in value)
    if dataclasses.is_dataclass(value) and not isinstance(value, type):
        changed: dict[str, Any] = {}
        for field in dataclasses.fields(value):
            item = getattr(value, field.name)
            if field.name in {"statement", "contract", "revision", "target"}:
                changed[field.name] = "x"
            elif field.name == "notes":
                changed[field.name] = tuple("x" for _ in item)
            elif field.name == "volatile":
                changed[field.name] = dict.fromkeys(item, "x")
            elif field.name in {"requirement", "judgements", "contracts", "findings"}:
                changed[field.name] = harmless(item)
        return dataclasses.replace(value, **changed)
    return value


def shape(page: Page) -> list[tuple[str, tuple[str, ...]]]:
    """The tags of the page; code is set from the catalogue's backticks and carries nothing but text."""
    assert all(not names for tag, names in page.skeleton if tag == "code")
    return [entry for entry in page.skeleton if entry[0] != "code"]


@given(samples.run_results)
def test_no_text_of_a_run_becomes_markup(result: RunResult) -> None:
    page = Page(html.render(result))
    assert shape(page) == shape(Page(html.render(harmless(result))))
    assert page.others == ["doctype html"]


@given(samples.run_results)
def test_every_text_of_a_finding_is_there_to_read(result: RunResult) -> None:
    shown = Page(html.render(result)).text
    for contract in result.contracts:
        for judgement in contract.judgements:
            for finding in judgement.findings:
                for _, text in wording.parts(finding):
                    assert wording.visible(text) in shown


@given(samples.run_results)
def test_page_asks_nothing_of_anyone_and_runs_nothing(result: RunResult) -> None:
    page = Page(html.render(result))
    assert not {tag for tag, _ in page.skeleton} & {
        "script",
        "link",
        "img",
        "iframe",
        "object",
        "embed",
        "base",
    }
    for _, name, value in page.attributes:
        assert not name.startswith("on")
        assert name not in {"src", "srcset", "action", "style"}
        assert name != "href" or value.startswith("#")
    styles = re.findall(r"<style>(.*?)</style>", html.render(result), re.DOTALL)
    assert len(styles) == 1
    assert "url(" not in styles[0]
    assert "@import" not in styles[0]


def test_every_jump_on_the_page_arrives() -> None:
    page = Page(html.render(samples.not_conformant()))
    ids = [value for _, name, value in page.attributes if name == "id"]
    assert len(ids) == len(set(ids))
    jumps = {value.removeprefix("#") for _, name, value in page.attributes if name == "href"}
    assert jumps <= set(ids)
    assert {"c1-LR-BODY-01", "c2-NT-AUTH-04"} <= jumps


@pytest.mark.parametrize(
    "result",
    [samples.conformant(), samples.not_conformant(), samples.unjudged()],
    ids=lambda r: r.outcome.value,
)
def test_headline_tells_the_outcome_and_what_to_do_next(result: RunResult) -> None:
    text = html.render(result)
    assert f"<h1>{wording.HEADLINE[result.outcome]}</h1>" in text
    assert wording.next_step(result) in Page(text).text


def test_what_needs_attention_comes_first_and_the_rest_is_folded() -> None:
    result = samples.not_conformant()
    page = Page(html.render(result))
    # The rows of the requirements, and what can be folded, in order.
    folded = False
    order: dict[str, list[tuple[str, bool]]] = {}
    for tag, found in page.tags:
        if tag == "details" and "fold" in found.get("class", ""):
            assert "open" not in found
            folded = True
        elif tag == "section" and found.get("class") == "contract":
            folded = False
        elif tag == "tbody" and "id" in found:
            contract, _, requirement = found["id"].partition("-")
            order.setdefault(contract, []).append((requirement, folded))
    for number, judged in enumerate(result.contracts, 1):
        urgent = {Verdict.FAIL, Verdict.WARN, Verdict.INCONCLUSIVE}
        by_urgency = sorted(judged.judgements, key=lambda j: wording.URGENCY.index(j.verdict))
        assert order[f"c{number}"] == [(j.requirement.id, j.verdict not in urgent) for j in by_urgency]


def test_a_long_list_of_what_needs_attention_is_cut_and_nothing_of_it_is_lost() -> None:
    (contract,) = samples.unjudged().contracts
    page = Page(html.render(samples.unjudged()))
    open_ = [j.requirement.id for j in contract.judgements if j.verdict is Verdict.INCONCLUSIVE]
    assert f"and {len(open_) - 12} more" in page.text
    ids = {value for _, name, value in page.attributes if name == "id"}
    assert {f"c1-{each}" for each in open_} <= ids


def test_when_and_by_which_version_it_was_run_is_told_at_the_top() -> None:
    header = html.render(samples.conformant()).partition("</header>")[0]
    assert "<dt>Started</dt><dd>2026-11-21 05:29:46 UTC</dd>" in header
    assert "<dt>histdata</dt><dd>0.1.0</dd>" in header


def test_each_fact_is_explained_where_it_is_named() -> None:
    page = Page(html.render(samples.not_conformant()))
    told = {found["title"] for tag, found in page.tags if tag == "abbr"}
    facts = {**catalogue.load(samples.LIVERIG).facts, **catalogue.load(samples.NORTECH).facts}
    # Of the old revision alone, and of what is not observed, there is nothing in this run.
    assert len(told) > 25
    assert told <= set(facts.values())
    for text in facts.values():
        assert text.replace("`", "") in page.text


def test_headings_leave_no_level_out() -> None:
    levels = [
        int(tag[1])
        for tag, _ in Page(html.render(samples.not_conformant())).skeleton
        if re.fullmatch(r"h\d", tag)
    ]
    assert levels[0] == 1
    assert levels.count(1) == 1
    assert all(after - before <= 1 for before, after in pairwise(levels))


def test_each_verdict_is_told_by_a_word_beside_its_mark() -> None:
    text = html.render(samples.not_conformant())
    for verdict in Verdict:
        assert f'<span aria-hidden="true">{wording.SYMBOL[verdict]}</span> {verdict.value}</span>' in text


@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_colours_keep_the_contrast_of_wcag(scheme: str) -> None:
    style = html.render(samples.conformant())
    light, dark = (
        dict(re.findall(r"--([\w-]+): (#[0-9a-f]+)", block))
        for block in re.findall(r":root \{(.*?)\}", style, re.DOTALL)[:2]
    )
    colours = light if scheme == "light" else dark
    for verdict in Verdict:
        assert contrast(colours[verdict], colours[f"{verdict}-bg"]) >= 4.5
        assert contrast(colours[verdict], colours["card"]) >= 4.5
    for ink in ("ink", "soft", "link"):
        for ground in ("ground", "card", "code"):
            assert contrast(colours[ink], colours[ground]) >= 4.5


def contrast(one: str, other: str) -> float:
    """Contrast ratio of two colours, by the formula of WCAG 2.2."""
    darker, lighter = sorted((luminance(one), luminance(other)))
    return (lighter + 0.05) / (darker + 0.05)


def luminance(colour: str) -> float:
    digits = colour[1:] if len(colour) == 7 else "".join(digit * 2 for digit in colour[1:])
    channels = [int(digits[i : i + 2], 16) / 255 for i in (0, 2, 4)]
    linear = [c / 12.92 if c <= 0.04045 else ((c + 0.055) / 1.055) ** 2.4 for c in channels]
    return 0.2126 * linear[0] + 0.7152 * linear[1] + 0.0722 * linear[2]


def test_samples_show_each_outcome() -> None:
    outcomes = {r.outcome for r in (samples.conformant(), samples.not_conformant(), samples.unjudged())}
    assert outcomes == set(Outcome)
