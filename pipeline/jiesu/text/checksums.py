"""Check digits: GB 11643-1999 for citizens' ID numbers, ISO/IEC 7812-1 (Luhn) for bank cards."""

from __future__ import annotations

from datetime import date

_WEIGHTS = (7, 9, 10, 5, 8, 4, 2, 1, 6, 3, 7, 9, 10, 5, 8, 4, 2)
_CHECK = "10X98765432"
# First two digits of GB/T 2260: provinces, Taiwan, Hong Kong, Macao; 83: residence permits.
_PROVINCES = (
    *("11", "12", "13", "14", "15", "21", "22", "23", "31", "32", "33", "34", "35", "36", "37"),
    *("41", "42", "43", "44", "45", "46", "50", "51", "52", "53", "54", "61", "62", "63", "64"),
    *("65", "71", "81", "82", "83", "91"),
)
_DOUBLED = (0, 2, 4, 6, 8, 1, 3, 5, 7, 9)


def _is_date(year: str, month: str, day: str) -> bool:
    try:
        date(int(year), int(month), int(day))
    except ValueError:
        return False
    return True


def id_check_digit(first17: str) -> str:
    """Return the check character of an 18-digit ID number, `0`-`9` or `X` (GB 11643-1999)."""
    total = sum(int(digit) * weight for digit, weight in zip(first17, _WEIGHTS, strict=True))
    return _CHECK[total % 11]


def is_id_number(number: str) -> bool:
    """Say whether a number is a citizen's ID: 18 with its check digit, or an old one of 15.

    Both must open with a province code and hold a real date of birth.
    """
    if number[:2] not in _PROVINCES:
        return False
    if len(number) == 18:
        year = number[6:10]
        born = "1890" <= year <= "2099" and _is_date(year, number[10:12], number[12:14])
        return born and id_check_digit(number[:17]) == number[17].upper()
    return len(number) == 15 and _is_date("19" + number[6:8], number[8:10], number[10:12])


def is_luhn(number: str) -> bool:
    """Say whether the last of a number's digits is its Luhn check digit."""
    digits = [int(digit) for digit in reversed(number)]
    return (sum(digits[::2]) + sum(_DOUBLED[digit] for digit in digits[1::2])) % 10 == 0
