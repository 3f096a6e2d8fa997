"""Faults that change what is shown of the backups, and nothing of the backups themselves."""

import json
from collections.abc import Callable, Iterator
from http.client import HTTPMessage
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from simulator.core.cluster import ClusterSpec, ExistingBackup
from simulator.core.instants import Duration
from simulator.service.fake_cluster import FakeCluster

Answer = tuple[int, HTTPMessage, bytes]
Ask = Callable[..., Answer]
Listed = Callable[..., list[dict[str, Any]]]

HOUR = 3_600_000_000_000


@pytest.fixture
def fake() -> Iterator[FakeCluster]:
    """Return a cluster with three ready backups."""
    backups = tuple(
        ExistingBackup(label=label, age=Duration(age * HOUR))
        for label, age in (("weekly", 3), ("nightly", 2), ("nightly-2", 1))
    )
    with FakeCluster(ClusterSpec(backups=backups)) as cluster:
        yield cluster


@pytest.fixture
def labels(listed: Listed) -> Callable[..., list[str]]:
    """Return how to read the labels that a list shows."""

    def labels(cluster: FakeCluster, query: str = "") -> list[str]:
        return [str(each["id"])[:-37] for each in listed(cluster, query)]

    return labels


Labels = Callable[..., list[str]]


# --- stale ---------------------------------------------------------------------------------------


def shown_at(fake: FakeCluster, listed: Listed, moments: list[str]) -> list[list[object]]:
    """Let time pass, and return the statuses that are listed at each moment."""
    found = []
    for moment in moments:
        fake.clock.advance(moment)
        found.append([each["status"] for each in listed(fake)])
    return found


def test_a_stale_list_shows_what_was(ask: Ask, listed: Listed) -> None:
    """Exactly so long ago: a change is seen that much later, to the nanosecond."""
    running, ready = "STATUS_BACKING_UP", "STATUS_READY"
    with FakeCluster() as fake:
        fake.faults.add(on="list", do={"stale": "10s"})
        ask(fake, "POST", "/create", {"label": "nightly"})
        before = shown_at(fake, listed, ["0s", "9.999999999s", "1ns"])
        after = shown_at(fake, listed, ["29.999999999s", "1ns", "1h"])
    assert before == [[], [], [running]]
    assert after == [[running], [ready], [ready]]


def test_a_stale_list_knows_several_changes_of_one_advance(ask: Ask, listed: Listed) -> None:
    """Each at its own time, though no request came between them."""
    with FakeCluster() as fake:
        fake.on_create().backing_up("5s", shown_as="A").backing_up("5s", shown_as="B")
        for age in (11, 8, 3):
            fake.faults.add(on="list", do={"stale": f"{age}s"}, times=1)
        ask(fake, "POST", "/create", {"label": "nightly"})
        assert shown_at(fake, listed, ["12s", "0s", "0s", "0s"]) == [
            ["A"],
            ["A"],
            ["B"],
            ["STATUS_READY"],
        ]


def test_a_stale_list_still_has_what_is_deleted(
    fake: FakeCluster, ask: Ask, labels: Labels
) -> None:
    """And has a prefix like any other."""
    fake.faults.add(on="list", do={"stale": "10s"})
    fake.clock.advance("20s")
    ask(fake, "DELETE", "/delete", {"id": next(iter(fake.backups))})
    fake.clock.advance("9s")
    assert labels(fake) == ["weekly", "nightly", "nightly-2"]
    assert labels(fake, "?prefix=weekly") == ["weekly"]
    fake.clock.advance("1s")
    assert labels(fake) == ["nightly", "nightly-2"]


def test_a_stale_list_from_before_the_start_shows_the_start(
    fake: FakeCluster, ask: Ask, labels: Labels
) -> None:
    """The cluster has always been so."""
    fake.faults.add(on="list", do={"stale": "36500d"})
    ask(fake, "POST", "/create", {"label": "new"})
    assert labels(fake) == ["weekly", "nightly", "nightly-2"]


