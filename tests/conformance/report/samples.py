"""Run results to report on: one that could have happened, and a strategy for all that could be built."""

from __future__ import annotations

from hypothesis import strategies as st

from conformance import catalogue
from conformance.catalogue import Backing, Level, Requirement
from conformance.verdict import (
    ContractResult,
    Evidence,
    Finding,
    Judgement,
    RunResult,
    Sign,
    Verdict,
    fold,
)

TARGET = "http://127.0.0.1:4010"
LIVERIG = "liverig-backlog-sync"
NORTECH = "nortech-historical-data-sync"
VOLATILE: dict[str, object] = {
    "started": "2026-11-21T05:29:46+00:00",
    "seconds": 7.25,
    "versions": {"histdata": "0.1.0", "python": "3.11.7"},
}

ACCEPTED_WITHOUT_SOURCE = Finding(
    case="body without /source",
    expected="a rejection: any 4xx, or 200 with a string `failure` and no `success` (L13)",
    actual='200 {"success": "02a7533a-fa69-46fc-9441-7592b9b9cb2a"}',
    curl=(
        f"curl -sS -i -X POST -H 'Content-Type: application/json' --data-raw "
        '\'{"rigName": "RIG02", "wells": {"Energistics-well-0001": {"Energistics-w1-wellbore-0001": {"logs": '
        '[{"uid": "Energistics-w1-wb1-log-0002", "indexType": "date time"}]}}}, "start": 1704250800000, '
        '"end": 1704337200000}\' '
        f"'{TARGET}/services/plugin-liverig/collectors/backlog-sync/request?qualifier=qualifier&instance=instance'"
    ),
    difference="the member /source is left out",
    twin_curl=(
        f"curl -sS -i -X POST -H 'Content-Type: application/json' --data-raw "
        '\'{"source": "Example WITSML server", "rigName": "RIG02", "wells": {"Energistics-well-0001": '
        '{"Energistics-w1-wellbore-0001": {"logs": [{"uid": "Energistics-w1-wb1-log-0002", "indexType": '
        '"date time"}]}}}, "start": 1704250800000, "end": 1704337200000}\' '
        f"'{TARGET}/services/plugin-liverig/collectors/backlog-sync/request?qualifier=qualifier&instance=instance'"
    ),
)
STACK_TRACE = Finding(
    case="body of an unclosed object",
    expected="a status from 400 to 499",
    actual=(
        "500 text/html\n<html><head><title>500</title><script>alert(document.domain)</script></head>\n"
        "<body><h1>NullPointerException</h1>\n\tat com.example.liverig.Sync.request(Sync.java:84)"
        "\x1b[31m\u202e</body></html>"
    ),
    curl=(
        f"curl -sS -i -X POST -H 'Content-Type: application/json' --data-raw '{{' "
        f"'{TARGET}/services/plugin-liverig/collectors/backlog-sync/request?qualifier=qualifier&instance=instance'"
    ),
)
SCHEME_CASE = Finding(
    case="scheme bearer",
    expected="the answer that the accepted twin got",
    actual='401 {"status": "Unauthorized"}',
    curl=(
        "curl -sS -i -X POST -H \"Authorization: bearer $NORTECH_TOKEN\" -H 'Content-Type: application/json' "
        f"--data-raw '{{\"signals\": [1]}}' {TARGET}/api/v1/historical-data/sync"
    ),
    difference="the scheme is written `bearer` instead of `Bearer`",
)


def contract(
    contract_id: str,
    revision: str,
    broken: dict[str, tuple[Finding, ...]] | None = None,
    unknown: dict[str, str] | None = None,
    *,
    accepted: int = 24,
    cut_short: str | None = None,
) -> ContractResult:
    """Judge every requirement of the real catalogue: kept, but for the ones that are named here."""
    judgements = []
    for number, requirement in enumerate(catalogue.load(contract_id).of(revision)):
        if findings := (broken or {}).get(requirement.id):
            evidence = [Evidence(requirement.id, Sign.BROKEN, finding=finding) for finding in findings]
        elif note := (unknown or {}).get(requirement.id):
            evidence = [Evidence(requirement.id, Sign.UNKNOWN, note)]
        elif requirement.level is Level.MAY:
            evidence = [Evidence(requirement.id, Sign.SEEN, "accepted with status 200")]
        else:
            evidence = [Evidence(requirement.id, Sign.KEPT)] * (1 + number % 7)
        judgements.append(fold(requirement, evidence))
    facts = catalogue.load(contract_id).facts
    return ContractResult(contract_id, revision, tuple(judgements), accepted, cut_short, facts=facts)


def run(*contracts: ContractResult, requests: int = 412) -> RunResult:
    """Put contracts together to a run of the demo's target."""
    return RunResult(TARGET, 20261121, "standard", contracts, requests, VOLATILE)


