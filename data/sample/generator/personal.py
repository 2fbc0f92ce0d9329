"""Personal data of nobody: reserved domains and number ranges, published test cards, births before 1910."""

from __future__ import annotations

import random

TEST_CARDS = (
    "4111 1111 1111 1111", "5555 5555 5555 4444", "4242 4242 4242 4242", "4012888888881881", "5105-1051-0510-5100",
    "378282246310005", "6011111111111117",
)  # fmt: skip
TEST_CARDS_ZH = ("6200000000000005", "6200 0000 0000 0047", "4111111111111111", "5555555555554444")
NAMES = (
    "anna.weber",
    "j.murphy",
    "tomek",
    "lucy-hale",
    "ravi.k",
    "m_olsen",
    "claire.d",
    "peter.braun",
    "sofia",
    "ben.ito",
)
NAMES_ZH = ("wang.lei", "lili", "zhangsan", "chen_hao", "xiaomei", "liu.yang")
_WEIGHTS = (7, 9, 10, 5, 8, 4, 2, 1, 6, 3, 7, 9, 10, 5, 8, 4, 2)


def email(rng: random.Random, language: str) -> str:
    name = rng.choice(NAMES_ZH if language == "zh" else NAMES) + rng.choice(("", str(rng.randrange(1, 99))))
    return f"{name}@{rng.choice(('example.com', 'example.org', 'mail.example.com', 'example.net'))}"


def phone(rng: random.Random) -> str:
    """Numbers set aside for fiction in Britain, the USA and Germany."""
    three = f"{rng.randrange(100, 1000)}"
    return rng.choice(
        (f"020 7946 0{three}", f"07700 900{three}", f"+44 7700 900{three}", f"(212) 555-01{three[:2]}",
         f"+1 415-555-01{three[1:]}", f"+49 30 23125 {three}", f"030 23125{three}")
    )  # fmt: skip


def mobile(rng: random.Random) -> str:
    """A Chinese mobile number around the one that documentation uses for examples."""
    tail = f"{rng.randrange(8000, 9000)}"
    return rng.choice((f"1380013{tail}", f"138 0013 {tail}", f"138-0013-{tail}", f"+86 1380013{tail}"))


def identity_card(rng: random.Random) -> str:
    """A resident identity number with a valid check digit (GB 11643), of somebody born before 1910."""
    birthday = f"{rng.randrange(1900, 1910)}{rng.randrange(1, 13):02d}{rng.randrange(1, 29):02d}"
    body = f"110101{birthday}{rng.randrange(1, 1000):03d}"
    total = sum(weight * int(digit) for weight, digit in zip(_WEIGHTS, body, strict=True))
    return body + "10X98765432"[total % 11]


def card(rng: random.Random, language: str) -> str:
    return rng.choice(TEST_CARDS_ZH if language == "zh" else TEST_CARDS)
