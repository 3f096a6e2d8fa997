"""Finds out what was given, file by file, and reads it."""

import json
import sys
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import replace
from pathlib import Path
from typing import IO, Any, Final

from simulator.capture.reading.har_reader import read_har
from simulator.capture.reading.journal_reader import take_entry, take_report
from simulator.capture.reading.text_reader import TextReader
from simulator.capture.reading.times import time_in_name
from simulator.capture.secrets.redaction import Redactor
from simulator.capture.secrets.relabelling import Labels
from simulator.capture.sightings import Capture, CaptureError, Sighting
from simulator.core.instants import Instant
from simulator.harness.plain_text import beginning

STDIN: Final = "-"

TEXT_MAX: Final = 64 * 1024 * 1024
"""Bytes of one text; only a HAR, which is read in parts, may be longer."""

FILES_MAX: Final = 10_000
_LOOKED_AT: Final = 4096

_EXPECTED: Final = (
    "give it what dcos backup show or list printed, a HAR, curl's output, or a journal"
)


def read_inputs(given: Sequence[str], redactor: Redactor) -> Capture:
    """Read files, folders and standard input (``-``) into one capture.

    The redactor learns the secrets in it, and takes none of them out.

    Raises:
        CaptureError: when there is nothing to read, or nothing of use in it.
    """
    capture = Capture()
    files = list(_files(given))
    times = _times(files)
    if len(times) == len(files):
        files.sort(key=lambda file: times[file])
    empty: list[str] = []
    for file in files:
        before = len(capture.sightings)
        problem = _read_file(file, times.get(file), capture, redactor)
        count = len(capture.sightings) - before
        if count:
            answers = "1 answer" if count == 1 else f"{count} answers"
            capture.inputs.append(f"{_name(file)}: {answers}")
        else:
            empty.append(problem)
    if not capture.sightings:
        raise CaptureError(empty[0] if len(empty) == 1 else _nothing_in(empty))
    capture.notes += [f"{problem}; it was left out" for problem in empty]
    if len(set(times.values())) > 1:
        by = "their names" if _from_names(files) else "when they were last changed"
        capture.notes.append(f"the times of the files were taken from {by}, as UTC")
    return capture


def _nothing_in(problems: Sequence[str]) -> str:
    return f"none of {len(problems)} files is of use; the first: {problems[0]}"


def _files(given: Sequence[str]) -> Iterator[str]:
    """Yield every file that was named, those of folders in the order of their names."""
    for each in given:
        try:
            yield from [each] if each == STDIN else _files_of(each)
        except OSError as error:
            raise CaptureError(f"{beginning(each)}: cannot be read: {error.strerror}") from None


def _files_of(name: str) -> Iterator[str]:
    path = Path(name)
    if not path.is_dir():
        if not path.exists():
            raise CaptureError(f"{name}: there is no such file")
        yield name
        return
    inside = sorted(
        file for file in path.rglob("*") if file.is_file() and not file.name.startswith(".")
    )
    if not inside:
        raise CaptureError(f"{name}: the folder holds no file; {_EXPECTED}")
    if len(inside) > FILES_MAX:
        raise CaptureError(f"{name}: holds more than {FILES_MAX} files; name some")
    yield from map(str, inside)


def _times(files: Sequence[str]) -> dict[str, Instant]:
    """Return when each of several files was written; of one alone that tells nothing."""
    paths = [file for file in files if file != STDIN]
    if len(paths) < 2:  # noqa: PLR2004 - one alone
        return {file: at for file in paths if (at := time_in_name(Path(file).name)) is not None}
    if _from_names(files):
        return {file: at for file in paths if (at := time_in_name(Path(file).name)) is not None}
    changed = {file: Instant(Path(file).stat().st_mtime_ns) for file in paths}
    return changed if len(set(changed.values())) > 1 else {}


def _from_names(files: Iterable[str]) -> bool:
    paths = [file for file in files if file != STDIN]
    return bool(paths) and all(time_in_name(Path(file).name) is not None for file in paths)


def _name(file: str) -> str:
    return "standard input" if file == STDIN else Path(file).name


def _read_file(file: str, at: Instant | None, capture: Capture, redactor: Redactor) -> str:
    """Read one file; returns why there is nothing of use in it, if so."""
    try:
        if file == STDIN:
            return _read_stream(sys.stdin.buffer, STDIN, at, capture, redactor)
        with Path(file).open("rb") as stream:
            return _read_stream(stream, file, at, capture, redactor)
    except OSError as error:
        raise CaptureError(f"{file}: cannot be read: {error.strerror}") from None