def conformant() -> RunResult:
    """Both contracts, kept throughout."""
    return run(contract(LIVERIG, "current"), contract(NORTECH, "documented"))


def not_conformant() -> RunResult:
    """A run with every verdict in it, and answers that try to break out of a report."""
    liverig = contract(
        LIVERIG,
        "current",
        {"LR-BODY-01": (ACCEPTED_WITHOUT_SOURCE, STACK_TRACE), "LR-BODY-03": (STACK_TRACE,)},
    )
    nortech = contract(
        NORTECH,
        "documented",
        {"NT-AUTH-04": (SCHEME_CASE,)},
        {"NT-SIGNALS-01": "the accepted twin was answered with 503; add a window with data to the profile"},
    )
    return run(liverig, nortech)


def unjudged() -> RunResult:
    """A target that accepts nothing, so nothing it refuses proves anything."""
    must = [q.id for q in catalogue.load(LIVERIG).of("current") if q.level is Level.MUST]
    note = "no request was accepted: check `source`, `rig` and `logs` in the profile"
    return run(contract(LIVERIG, "current", {}, dict.fromkeys(must, note), accepted=0), requests=31)


# Text as a hostile target might send it: markup, escapes, controls, lone surrogates, far planes.
HOSTILE = (
    "<script>alert(1)</script>",
    "</pre></details><img src=x onerror=alert(1)>",
    '" onmouseover="alert(1)',
    "' autofocus onfocus='alert(1)",
    "]]><x/>&lt;&#x3c;&amp;",
    "<!-- --> <![CDATA[ </style></title><base href=//evil>",
    "{{ 7 * 7 }}{% raw %}[bold red]x[/]",
    "`<b>`code`</b>`",
    "\x00\x07\x1b[2J\x1b]0;title\x07\x7f\x85\u2028",
    "\u202eesrever\u2066\ufeff\ufffe\uffff",
    "\ud800 \udfff\ud83d",
    "line\r\nline\n\n\ttab",
    "日本語 \U0001f600\u0301",
    "",
)
texts = st.one_of(
    st.sampled_from(HOSTILE),
    st.text(st.characters(exclude_categories=()), max_size=40),
    st.lists(st.sampled_from(HOSTILE), min_size=2, max_size=3).map("".join),
)
findings = st.builds(
    Finding,
    case=texts,
    expected=texts,
    actual=texts,
    curl=texts,
    difference=st.none() | texts,
    twin_curl=st.none() | texts,
)
ids = st.builds(
    "{}-{}-{:02}".format,
    st.sampled_from(["LR", "NT"]),
    st.sampled_from(["BODY", "AUTH", "ANSWER"]),
    st.integers(1, 99),
)


@st.composite
def judgements(draw: st.DrawFn, requirement_ids: st.SearchStrategy[str] = ids) -> Judgement:
    verdict = draw(st.sampled_from(Verdict))
    untested = draw(texts) if verdict is Verdict.SKIPPED else None
    level = {
        Verdict.FAIL: st.just(Level.MUST),
        Verdict.WARN: st.just(Level.SHOULD),
        Verdict.OBSERVED: st.just(Level.MAY),
        Verdict.PASS: st.sampled_from([Level.MUST, Level.SHOULD]),
    }.get(verdict, st.sampled_from(Level))
    requirement = Requirement(
        draw(requirement_ids),
        draw(level),
        draw(st.sampled_from(Backing)),
        tuple(draw(st.lists(st.sampled_from(["L1", "L8", "N10"]), unique=True))),
        ("current",),
        draw(texts),
        check=None if untested is not None else "change",
        untested=untested,
    )
    broken = verdict in {Verdict.FAIL, Verdict.WARN}
    return Judgement(
        requirement,
        verdict,
        draw(st.integers(1 if broken else 0, 500)),
        tuple(draw(st.lists(findings, min_size=1, max_size=2))) if broken else (),
        tuple(draw(st.lists(texts, max_size=2))),
    )


contract_results = st.builds(
    ContractResult,
    contract=texts,
    revision=texts,
    judgements=st.lists(judgements(), max_size=4, unique_by=lambda j: j.requirement.id).map(tuple),
    accepted=st.integers(0, 60),
    cut_short=st.none() | texts,
)
volatiles: st.SearchStrategy[dict[str, object]] = st.fixed_dictionaries(
    {},
    optional={
        "started": texts,
        "seconds": st.floats(),
        "latencies": st.dictionaries(texts, st.floats() | st.none() | st.lists(st.integers()), max_size=2),
        "anything": st.binary(max_size=4),
    },
)
run_results = st.builds(
    RunResult,
    target=texts,
    seed=st.integers(),
    depth=st.sampled_from(["smoke", "standard", "thorough"]),
    contracts=st.lists(contract_results, max_size=2).map(tuple),
    requests=st.integers(0, 2000),
    volatile=volatiles,
)