# --- other backups -------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("do", "expected"),
    [
        ({"hide": "nightly"}, ["weekly", "nightly-2"]),
        ({"hide": "nightly*"}, ["weekly"]),
        ({"hide": "*"}, []),
        ({"hide": "monthly"}, ["weekly", "nightly", "nightly-2"]),
        ({"twice": "nightly"}, ["weekly", "nightly", "nightly", "nightly-2"]),
        ({"twice": "*-2"}, ["weekly", "nightly", "nightly-2", "nightly-2"]),
        ({"order": "reversed"}, ["nightly-2", "nightly", "weekly"]),
        ({"strangers": "theirs"}, ["weekly", "nightly", "nightly-2", "theirs"]),
        ({"strangers": "a", "count": 2}, ["weekly", "nightly", "nightly-2", "a", "a"]),
    ],
)
def test_a_list_holds_other_backups(
    do: object, expected: list[str], fake: FakeCluster, labels: Labels
) -> None:
    """As often as the rule says, and then again what there is."""
    fake.faults.add(on="list", do=do, times=2)
    whole = ["weekly", "nightly", "nightly-2"]
    assert [labels(fake) for _ in range(3)] == [expected, expected, whole]


def test_a_shuffled_list_is_shuffled_the_same_way_each_time(listed: Listed) -> None:
    """The same backups in another order, whatever the prefix."""
    backups = tuple(ExistingBackup(label=f"bak{number}") for number in range(20))
    with FakeCluster(ClusterSpec(backups=backups)) as fake:
        plain = listed(fake)
        fake.faults.add(on="list", do={"order": "shuffled"})
        first, second, some = listed(fake), listed(fake), listed(fake, "?prefix=bak1")
    assert first == second != plain
    assert sorted(each["id"] for each in first) == sorted(each["id"] for each in plain)
    assert some == [each for each in first if each["id"].startswith("bak1")]


def test_strangers_have_ids_of_their_own_that_stay(fake: FakeCluster, listed: Listed) -> None:
    """And come where a prefix asks for them only."""
    fake.faults.add(on="list", do={"strangers": "nightly", "count": 3})
    ours = set(fake.backups)
    first, second = listed(fake), listed(fake)
    theirs = [each for each in first if each["id"] not in ours]
    assert (first, len({each["id"] for each in theirs})) == (second, 3)
    assert {each["status"] for each in theirs} == {"STATUS_READY"}
    assert len(listed(fake, "?prefix=nightly")) == 2 + 3
    assert len(listed(fake, "?prefix=weekly")) == 1
    assert listed(fake, f"?prefix={theirs[1]['id']}") == [theirs[1]]


def test_a_list_may_hold_ten_thousand_strangers(fake: FakeCluster, listed: Listed) -> None:
    """Each with its own id."""
    fake.faults.add(on="list", do={"strangers": "theirs", "count": 10_000})
    assert len({each["id"] for each in listed(fake)}) == 10_003


def test_a_stranger_cannot_be_restored(fake: FakeCluster, ask: Ask, listed: Listed) -> None:
    """It is shown, and that is all."""
    fake.faults.add(on="list", do={"strangers": "theirs"})
    stranger = listed(fake)[-1]["id"]
    status, _, body = ask(fake, "POST", "/restore", {"id": stranger})
    assert (status, b"does not exist" in body) == (400, True)


def test_several_faults_work_on_one_list_in_their_order(fake: FakeCluster, labels: Labels) -> None:
    """What one has hidden the next cannot show twice."""
    fake.faults.add(on="list", do={"hide": "weekly"}, also=True)
    fake.faults.add(on="list", do={"twice": "*"}, also=True)
    fake.faults.add(on="list", do={"strangers": "theirs"}, also=True)
    fake.faults.add(on="list", do={"order": "reversed"})
    assert labels(fake) == ["theirs", "nightly-2", "nightly-2", "nightly", "nightly"]


# --- other values --------------------------------------------------------------------------------


def edited(fake: FakeCluster, listed: Listed, **edit: object) -> list[dict[str, Any]]:
    """Return a list under one edit."""
    fake.faults.add(on="list", do=edit, times=1)
    return listed(fake)


