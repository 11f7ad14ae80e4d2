from datetime import datetime

import pytest

from jiesu.corpus.times import comparable, iso_time


@pytest.mark.parametrize(
    ("written", "iso", "reason"),
    [
        ("2018-05-05", "2018-05-05", "a date stays a date"),
        ("2018-05-05T08:03:00", "2018-05-05T08:03:00", "ISO already"),
        ("2018-05-05 08:03:07.5", "2018-05-05T08:03:07.500000", "a database's fraction"),
        ("2018-05-05T08:03:00.123456789", "2018-05-05T08:03:00.123456", "nanoseconds are cut"),
        ("2018-05-05T08:03:00+08:00", "2018-05-05T08:03:00+08:00", "a zone is kept"),
        ("2018-05-05T00:03:00Z", "2018-05-05T00:03:00+00:00", "Zulu"),
        ("2018/5/5 8:03", "2018-05-05T08:03:00", "Excel in Chinese"),
        ("2018.5.5", "2018-05-05", "dots"),
        ("2018年5月5日", "2018-05-05", "written out"),
        ("2018年5月5日 8时3分", "2018-05-05T08:03:00", "written out with the time"),
        ("2018年5月5日 8时3分9秒", "2018-05-05T08:03:09", "to the second"),
        ("２０１８-０５-０５", "2018-05-05", "full width"),
        ("20180505", "2018-05-05", "compact"),
        ("20180505080300", "2018-05-05T08:03:00", "compact with the time"),
        ("  2018-05-05\t", "2018-05-05", "white space around"),
        ("2018-13-40", None, "no such day"),
        ("2018-05-05 25:00", None, "no such hour"),
        ("20180505549559", None, "an order number, not a time"),
        ("43225.33", None, "an Excel serial: cannot be told from a number"),
        ("昨天下午", None, "words"),
        ("", None, "nothing"),
        ("2018-05-05T08:03:00+99:00", None, "no such zone"),
    ],
)
def test_written_times(written: str, iso: str | None, reason: str) -> None:
    assert iso_time(written) == iso, reason


@pytest.mark.parametrize("iso", ["2018-05-05", "2018-05-05T08:03:00", "2018-05-05T08:03:00+08:00"])
def test_reading_twice_changes_nothing(iso: str) -> None:
    assert iso_time(iso) == iso


def test_times_of_all_zones_can_be_ordered() -> None:
    assert comparable("2018-05-05T00:30:00+00:00") == datetime(2018, 5, 5, 8, 30)
    assert comparable("2018-05-05") < comparable("2018-05-05T00:30:00+00:00")
