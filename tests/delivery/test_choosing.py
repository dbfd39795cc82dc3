"""Each form offers only what would work, and starts at what is in use."""

import pytest

from chatledger.delivery import choosing
from chatledger.errors import UsageError
from chatledger.models import ZohoField
from chatledger.settings import SyncSettings


def field(name, kind="text", **more):
    given = {
        "label": name.replace("_", " "), "length": 100, "read_only": False, "creatable": True, "updatable": True,
        "mandatory": False, "unique": False,
    }  # fmt: skip
    return ZohoField(api_name=name, data_type=kind, **(given | more))


LEADS = (
    field("Mobile", "phone"),
    field("Phone", "phone"),
    field("Shown_Phone", "phone", creatable=False),
    field("Last_Name", mandatory=True),
    field("Company", mandatory=True),
    field("Lead_Source", "picklist", pick_list=("Web", "TimelinesAI")),
    field("Site", "website"),
    field("Total", "currency"),
    field("Formula", read_only=True),
)


def offered(form):
    return {question.name: question.options for question in form.questions}


def initial(form):
    return {question.name: question.initial for question in form.questions}


def test_number_goes_into_phone_fields_that_can_be_written_and_the_name_into_texts():
    form = choosing.ask_fields("Leads", LEADS, SyncSettings())

    assert offered(form) == {"phone_field": ("Mobile", "Phone"), "name_field": ("Company", "Last_Name")}
    assert initial(form) == {"phone_field": "Mobile", "name_field": "Last_Name"}


def test_chat_link_and_lead_source_may_be_left_out_and_never_take_the_fields_of_number_and_name():
    form = choosing.ask_optional_fields("Leads", LEADS, SyncSettings())

    assert offered(form) == {
        "chat_link_field": ("(none)", "Company", "Site"), "lead_source_field": ("(none)", "Company", "Lead_Source"),
    }  # fmt: skip
    assert set(initial(form).values()) == {"(none)"}


def test_converted_leads_can_only_stop_where_contacts_have_no_phone_field():
    form = choosing.ask_conversion((field("Last_Name"),), SyncSettings())

    assert offered(form) == {"converted": ("stop",)}


def test_converted_leads_may_go_on_with_a_phone_field_that_is_only_read():
    form = choosing.ask_conversion((field("Shown_Phone", "phone", creatable=False),), SyncSettings())

    assert offered(form) == {"converted": ("continue", "stop"), "converted_phone_field": ("Shown_Phone",)}


def test_fields_that_zoho_demands_have_to_be_answered():
    by_name = {one.api_name: one for one in LEADS}

    text, choice = choosing.ask_mandatory(["Company", "Lead_Source"], by_name, SyncSettings()).questions

    assert (text.initial, text.options) == (None, ())
    assert choice.options == ("Web", "TimelinesAI")


def test_labels_are_shown_where_people_know_a_field_by_another_name():
    form = choosing.ask_fields("Leads", (*LEADS, field("Field_7", "phone", label="Celular")), SyncSettings())

    assert "| `Field_7` | Celular |" in form.text
    assert "Mobile" not in form.text


def test_answers_become_settings():
    before = SyncSettings(chat_link_field="Site", fixed_fields={"Company": "WhatsApp"})

    after = choosing.settings_from(before, {"chat_link_field": "(none)", "lead_source_field": "Lead_Source"})

    assert (after.chat_link_field, after.lead_source_field, after.fixed_fields) == (
        None,
        "Lead_Source",
        {"Company": "WhatsApp"},
    )


def test_fixed_fields_of_another_module_are_forgotten():
    before = SyncSettings(fixed_fields={"Company": "WhatsApp"})

    assert choosing.settings_from(before, {"target_module": "Contacts"}).fixed_fields == {}


def test_fixed_field_gives_way_to_a_field_that_is_filled():
    before = SyncSettings(fixed_fields={"Company": "WhatsApp"})

    assert choosing.settings_from(before, {"name_field": "Company"}).fixed_fields == {}


def test_one_field_cannot_take_link_and_source():
    with pytest.raises(UsageError, match="both"):
        choosing.settings_from(SyncSettings(), {"chat_link_field": "Company", "lead_source_field": "Company"})


@pytest.mark.parametrize("first", [True, False])
def test_when_messages_count_is_asked_before_the_first_activation_only(first):
    form = choosing.ask_activation("", first=first)

    assert ("messages" in offered(form)) is first
    assert initial(form)["decision"] == choosing.LEAVE