@pytest.mark.parametrize(
    ("written", "value"),
    [
        ("STATUS_PAUSED", "STATUS_PAUSED"),
        (None, None),
        ("null", None),
        ("true", True),
        (7, 7),
        ("7.5", 7.5),
        ('"7"', "7"),
        ("[]", []),
        ([1, None, "x"], [1, None, "x"]),
        ({"a": {"b": 1}}, {"a": {"b": 1}}),
        ('{"a": 1}', {"a": 1}),
        ("", ""),
        ("2019-03-18T23:16:33Z", "2019-03-18T23:16:33Z"),
        ("2019-03-19T01:16:33.123456789+02:00", "2019-03-19T01:16:33.123456789+02:00"),
        ("NaN", "NaN"),
        ("1e999", "1e999"),
    ],
)
@pytest.mark.parametrize("path", ["status", "component_status.marathon.status", "new", "new.er.y"])
def test_a_value_is_set_at_a_path(
    path: str, written: object, value: object, fake: FakeCluster, listed: Listed
) -> None:
    """Known or not, nested or not; everything else stays, and so do backups that do not fit."""
    plain = listed(fake)
    found = edited(fake, listed, edit="nightly", set={path: written})
    assert [found[0], found[2]] == [plain[0], plain[2]]
    expected = here = plain[1]
    *before, last = path.split(".")
    for key in before:
        here = here.setdefault(key, {})
    here[last] = value
    assert found[1] == expected


@pytest.mark.parametrize(
    "path", ["status", "id", "timestamp", "component_status", "component_status.marathon.status"]
)
def test_a_path_is_left_out(path: str, fake: FakeCluster, listed: Listed) -> None:
    """With all below it."""
    plain = listed(fake)
    found = edited(fake, listed, edit="*", drop=path)
    for each in plain:
        here = each
        *before, last = path.split(".")
        for key in before:
            here = here[key]
        del here[last]
    assert found == plain


@pytest.mark.parametrize("path", ["nothing", "nothing.at.all", "status.x", "component_status.x.y"])
def test_leaving_out_what_is_not_there_changes_nothing(
    path: str, fake: FakeCluster, listed: Listed
) -> None:
    """Nor is it an error."""
    plain = listed(fake)
    assert edited(fake, listed, edit="*", drop=[path]) == plain


def test_a_path_through_something_else_replaces_it(fake: FakeCluster, listed: Listed) -> None:
    """A status that was a text becomes an object."""
    found = edited(fake, listed, edit="weekly", set={"status.code": 1})
    assert found[0]["status"] == {"code": 1}


def test_several_edits_work_on_one_document(fake: FakeCluster, listed: Listed) -> None:
    """In order; one may lead into what another has set, time and again the same."""
    fake.faults.add(
        on="list", do={"edit": "weekly", "set": {"x": {}, "x.a": 1}, "drop": ["status"]}, also=True
    )
    fake.faults.add(on="list", do={"edit": "*", "set": {"x.b": 2}}, nth=[1, 3])
    found = [listed(fake)[0] for _ in range(3)]
    assert [each["x"] for each in found] == [{"a": 1, "b": 2}, {"a": 1}, {"a": 1, "b": 2}]
    assert all("status" not in each for each in found)


def test_one_backup_can_be_meant_by_its_id(fake: FakeCluster, listed: Listed) -> None:
    """Its namesakes are shown as they are."""
    first, *others = [each["id"] for each in listed(fake)]
    found = edited(fake, listed, edit=first, set={"status": "STATUS_ODD"})
    assert [each["id"] for each in found if each["status"] == "STATUS_ODD"] == [first]
    assert [each["id"] for each in listed(fake)] == [first, *others]


def test_other_answers_that_show_a_backup_are_edited_too(fake: FakeCluster, ask: Ask) -> None:
    """Those of a create and of a restore; that of a delete shows none."""
    fake.faults.add(path="*", do={"edit": "*", "set": {"status": "null"}, "drop": "timestamp"})
    answers = [
        ask(fake, "POST", "/create", {"label": "new"}),
        ask(fake, "DELETE", "/delete", {"id": next(iter(fake.backups))}),
    ]
    fake.clock.advance("30s")
    answers.append(ask(fake, "POST", "/restore", {"id": next(iter(fake.backups))}))
    assert [status for status, _, _ in answers] == [200] * 3
    assert answers[1][2] == b""
    for _, _, body in (answers[0], answers[2]):
        shown = json.loads(body)
        assert (shown["status"], "timestamp" in shown) == (None, False)


@pytest.mark.parametrize(
    "do", [{"stall": "0.001ms"}, "goodbye", {"headers": {"X": "y"}}, {"drip": "0s"}], ids=str
)
def test_an_answer_that_is_not_edited_is_the_same_to_the_byte(
    do: object, fake: FakeCluster, ask: Ask
) -> None:
    """Of a delete as well, which is empty."""
    with FakeCluster(fake._cluster.spec) as other:  # noqa: SLF001 - a twin
        fake.faults.add(on=["create", "list", "delete"], do=do)
        for method, target, body in (
            ("POST", "/create", {"label": "new"}),
            ("GET", "/list", None),
            ("DELETE", "/delete", {"id": next(iter(fake.backups))}),
        ):
            assert ask(fake, method, target, body)[2] == ask(other, method, target, body)[2]
    assert fake.journal.exchanges[-1].response_body == b""


