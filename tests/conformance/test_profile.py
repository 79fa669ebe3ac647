from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

import pytest
import yaml
from hypothesis import given
from hypothesis import strategies as st

from conformance import catalogue, contract, profile
from conformance.call import Absent, Call
from conformance.profile import ProfileError
from conformance.vendors import VENDORS
from tests.conformance.targets import ENVIRON, TOKEN, calls, json_values, places, put, sections

if TYPE_CHECKING:
    from pathlib import Path

    from conformance.vendor import Target


@pytest.fixture(scope="module")
def file(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tmp_path_factory.mktemp("profiles") / "profile.yaml"


def load(file: Path, text: str, environ: dict[str, str] | None = None) -> dict[str, Target]:
    """Every target of a profile, as a run would make them."""
    file.write_text(text, encoding="utf-8", errors="surrogateescape")
    loaded = profile.load(file, VENDORS)
    return {
        vendor.key: vendor.target(
            contract.load(
                vendor.contract,
                loaded.sections[vendor.key].get("revision", vendor.revision),
                catalogue.load(vendor.contract).operation,
            ),
            loaded.sections[vendor.key],
            ENVIRON if environ is None else environ,
        )
        for vendor in VENDORS
        if vendor.key in loaded.sections
    }


def test_the_template_is_a_profile_of_every_vendor(file: Path) -> None:
    targets = load(file, profile.template(VENDORS))
    assert set(targets) == {vendor.key for vendor in VENDORS}
    assert profile.load(file, VENDORS).answer_seconds == 10
    for vendor in VENDORS:
        assert targets[vendor.key].contract.revision == vendor.revision


def test_the_template_says_what_the_contracts_examples_say(file: Path) -> None:
    """It names the vendors' documented identifiers: only Nortech's window is another."""
    for target in load(file, profile.template(VENDORS)).values():
        for name, call in calls(target).items():
            example = target.contract.examples[name]
            assert {**call.body, "timeWindow": None} == {**example, "timeWindow": None}, name


def test_a_vendor_that_the_profile_does_not_name_is_not_judged(file: Path) -> None:
    assert set(load(file, yaml.safe_dump({"nortech": sections()["nortech"]}))) == {"nortech"}


@given(st.data(), json_values)
def test_a_profile_with_a_broken_entry_is_refused_by_its_place_or_taken_and_never_crashes(
    file: Path, data: st.DataObject, value: Any
) -> None:
    document = {"answer_seconds": 5, **sections()}
    steps = data.draw(st.sampled_from([place for place in places(document) if place]))
    broken = put(document, steps, data.draw(st.sampled_from([value, Absent.BODY])))
    text = yaml.safe_dump(broken, allow_unicode=True)
    try:
        targets = load(file, text)
    except ProfileError as error:
        message = str(error)
    else:
        for target in targets.values():
            for name, start in target.starts().items():
                if isinstance(start, Call):
                    assert target.contract.body_violations(start.body) == [], name
        return
    # A missing entry is told at what it is missing from.
    assert any(str(step) in message for step in steps[-2:]), message


@given(st.text() | st.binary(max_size=40).map(lambda b: b.decode("utf-8", "surrogateescape")))
def test_any_other_text_is_refused_by_the_name_of_the_file(file: Path, text: str) -> None:
    with pytest.raises(ProfileError, match=r"profile\.yaml"):
        load(file, text)


@pytest.mark.parametrize(
    "text, words",
    [
        ("", "expected liverig or nortech at the top"),
        ("- a\n", "expected liverig or nortech"),
        ("answer_seconds: 3\n", "expected liverig or nortech"),
        ("a: [\n", "is not YAML: line 2, column 1: "),
        ("a: !!python/object:os.system {}\n", "is not YAML"),
        ("nortech: !!binary aGVsbG8=\n", "at nortech: .* is neither text"),
        ("nortech: {1: 2}\n", "at nortech: 1 is neither text"),
        ("nortech: &a [*a]\n", "nested too deeply"),
        ("nortech: {? [1, 2] : 3}\n", "is not YAML"),
        ("nortech: " + "[" * 1500, "nested too deeply"),
        ("nortech: !!timestamp 2021-99-99\n", "cannot be read"),
        ("nortech: " + "9" * 5000 + "\n", "cannot be read"),
        ("2021-01-01: 1\nnortech: 1\n", "at the top.*2021-01-01"),
    ],
)
def test_what_no_profile_can_be_is_refused_in_words(file: Path, text: str, words: str) -> None:
    with pytest.raises(ProfileError, match=words) as caught:
        load(file, text)
    assert str(file) in str(caught.value)


@pytest.mark.parametrize(
    "place, value, words",
    [
        (("answer_seconds",), 0, "answer_seconds"),
        (("answer_seconds",), float("inf"), "at answer_seconds: inf is neither"),
        (("unknown",), {}, "unknown"),
        (("liverig", "revision"), "newest", "liverig/revision"),
        (("liverig", "unknown"), 1, "at liverig: .*unknown"),
        (("liverig", "source"), Absent.BODY, "at liverig: .*source"),
        (("liverig", "rig"), 2, "liverig/rig: 2 is no string, which the revision 'current' asks for"),
        (("liverig", "source"), "x" * 257, "liverig: .*breaks the contract .*/source"),
        (("liverig", "source"), "Example OPC server", "liverig/source_of_other_protocol"),
        (("liverig", "time_log", "start"), "yesterday", "liverig/time_log/start"),
        (("liverig", "time_log", "start"), 1704337200000, "liverig/time_log: start .* before end"),
        (("liverig", "time_log", "end"), 10**15, "liverig/time_log/end: .*greater than"),
        (("liverig", "depth_log", "start"), 100, "liverig/depth_log/start"),
        (("liverig", "depth_log", "start"), "1000", "liverig/depth_log: start 1000 .* before end 200"),
        (("liverig", "auth", "kind"), "digest", "liverig/auth/kind"),
        (("liverig", "auth"), {}, "liverig/auth: .*kind"),
        (("liverig", "auth"), {"kind": "basic"}, "liverig/auth: .*user_env"),
        (("liverig", "auth"), {"kind": "session", "cookie_env": "A"}, "liverig/auth: .*csrf_env"),
        (
            ("liverig", "auth"),
            {"kind": "bearer", "token_env": "T", "user_env": "U"},
            "liverig/auth: .*user_env",
        ),
        (("liverig", "auth"), {"kind": "none", "token_env": "T"}, "liverig/auth: .*token_env"),
        (("nortech", "signals"), [], "nortech/signals"),
        (("nortech", "signals"), [{"id": 1}, {"id": 1}], "nortech/signals: an id stands there twice"),
        (("nortech", "signals"), [{"id": 1, "unit": "U"}], "nortech/signals/0"),
        (("nortech", "window", "start"), "yesterday", "nortech/window/start: 'yesterday' is no ISO 8601"),
        (("nortech", "window", "start"), "2021-09-01T00:00:00", "nortech/window/start: .*with an offset"),
        (("nortech", "window", "start"), "2021-09-01 00:00:00+00:00", "nortech"),
        (("nortech", "window", "end"), "2021-09-01T00:00:00Z", "nortech/window: start .* before end"),
        (("nortech", "window_without_data"), {"start": "2021-09-01T00:00:00Z"}, "window_without_data: .*end"),
        (("nortech", "token_env"), Absent.BODY, "at nortech: .*token_env"),
    ],
)
def test_a_broken_entry_is_told_by_its_place_and_what_was_expected(
    file: Path, place: tuple[str, ...], value: Any, words: str
) -> None:
    with pytest.raises(ProfileError, match=words):
        load(file, yaml.safe_dump(put(sections(), place, value)))


def test_every_broken_entry_is_told_at_once(file: Path) -> None:
    broken = put(put(sections(), ("liverig", "rig"), []), ("nortech", "signals"), 1)
    with pytest.raises(ProfileError) as caught:
        load(file, yaml.safe_dump(broken))
    assert len(str(caught.value).splitlines()) == 2


def test_an_instant_needs_no_quotes(file: Path) -> None:
    document = sections()
    text = yaml.safe_dump({"nortech": {**document["nortech"], "window": None}}).replace(
        "window: null", "window: {start: 2021-09-01T00:00:00.000Z, end: 2021-09-01T00:10:00.000Z}"
    )
    (target,) = load(file, text).values()
    assert calls(target)["byId"].body["timeWindow"] == document["nortech"]["window"]


def test_a_secret_in_place_of_the_name_of_its_variable_is_not_shown(file: Path) -> None:
    broken = put(sections(), ("nortech", "token_env"), "my-secret-token")
    with pytest.raises(ProfileError, match="nortech/token_env: is not the name of an env") as caught:
        load(file, yaml.safe_dump(broken))
    assert "my-secret-token" not in str(caught.value)


BASIC = {"kind": "basic", "user_env": "LIVERIG_USER", "password_env": "LIVERIG_PASSWORD"}
SESSION = {"kind": "session", "cookie_env": "LIVERIG_COOKIE", "csrf_env": "LIVERIG_CSRF"}
BEARER = {"kind": "bearer", "token_env": "LIVERIG_TOKEN"}


@pytest.mark.parametrize("auth", [BASIC, SESSION, BEARER])
def test_each_secret_that_is_not_set_is_told_by_its_variable_and_its_place(
    file: Path, auth: dict[str, str]
) -> None:
    text = yaml.safe_dump({"liverig": sections()["liverig"] | {"auth": auth}})
    variables = {place: name for place, name in auth.items() if place.endswith("_env")}
    complete = dict.fromkeys(variables.values(), "value")
    assert load(file, text, complete)["liverig"].secrets == complete
    for place, name in variables.items():
        for environ in (complete | {name: ""}, {k: v for k, v in complete.items() if k != name}):
            with pytest.raises(ProfileError, match=f"liverig/auth/{place} .* {name}, which is not set"):
                load(file, text, environ)


@pytest.mark.parametrize(
    "auth, headers",
    [
        ({"kind": "none"}, {}),
        (BASIC, {"Authorization": "Basic dsO8OmE6Yg=="}),
        (SESSION, {"Cookie": "JSESSIONID=cookie", "x-csrf-token": "csrf"}),
        (BEARER, {"Authorization": "Bearer token"}),
    ],
)
def test_credentials_are_sent_in_the_way_that_the_profile_names(
    file: Path, auth: dict[str, str], headers: dict[str, str]
) -> None:
    environ = {
        "LIVERIG_USER": "vü",
        "LIVERIG_PASSWORD": "a:b",
        "LIVERIG_COOKIE": "cookie",
        "LIVERIG_CSRF": "csrf",
        "LIVERIG_TOKEN": "token",
    }
    text = yaml.safe_dump({"liverig": sections()["liverig"] | {"auth": auth}})
    for call in calls(load(file, text, environ)["liverig"]).values():
        assert call.headers == {"Content-Type": "application/json", **headers}


@pytest.mark.parametrize(
    "value", [TOKEN + "\n", TOKEN + "\r\n", " " + TOKEN, "a\nX-Evil: 1", "a\x00b", "tök€n", "a\x7fb"]
)
def test_a_secret_that_no_header_can_carry_is_refused_without_being_shown(file: Path, value: str) -> None:
    text = yaml.safe_dump({"nortech": sections()["nortech"]})
    with pytest.raises(ProfileError, match="HISTDATA_NORTECH_TOKEN") as caught:
        load(file, text, {"HISTDATA_NORTECH_TOKEN": value})
    assert value not in str(caught.value)
    assert TOKEN not in str(caught.value)


def test_a_user_with_a_colon_is_refused(file: Path) -> None:
    text = yaml.safe_dump({"liverig": sections()["liverig"] | {"auth": BASIC}})
    with pytest.raises(ProfileError, match="LIVERIG_USER, which holds a colon"):
        load(file, text, {"LIVERIG_USER": "a:b", "LIVERIG_PASSWORD": "c"})


def test_a_file_that_cannot_be_read_is_named(tmp_path: Path) -> None:
    for missing, words in ((tmp_path / "none.yaml", "no such file.*init"), (tmp_path, "is a folder")):
        with pytest.raises(ProfileError, match=words) as caught:
            profile.load(missing, VENDORS)
        assert str(missing) in str(caught.value)


def test_the_sections_schemas_are_json_schemas() -> None:
    for vendor in VENDORS:
        assert json.dumps(profile.section_schema(vendor))
