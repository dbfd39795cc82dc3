"""Keys, aliases and written forms: what is the same subscriber, and above all what is not."""

import random
from itertools import combinations

import phonenumbers
import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from chatledger.errors import UsageError
from chatledger.phones import alias_key, chat_phone_key, masked, phone_key, phone_keys, written_form

REGIONS = sorted(phonenumbers.SUPPORTED_REGIONS)

# Everything in front of the last eight digits of a mobile, per country; no two of a row can be the same subscriber.
BEFORE_THE_LAST_EIGHT = {
    "CO": ("+5730", "+5731", "+5732", "+5735"),
    "BR": ("+55119", "+55219", "+55319", "+55419", "+55559", "+55859"),
    "MX": ("+5255", "+5233", "+5281", "+5299"),
    "AR": ("+54911", "+549351", "+549341"),
    "ES": ("+346", "+347", "+349"),
    "PT": ("+3519",),
    "US": ("+121", "+130", "+141", "+171"),
    "CL": ("+569",),
    "PE": ("+519",),
    "EC": ("+5939",),
    "VE": ("+5841", "+5842"),
    "PY": ("+5959",),
    "BO": ("+591",),
    "CR": ("+506",),
    "GT": ("+502",),
    "PA": ("+507",),
    "GB": ("+4474", "+4475", "+4477", "+4479"),
    "DE": ("+49151", "+49152", "+49160", "+49170"),
    "FR": ("+336", "+337"),
    "IT": ("+3932", "+3933", "+3934"),
    "IN": ("+9170", "+9180", "+9198"),
    "RU": ("+790", "+791", "+792"),
    "CN": ("+86131", "+86138", "+86159"),
    "AU": ("+614",),
    "ZA": ("+277", "+278"),
    "NG": ("+23480", "+23481"),
    "TR": ("+9053", "+9054"),
    "JP": ("+8170", "+8180", "+8190"),
    "DK": ("+45",),
    "SG": ("+65",),
}


def same_last_eight(seed):
    last_eight = "".join(random.Random(seed).choices("0123456789", k=8))
    return [front + last_eight for fronts in BEFORE_THE_LAST_EIGHT.values() for front in fronts]


@pytest.mark.parametrize("seed", range(40))
def test_numbers_that_share_their_last_eight_digits_are_never_the_same(seed):
    written = same_last_eight(seed)
    keys = {number: phone_key(number, "CO") for number in written}
    read = [key for key in keys.values() if key]

    assert len(read) > 40
    assert all(key in {None, number} for number, key in keys.items())
    assert len({alias_key(key) for key in read}) == len(read)


@pytest.mark.parametrize("seed", range(10))
def test_a_national_spelling_never_matches_another_countrys_number_with_the_same_ending(seed):
    written = same_last_eight(seed)
    for region, fronts in BEFORE_THE_LAST_EIGHT.items():
        code = str(phonenumbers.country_code_for_region(region))
        for front in fronts:
            number = front + written[0][-8:]
            others = {alias_key(other) for other in written if other != number}
            key = phone_key(number.removeprefix(f"+{code}"), region)
            assert key is None or alias_key(key) not in others


ALIASES = [
    ("+5511987654321", "+551187654321"),
    ("+5585991234567", "+558591234567"),
    ("+555596123456", "+5555996123456"),
    ("+5215512345678", "+525512345678"),
    ("+5491123456789", "+541123456789"),
    ("+5493516123456", "+543516123456"),
]


@pytest.mark.parametrize(("one", "other"), ALIASES)
def test_old_and_new_forms_of_a_mobile_are_aliases_but_not_equal(one, other):
    assert phone_key(one, "CO") == one
    assert phone_key(other, "CO") == other
    assert alias_key(one) == alias_key(other)


NOT_ALIASES = [
    ("+551134567890", "+5511934567890"),  # a landline has no ninth digit
    ("+551123456789", "+5511923456789"),
    ("+551145678901", "+5511945678901"),
    ("+551156789012", "+5511956789012"),
    ("+5511987654321", "+5521987654321"),  # another area
    ("+551187654321", "+552187654321"),
    ("+552087654321", "+5520987654321"),  # no area 20
    ("+52155123456", "+5255123456"),  # too short for a Mexican mobile
    ("+5215512345678", "+15512345678"),
    ("+5491123456789", "+5491123456788"),
    ("+573001234567", "+13001234567"),
    ("+3491234567", "+91234567"),
]


@pytest.mark.parametrize(("one", "other"), NOT_ALIASES)
def test_numbers_that_only_look_alike_are_no_aliases(one, other):
    assert alias_key(one) != alias_key(other)


def test_an_alias_of_an_alias_is_the_same_alias():
    for pair in ALIASES + NOT_ALIASES:
        for key in pair:
            assert alias_key(alias_key(key)) == alias_key(key)


def test_aliases_of_two_keys_are_equal_only_within_the_three_known_countries():
    keys = ["+34612345678", "+573001234567", "+12125550123", "+56987654321", "+442079460958"]
    assert [alias_key(key) for key in keys] == keys


