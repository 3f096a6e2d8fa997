import pytest

from simulator.core.versions import checked_version, major_and_minor


@pytest.mark.parametrize(
    ("version", "expected"), [("1.10", (1, 10)), ("1.9.4", (1, 9)), ("2.2.10", (2, 2))]
)
def test_versions_compare_as_numbers(version: str, expected: tuple[int, int]) -> None:
    """1.9 comes before 1.10."""
    assert major_and_minor(version) == expected


@pytest.mark.parametrize("text", ["", "1", "1.", "v1.13", "1.13.0.1", "1.x", "1.13\n", "1.\u0663"])
def test_what_is_no_version_is_refused(text: str) -> None:
    """With a sentence that says how to write one."""
    with pytest.raises(ValueError, match="is not a version of DC/OS; write one like"):
        checked_version(text)
