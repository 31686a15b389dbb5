"""How long a text message is, what a number is, and what a gateway's receipt says."""

import json
from datetime import UTC, datetime, timedelta
from urllib.parse import urlencode

import pytest
from hypothesis import given
from hypothesis import strategies as st

from notifications.channels import PermanentFailure
from notifications.channels.sms import (
    Outcome,
    Receipt,
    UnreadableReceipt,
    international,
    is_signed,
    read_receipt,
    segments,
    signed,
)


@pytest.mark.parametrize(
    ("text", "parts"),
    [
        ("", 1),
        ("å" * 160, 1),
        ("å" * 161, 2),
        ("å" * 306, 2),
        ("å" * 307, 3),
        ("€" * 80, 1),
        ("€" * 81, 2),
        ("€" * 152, 2),  # 76 of them in each part: no sign is cut in two
        ("€" * 153, 3),
        ("ل" * 70, 1),
        ("ل" * 71, 2),
        ("😀" * 35, 1),
        ("😀" * 36, 2),
        ("😀" * 66, 2),
        ("😀" * 67, 3),
    ],
)
def test_parts_are_counted_as_phones_count_them(text: str, parts: int) -> None:
    """3GPP TS 23.038 and 23.040: 160 or 153 places of seven bits, 70 or 67 of sixteen."""
    assert segments(text) == parts


@given(st.text(), st.text())
def test_a_longer_text_never_takes_fewer_parts(text: str, more: str) -> None:
    assert segments(text + more) >= segments(text)


@pytest.mark.parametrize(
    "number",
    ["070-174 06 35", "0701740635", "+46701740635", "+46 (0)70 174 06 35", "0046701740635", "070\u2013174\u00a006 35"],
)
def test_a_national_number_is_a_swedish_one(number: str) -> None:
    assert international(number) == "+46701740635"


def test_a_foreign_number_stays_foreign() -> None:
    assert international("+358 40 123 4567") == "+358401234567"


@pytest.mark.parametrize(
    "number", ["", "0", "112", "asa@example.se", "+0701740635", "0701740635 eller 08-1", "+4670" * 5]
)
def test_what_is_no_number_is_refused_without_a_word_of_it(number: str) -> None:
    with pytest.raises(PermanentFailure) as refused:
        international(number)
    assert str(refused.value) == "number"


HOW = {
    "id": "message.id",
    "key": "reference",
    "outcome": "status",
    "code": "error",
    "delivered": ["DELIVRD"],
    "not_delivered": ["UNDELIV", "EXPIRED"],
}
JSON = {"Content-Type": "application/json"}


def said(**fields: object) -> bytes:
    return json.dumps({"message": {"id": "m-1"}, "reference": "key", **fields}).encode()


def test_a_receipt_says_what_became_of_which_message() -> None:
    delivered = read_receipt(HOW, said(status="DELIVRD"), JSON)
    assert delivered == Receipt("m-1", "key", Outcome.DELIVERED, "DELIVRD")
    failed = read_receipt(HOW, said(status="EXPIRED", error=27), JSON)
    assert failed == Receipt("m-1", "key", Outcome.NOT_DELIVERED, "27")


def test_a_receipt_may_be_a_form() -> None:
    form = {"content-type": "application/x-www-form-urlencoded; charset=utf-8"}
    body = urlencode({"reference": "key", "status": "UNDELIV"}).encode()
    assert read_receipt(HOW, body, form) == Receipt(None, "key", Outcome.NOT_DELIVERED, "UNDELIV")


def test_a_message_that_is_on_its_way_is_no_news() -> None:
    assert read_receipt(HOW, said(status="BUFFERED"), JSON) is None


def test_a_code_is_short_and_plain_or_it_is_none() -> None:
    receipt = read_receipt(HOW, said(status="UNDELIV", error="+46701740635 is not in service"), JSON)
    assert receipt == Receipt("m-1", "key", Outcome.NOT_DELIVERED, "")


@pytest.mark.parametrize(
    "body", [b"", b"nonsense", b"[]", b"\xff", b'"DELIVRD"', b'{"status": "DELIVRD"}', b"[" * 100_000, said()]
)
def test_what_is_no_receipt_is_refused(body: bytes) -> None:
    with pytest.raises(UnreadableReceipt):
        read_receipt(HOW, body, JSON)


@given(st.binary(), st.sampled_from([JSON, {"Content-Type": "application/x-www-form-urlencoded"}, {}]))
def test_nothing_that_is_sent_breaks_the_reading(body: bytes, headers: dict[str, str]) -> None:
    try:
        read_receipt(HOW, body, headers)
    except UnreadableReceipt:
        return


NOW = datetime(2026, 11, 23, 12, 0, tzinfo=UTC)
STAMP = str(int(NOW.timestamp()))
BODY = said(status="DELIVRD")
SIGNATURE = signed("secret", STAMP, BODY)


def test_a_signature_is_what_other_tools_make() -> None:
    """``printf '0.' | openssl dgst -sha256 -hmac secret``"""
    assert signed("secret", "0", b"") == "3445798a051818ef95def46c2eb62b43d377ce6e3c29b4d0aec3da0e59577f79"


def test_who_knows_the_secret_is_believed_for_five_minutes() -> None:
    assert is_signed("secret", STAMP, BODY, SIGNATURE, now=NOW)
    for late in (timedelta(minutes=5), timedelta(minutes=-5)):
        assert is_signed("secret", STAMP, BODY, SIGNATURE, now=NOW + late)
        assert not is_signed("secret", STAMP, BODY, SIGNATURE, now=NOW + late * 1.01)


@pytest.mark.parametrize(
    ("secret", "stamp", "body", "signature"),
    [
        ("another", STAMP, BODY, SIGNATURE),
        ("", STAMP, BODY, signed("", STAMP, BODY)),
        ("secret", str(int(STAMP) + 1), BODY, SIGNATURE),
        ("secret", STAMP, BODY + b" ", SIGNATURE),
        ("secret", STAMP, BODY, SIGNATURE[:-1]),
        ("secret", STAMP, BODY, ""),
        ("secret", STAMP, BODY, "å"),
        ("secret", "now", BODY, SIGNATURE),
        ("secret", "9" * 400, BODY, SIGNATURE),
        ("secret", "٣", BODY, SIGNATURE),
    ],
)
def test_nobody_else_is_believed(secret: str, stamp: str, body: bytes, signature: str) -> None:
    assert not is_signed(secret, stamp, body, signature, now=NOW)