def _read_stream(
    stream: IO[bytes], file: str, at: Instant | None, capture: Capture, redactor: Redactor
) -> str:
    name = _name(file)
    begin = stream.read(_LOOKED_AT)
    if not begin.strip():
        return f"{name}: is empty"
    if _is_har(begin):
        count = read_har(_Rejoined(begin, stream), name, capture, redactor)  # type: ignore[arg-type] # all that is used of a file
        return "" if count else f"{name}: the HAR holds no request to the backup service"
    data = begin + stream.read(TEXT_MAX + 1 - len(begin))
    if len(data) > TEXT_MAX:
        return (
            f"{name}: is longer than {TEXT_MAX // 1024 // 1024} MB, and no HAR, which alone may "
            "be; cut out the part in question"
        )
    return _read_text(_decoded(data), name, at, capture, redactor)


def _read_text(
    text: str, name: str, at: Instant | None, capture: Capture, redactor: Redactor
) -> str:
    if "\x00" in text:
        return f"{name}: is no text; {_EXPECTED}"

    def known(value: dict[str, Any], source: str) -> bool:
        return take_entry(value, source, capture, redactor) or take_report(
            value, source, capture, redactor
        )

    reader = TextReader(capture, redactor, known)
    notes = len(capture.notes)
    if reader.read(text, name, at):
        return ""
    broken = capture.notes[notes:]
    del capture.notes[notes:]
    if broken:
        return broken[0].removesuffix("; nothing of it was used")
    if reader.holds_other_json:
        return f"{name}: holds JSON, but no backup of DC/OS (an object with id and status)"
    return f"{name}: holds nothing of a backup service; {_EXPECTED}"


def _is_har(begin: bytes) -> bool:
    start = begin.lstrip(b"\xef\xbb\xbf \t\r\n")
    return start.startswith(b"{") and b'"log"' in start[:200]


def _decoded(data: bytes) -> str:
    """Decode a text; PowerShell writes UTF-16, with a mark in front."""
    if data[:2] in {b"\xff\xfe", b"\xfe\xff"}:
        return data.decode("utf-16", errors="replace")
    return data.decode("utf-8-sig", errors="replace")


class _Rejoined:
    """A stream of which a beginning has been looked at."""

    def __init__(self, begin: bytes, rest: IO[bytes]) -> None:
        self._begin = begin.lstrip(b"\xef\xbb\xbf")
        self._rest = rest

    def read(self, size: int = -1) -> bytes:
        """Read on; may return less than asked for."""
        if not self._begin:
            return self._rest.read(size)
        if not size:
            return b""  # asked only to see what is read: bytes
        given, self._begin = self._begin, b""
        return given


# --- taking secrets out --------------------------------------------------------------------------


def without_secrets(capture: Capture, redactor: Redactor) -> Capture:
    """Return a capture with everything rewritten that the redactor takes for a secret."""
    _study(capture, redactor)
    labels = Labels(capture, redactor)
    return Capture(
        sightings=[_clean_sighting(seen, labels, redactor) for seen in capture.sightings],
        turns=[
            replace(
                turn,
                backup_id=labels.backup_id(turn.backup_id),
                component=redactor.key(turn.component),
                error=redactor.text(turn.error),
            )
            for turn in capture.turns
        ],
        happenings=[
            replace(each, action={verb: redactor.text(on) for verb, on in each.action.items()})
            for each in capture.happenings
        ],
        start=capture.start,
        inputs=[redactor.name(line) for line in capture.inputs],
        notes=[redactor.name(line) for line in (*capture.notes, *_notes(labels))],
    )


def _study(capture: Capture, redactor: Redactor) -> None:
    """Let the redactor learn from everything, before anything is rewritten."""
    for seen in capture.sightings:
        for text in (seen.body, seen.content_type, seen.retry_after, seen.location):
            redactor.study(text)
        redactor.learn_body(seen.body)
        redactor.study_value(seen.backups)
        redactor.study_name(seen.argument)
    for turn in capture.turns:
        redactor.study(turn.error)
    for happening in capture.happenings:
        for on in happening.action.values():
            redactor.study(on)
    for line in (*capture.inputs, *capture.notes):
        redactor.study_name(line)


def _clean_sighting(seen: Sighting, labels: Labels, redactor: Redactor) -> Sighting:
    shown = None
    if seen.backups is not None:
        shown = tuple(_encodable(labels.document(document)) for document in seen.backups)
    return replace(
        seen,
        source=redactor.name(seen.source),
        argument=labels.argument(seen.operation, seen.argument),
        backups=shown,
        body=_encodable(redactor.text(seen.body)),
        content_type=redactor.text(seen.content_type),
        retry_after=redactor.text(seen.retry_after),
        location=redactor.text(seen.location),
    )


def _encodable(value: Any) -> Any:  # noqa: ANN401 - JSON
    """Return a value without halves of characters, which JSON can hold and no file can."""
    written = json.dumps(value, ensure_ascii=False)
    try:
        written.encode()
    except UnicodeEncodeError:
        return json.loads(written.encode(errors="replace"))
    return value


def _notes(labels: Labels) -> Iterator[str]:
    if labels.neutral:
        yield (
            "a label that holds a name would be none any more with another name in it: "
            "label-1 and the like stand for such"
        )