@pytest.mark.parametrize("national", ["11 15 2345-6789", "011 15-2345-6789", "+54 11 15 2345 6789", "+54 9 11 15 2345 6789"])
def test_the_argentine_fifteen_is_the_nine(national):
    assert phone_key(national, "AR") == "+5491123456789"


CHATS = [
    ("573001234567@s.whatsapp.net", "+573001234567", "+573001234567"),
    ("573001234567@c.us", None, "+573001234567"),
    ("573001234567:12@s.whatsapp.net", "", "+573001234567"),
    ("551187654321@s.whatsapp.net", "+5511987654321", "+551187654321"),
    ("5215512345678@s.whatsapp.net", None, "+5215512345678"),
    ("3001234567@s.whatsapp.net", "3001234567", None),  # a jid is international, never national
    ("236974988349577@lid", "+236974988349577", None),
    ("573001234567@lid", "+573001234567", None),
    ("0@s.whatsapp.net", "+0", None),
    ("0@s.whatsapp.net", "+573001234567", None),
    ("12345@s.whatsapp.net", "+12345", None),
    ("120363041234567890@g.us", "", None),
    ("573001234567-1600000000@g.us", None, None),
    ("status@broadcast", None, None),
    ("120363041234567890@newsletter", None, None),
    ("", "+573001234567", "+573001234567"),
    ("", "573001234567", "+573001234567"),
    ("", "3001234567", None),
    ("", "+0", None),
    ("", "", None),
    ("", None, None),
]


@pytest.mark.parametrize(("jid", "phone", "expected"), CHATS)
def test_the_number_of_a_chat_comes_from_its_jid(jid, phone, expected):
    assert chat_phone_key(jid, phone, "CO") == expected


TWO_NUMBERS = (
    "+57 300 1234567 / +57 310 7654321",
    "300 1234567 / 310 7654321",
    "300 123 4567, 310 765 4321",
    "Cel 300 123 4567 ext 2; Cel 310 765 4321",
    "+573001234567+573107654321",
    "300 1234567\n310 7654321\n300 1234567",
)


@pytest.mark.parametrize("field", TWO_NUMBERS)
def test_all_numbers_of_a_field_are_found_in_order_each_once(field):
    assert phone_keys(field, "CO") == ("+573001234567", "+573107654321")


def test_what_is_written_never_cuts_a_number():
    assert written_form("+573001234567", None) == written_form("+573001234567", 13) == "+573001234567"
    with pytest.raises(UsageError, match="12 characters"):
        written_form("+573001234567", 12)


def test_a_refusal_does_not_tell_the_number():
    with pytest.raises(UsageError) as refusal:
        written_form("+573001234567", 5)
    assert "4567" not in str(refusal.value)


def test_a_log_shows_the_last_three_digits_only():
    assert masked("+573001234567") == "…567"


PHONE_LIKE = st.text(st.sampled_from("0123456789+ ()-./,;:#x@\u00a0\u200e"), max_size=24)
WITH_A_CODE = st.builds(
    lambda mark, code, zeros, rest: f"{mark}{code}{zeros}{rest}",
    st.sampled_from(["+", "00", "", "011"]),
    st.sampled_from(sorted(phonenumbers.COUNTRY_CODE_TO_REGION_CODE)),
    st.sampled_from(["", "0", "(0)", "00", "1", "01", "9"]),
    st.text("0123456789", min_size=4, max_size=13),
)


@settings(max_examples=1500, deadline=None)
@given(raw=st.one_of(st.text(max_size=60), PHONE_LIKE, WITH_A_CODE), region=st.sampled_from(REGIONS))
@example(raw="\ud800", region="CO")
@example(raw="+" * 100, region="CO")
@example(raw="1" * 10_000, region="US")
@example(raw="+8520092404429", region="VU")
@example(raw="+0" * 60, region="IT")
def test_any_text_gives_stable_keys_and_never_raises(raw, region):
    for key in phone_keys(raw, region):
        assert phone_key(key, region) == key
        assert phone_key(key, "CO") == key
        assert phone_key(written_form(key, 30), region) == key
        assert key[0] == "+"
        assert 7 <= len(key[1:]) <= 15
        assert key[1:].isdecimal()
        alias = alias_key(key)
        assert phone_key(alias, region) == alias == alias_key(alias)


@settings(max_examples=300, deadline=None)
@given(region=st.text(max_size=4))
def test_an_unknown_region_still_reads_international_numbers(region):
    assert phone_key("+573001234567", region) == "+573001234567"


@settings(max_examples=300, deadline=None)
@given(jid=st.text(max_size=40), phone=st.none() | st.text(max_size=20))
def test_a_chat_never_raises_and_a_lid_never_has_a_key(jid, phone):
    chat_phone_key(jid, phone, "CO")
    assert chat_phone_key(f"{jid}@lid", phone, "CO") is None


def test_no_two_aliases_of_a_corpus_meet_by_chance():
    keys = [phone_key(number, "CO") for seed in range(3) for number in same_last_eight(seed)]
    distinct = sorted({key for key in keys if key})
    assert not [pair for pair in combinations(distinct, 2) if alias_key(pair[0]) == alias_key(pair[1])]
