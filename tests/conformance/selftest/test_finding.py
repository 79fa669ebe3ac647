"""A finding's commands, run by a shell against the same server, show the same again."""

from __future__ import annotations

import os
import shutil
import subprocess
from typing import TYPE_CHECKING

import pytest
import yaml

from conformance import catalogue, contract, plan, profile, run
from conformance.budget import Limits
from conformance.selftest import runner
from conformance.selftest.gateway import running
from conformance.transport import Transport
from conformance.vendors import VENDORS
from conformance.verdict import Verdict

if TYPE_CHECKING:
    from conformance.selftest.runner import Subject

ENVIRON = {"HISTDATA_NORTECH_TOKEN": "histdata-demo-token"}
BY_NAME = {subject.name: subject for subject in runner.subjects()}
# A missing member, a wrong type, a query, a header, a cross-field rule, a body that is no JSON.
SHOWN = [
    "liverig-current-fault-query-instance-optional",
    "liverig-current-fault-rig-takes-number",
    "liverig-current-fault-content-type-xml-taken",
    "nortech-documented-fault-no-token-403",
    "nortech-documented-fault-window-inverted",
    "nortech-documented-fault-mixture-object-first",
    "nortech-current-fault-nan",
]


def _status(command: str) -> int:
    shown = subprocess.run(
        ["/bin/sh", "-c", command],
        env={"PATH": os.environ["PATH"], **ENVIRON},
        capture_output=True,
        timeout=30,
        check=True,
    )
    return int(shown.stdout.split()[1])


@pytest.mark.skipif(shutil.which("curl") is None, reason="there is no curl on the path")
@pytest.mark.parametrize("subject", [BY_NAME[name] for name in SHOWN], ids=SHOWN)
def test_the_commands_of_a_finding_show_the_fault_and_its_accepted_twin(subject: Subject) -> None:
    vendor = next(v for v in VENDORS if v.contract == subject.contract)
    section = yaml.safe_load(profile.template(VENDORS))[vendor.key] | {"revision": subject.revision}
    book = catalogue.load(subject.contract)
    judged = contract.load(subject.contract, subject.revision, book.operation)
    target = vendor.target(judged, section, ENVIRON)
    revisions = {vendor.key: subject.revision}
    with (
        running(subject.variant.make, revisions, lambda _: None) as url,
        Transport(url, Limits(1000, 1000), target.secrets) as transport,
    ):
        planned = plan.make(target, book.of(subject.revision), generated=0)
        result = run.run(planned, transport, book.schemas, run.Setting(1, 10, 0), lambda *_: None)
        findings = [
            finding
            for judgement in result.judgements
            if judgement.verdict in (Verdict.FAIL, Verdict.WARN)
            for finding in judgement.findings
        ]

        assert findings
        for finding in findings:
            assert finding.difference is not None
            assert finding.twin_curl is not None
            assert "histdata-demo-token" not in finding.curl + finding.twin_curl
            assert _status(finding.twin_curl) == 200
            assert _status(finding.curl) == int(finding.actual.split()[0])