def test_the_answer_to_a_refused_list_stays_as_it_is(fake: FakeCluster, ask: Ask) -> None:
    """There is nothing in it to show otherwise."""
    fake.faults.add(on="list", do={"hide": "*"}, also=True)
    fake.faults.add(on="list", do={"edit": "*", "drop": "id"})
    status, _, body = ask(fake, "GET", "/list?prefix=a&prefix=b")
    assert (status, b"must be given once" in body) == (400, True)


# --- and nothing of the cluster itself -----------------------------------------------------------

SHOWN: list[object] = [
    {"hide": "*"},
    {"twice": "*"},
    {"order": "reversed"},
    {"order": "shuffled"},
    {"strangers": "theirs", "count": 5},
    {"edit": "*", "set": {"status": "null", "id": "x"}, "drop": ["component_status.marathon"]},
    {"clock": "-1h"},
]


@pytest.mark.parametrize("do", SHOWN, ids=str)
def test_what_is_shown_is_not_what_is(do: object, fake: FakeCluster, ask: Ask) -> None:
    """The cluster goes on as its twin does that shows what is; the journal tells of the fault."""
    steps: list[tuple[str, str, object]] = [
        ("GET", "/list", None),
        ("POST", "/create", {"label": "new"}),
        ("GET", "/list", None),
    ]
    with FakeCluster(fake._cluster.spec) as twin:  # noqa: SLF001 - what it was made of
        use = fake.faults.add(on="list", do=do)
        for method, target, body in steps:
            for cluster in (fake, twin):
                ask(cluster, method, target, body)
                cluster.clock.advance("40s")
        assert (fake.backups, fake.apps) == (twin.backups, twin.apps)
        replies = [[each.reply for each in one.journal.exchanges] for one in (fake, twin)]
        assert replies[0] == replies[1]
    assert use.hits == 2
    assert [bool(each.fault) for each in fake.journal.exchanges] == [True, False, True]


json_values = st.recursive(
    st.none() | st.booleans() | st.integers(-1000, 1000) | st.text(max_size=5),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text("ab", min_size=1), inner),
    max_leaves=5,
)


@settings(deadline=None, derandomize=True, database=None, max_examples=40)
@given(json_values)
def test_whatever_json_is_set_is_shown(value: object) -> None:
    """Written as JSON, so that texts that look like numbers stay texts."""
    from simulator.core.faults import Edit  # noqa: PLC0415
    from simulator.service.altered import edited  # noqa: PLC0415
    from simulator.simulation import Simulation  # noqa: PLC0415

    simulation = Simulation(ClusterSpec(backups=(ExistingBackup(label="old"),)))
    use = simulation.faults.add(on="list", do={"edit": "*", "set": {"x.y": json.dumps(value)}})
    (backup,) = simulation.backups.values()
    assert isinstance(use.rule.fault, Edit)
    assert json.loads(edited([use.rule.fault], backup))["x"] == {"y": value}


@pytest.mark.parametrize(
    "do",
    [{"hide": "z*"}, {"twice": "z*"}, {"edit": "z*", "drop": "id"}, {"edit": "*", "drop": "x"}],
    ids=str,
)
def test_what_changes_nothing_has_struck_nothing(do: object, fake: FakeCluster, ask: Ask) -> None:
    """Most likely its label or its path is mistyped; the answer is as without it."""
    use = fake.faults.add(on="list", do=do, optional=True)
    ask(fake, "GET", "/list")
    assert (use.seen, use.hits) == (1, 0)
    assert fake.journal.exchanges[-1].fault == ""


def test_what_changes_nothing_leaves_the_others_alone(fake: FakeCluster, ask: Ask) -> None:
    """Beside one that strikes."""
    idle = fake.faults.add(on="list", do={"hide": "z*"}, also=True, optional=True)
    skew = fake.faults.add(on="list", do={"clock": "+1h"})
    ask(fake, "GET", "/list")
    assert (idle.hits, skew.hits) == (0, 1)
