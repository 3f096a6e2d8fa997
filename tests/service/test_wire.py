import json

import pytest

from simulator.core.backups import Backup, Component, Restore
from simulator.core.identifiers import BackupId
from simulator.core.instants import parse_rfc3339
from simulator.core.statuses import Status
from simulator.service.wire import REMEMBERED_LISTS, Encoder, backup_document, dumps, error_body

MADE = parse_rfc3339("2019-03-18T23:16:33.265478871Z")


def a_component(status: Status = Status.READY, *, shown: str = "", error: str = "") -> Component:
    """Return a component of which clients see this."""
    return Component(
        name="marathon",
        status=status,
        shown=shown or status.value,
        error=error,
        because="a test",
        until=None,
    )


def a_restore(number: int, *components: Component) -> Restore:
    """Return a restore with these components."""
    return Restore(
        number=number,
        started=MADE,
        status=Status.READY,
        shown="STATUS_READY",
        components=components,
    )


HEALTHY = Backup(
    id=BackupId("backup3-317c19df-34e4-41a0-93c9-d66c7f307208"),
    label="backup3",
    timestamp=MADE,
    dcos_version="1.13.0",
    status=Status.READY,
    shown="STATUS_READY",
    components=(a_component(),),
)


def test_a_healthy_backup_is_the_documented_sample() -> None:
    """The whole sample of dcos-backup-show, keys in its order."""
    sample = """{
    "dcos_version": "1.13.0",
    "id": "backup3-317c19df-34e4-41a0-93c9-d66c7f307208",
    "component_status": {
        "marathon": {
            "status": "STATUS_READY"
        }
    },
    "timestamp": "2019-03-18T23:16:33.265478871Z",
    "status": "STATUS_READY"
}"""
    assert json.dumps(backup_document(HEALTHY), indent=4) == sample


def test_what_is_shown_may_differ_from_what_is() -> None:
    """A script may show clients a status that nobody documented, for the parts and the whole."""
    odd = HEALTHY._replace(shown="STATUS_ODD", components=(a_component(shown="STATUS_EVEN"),))
    document = backup_document(odd)
    assert document["status"] == "STATUS_ODD"
    assert document["component_status"] == {"marathon": {"status": "STATUS_EVEN"}}


def test_every_component_shows_in_its_order() -> None:
    """Only the one in error has an ``error``."""
    broken = a_component(Status.ERROR, error="no leader")._replace(name="zookeeper")
    document = backup_document(HEALTHY._replace(components=(broken, a_component())))
    assert list(document["component_status"].items()) == [  # type: ignore[attr-defined] # a JSON object
        ("zookeeper", {"status": "STATUS_ERROR", "error": "no leader"}),
        ("marathon", {"status": "STATUS_READY"}),
    ]


def test_restores_hold_the_latest_one() -> None:
    """An object that has ``component_status`` only."""
    first = a_restore(1, a_component(Status.ERROR, error="no leader"))
    second = a_restore(2, a_component(Status.RESTORING))
    document = backup_document(HEALTHY._replace(restores=(first, second)))
    assert document["restores"] == {
        "component_status": {"marathon": {"status": "STATUS_RESTORING"}}
    }
    assert list(document)[-1] == "restores"


@pytest.mark.parametrize(
    ("document", "encoded"),
    [
        ({"b": 1, "a": [True, None]}, b'{"b":1,"a":[true,null]}'),
        ("é", '"é"'.encode()),
        ("\ud800", b'"?"'),
        ('"\n', rb'"\"\n"'),
    ],
    ids=ascii,
)
def test_documents_are_compact_utf_8_in_their_own_order(document: object, encoded: bytes) -> None:
    """What has no UTF-8 form becomes a question mark rather than a crash."""
    assert dumps(document) == encoded


def test_an_error_body_is_a_list_of_sentences() -> None:
    """As documented, also for one."""
    assert error_body(("one", "two")) == b'{"errors":["one","two"]}'
    assert error_body(("one",)) == b'{"errors":["one"]}'


def test_a_backup_is_encoded_once_while_it_stays_the_same() -> None:
    """The very same bytes are sent again."""
    encoder = Encoder()
    assert encoder.one(HEALTHY) is encoder.one(HEALTHY)
    backups = (HEALTHY,)
    assert encoder.many("", backups) is encoder.many("", backups)


def test_a_change_is_encoded_anew() -> None:
    """Also in a list, and when it changes back."""
    encoder = Encoder()
    failed = HEALTHY._replace(status=Status.ERROR, shown="STATUS_ERROR")
    seen = [encoder.many("", (backup,)) for backup in (HEALTHY, failed, HEALTHY)]
    assert [json.loads(body)[0]["status"] for body in seen] == [
        "STATUS_READY",
        "STATUS_ERROR",
        "STATUS_READY",
    ]


def test_a_list_of_another_prefix_is_another_list() -> None:
    """Prefixes do not share what was encoded."""
    encoder = Encoder()
    assert encoder.many("", (HEALTHY,)) != encoder.many("x", ())
    assert encoder.many("x", ()) == b"[]"


def test_a_deleted_backup_is_forgotten() -> None:
    """Twice does not hurt; it can be encoded again."""
    encoder = Encoder()
    before = encoder.one(HEALTHY)
    encoder.forget(HEALTHY.id)
    encoder.forget(HEALTHY.id)
    again = encoder.one(HEALTHY)
    assert again == before
    assert again is not before


def test_lists_stay_right_however_many_prefixes_are_asked_for() -> None:
    """More than are remembered."""
    encoder = Encoder()
    for number in range(REMEMBERED_LISTS * 2 + 1):
        assert encoder.many(str(number), (HEALTHY,) * (number % 3)).count(b"backup3") == number % 3
    assert encoder.many("0", ()) == b"[]"
