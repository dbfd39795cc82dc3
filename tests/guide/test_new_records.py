"""A chat that no record knows becomes a record of the target module."""

from chatledger.phones import phone_key
from tests.stage import ANA, LAURA, NUMBER, OTHER_NUMBER

CLIENTS = {
    "target_module": "WhatsApp_Clients", "phone_field": "WhatsApp_Number", "name_field": "Name",
    "chat_link_field": "Chat_Link", "lead_source_field": "Source", "fixed_fields": {},
}  # fmt: skip
CHAT_OF_EACH_COUNTRY = ("573001112233", "5491123456789", "5511987654321", "5215512345678", "14155552671", "4915112345678")


def test_chat_nobody_knows_becomes_a_record_of_the_target_module_with_the_message_as_note(stage):
    stage.activate()
    stage.receive("hola, busco un taller", name="Ana Ruiz")

    stage.tick()

    (lead,) = stage.leads()
    (note,) = stage.notes()
    assert note["parent"] == {"module": "Leads", "id": lead["id"]}
    assert "hola, busco un taller" in note["Note_Content"]
    assert stage.records("Contacts") == []


def test_new_record_holds_name_number_chat_link_and_lead_source_in_the_chosen_fields(stage):
    stage.activate(phone_field="Phone", name_field="Description", fixed_fields={"Company": "Tienda", "Last_Name": "-"})
    chat_id = stage.timelines.receive_message("hola", phone=ANA, name="Ana Ruiz")["chat_id"]

    stage.tick()

    (lead,) = stage.leads()
    assert (lead["Description"], lead["Phone"]) == ("Ana Ruiz", ANA)
    assert lead["WhatsApp_Chat"] == f"{stage.timelines_url}/chat/{chat_id}/messages/"
    assert lead["Lead_Source"] == "TimelinesAI"
    assert lead.get("Mobile") is None


def test_chat_link_and_lead_source_stay_empty_when_no_field_is_chosen_for_them(stage):
    stage.activate(chat_link_field=None, lead_source_field=None)
    stage.receive()

    stage.tick()

    (lead,) = stage.leads()
    assert (lead.get("WhatsApp_Chat"), lead.get("Lead_Source")) == (None, None)


def test_fixed_fields_are_filled_in_every_new_record(stage):
    stage.activate(fixed_fields={"Company": "Por definir", "Lead_Status": "Not Contacted"})
    stage.receive()

    stage.tick()

    (lead,) = stage.leads()
    assert (lead["Company"], lead["Lead_Status"]) == ("Por definir", "Not Contacted")


def test_custom_module_can_be_the_target(stage):
    stage.activate(**CLIENTS)
    stage.receive("hola", name="Ana Ruiz")

    stage.tick()

    (client,) = stage.records("WhatsApp_Clients")
    assert (client["Name"], client["WhatsApp_Number"], client["Source"]) == ("Ana Ruiz", ANA, "TimelinesAI")
    assert client["Chat_Link"].startswith("http")
    assert client["Owner"]["id"] == LAURA
    (note,) = stage.notes(client["id"])
    assert note["parent"]["module"] == "WhatsApp_Clients"
    assert stage.leads() == []


def test_custom_module_matches_by_its_own_phone_field(stage):
    known = stage.zoho.add_record("WhatsApp_Clients", {"Name": "Ana", "WhatsApp_Number": "300 111 22 33"})
    stage.activate(**CLIENTS)
    stage.receive()

    stage.tick()

    assert [client["id"] for client in stage.records("WhatsApp_Clients")] == [known]
    assert len(stage.notes(known)) == 1


def test_settings_for_converted_records_act_only_where_the_target_is_leads(stage):
    stage.zoho.add_record("Contacts", {"Last_Name": "Ana", "Phone": ANA})
    stage.activate(**CLIENTS)
    stage.receive()

    stage.tick()

    assert len(stage.records("WhatsApp_Clients")) == 1


def test_number_written_into_a_record_reads_back_as_the_chats_number(stage):
    stage.activate()
    for digits in CHAT_OF_EACH_COUNTRY:
        stage.receive(phone=None, jid=f"{digits}@s.whatsapp.net")

    stage.tick()

    written = [lead["Mobile"] for lead in stage.leads()]
    assert {phone_key(number, "CO") for number in written} == {f"+{digits}" for digits in CHAT_OF_EACH_COUNTRY}


def test_name_longer_than_its_field_is_shortened_at_a_whole_character(stage):
    stage.activate()
    stage.receive(name="Ana María 👩‍👩‍👧 " * 20)

    stage.tick()

    (lead,) = stage.leads()
    assert len(lead["Last_Name"].encode("utf-16-le")) // 2 <= 80
    assert lead["Last_Name"].startswith("Ana María 👩‍👩‍👧 Ana María")
    assert lead["Last_Name"].endswith("…")


def test_contact_without_a_name_is_called_by_the_number(stage):
    stage.activate()
    stage.receive(name="\u200b ")

    stage.tick()

    (lead,) = stage.leads()
    assert lead["Last_Name"] == ANA


def test_message_we_send_first_creates_the_record_too(stage):
    stage.activate(create_on="any")
    stage.receive("buenas, le escribimos del taller", from_me=True)

    stage.tick()

    (lead,) = stage.leads()
    assert lead["Mobile"] == ANA
    assert len(stage.notes(lead["id"])) == 1


def test_outgoing_messages_wait_for_the_first_incoming_one_when_the_rule_is_incoming(stage):
    stage.activate(create_on="incoming")
    ours = stage.receive("buenas, ¿sigue interesada?", from_me=True)

    stage.tick()

    assert stage.leads() == []
    assert (stage.message(ours).outcome, stage.message(ours).reason) == ("skipped", "outgoing_only")

    stage.receive("sí, claro")
    stage.tick()

    (lead,) = stage.leads()
    (note,) = stage.notes(lead["id"])
    assert note["Note_Content"].index("¿sigue interesada?") < note["Note_Content"].index("sí, claro")
    assert stage.message(ours).outcome == "synced"


def test_incoming_message_on_one_connected_number_takes_up_what_was_sent_from_another(stage):
    stage.activate(create_on="incoming")
    stage.receive("le escribimos desde el sur", from_me=True, account=OTHER_NUMBER)
    stage.tick()
    stage.receive("hola", account=NUMBER)

    summary = stage.tick()

    (lead,) = stage.leads()
    texts = "\n".join(note["Note_Content"] for note in stage.notes(lead["id"]))
    assert "le escribimos desde el sur" in texts
    assert "hola" in texts
    assert summary["state"] == "completed"


def test_outgoing_message_reaches_a_record_that_is_there_even_when_the_rule_is_incoming(stage):
    known = stage.zoho.add_record("Leads", {"Last_Name": "Ana", "Mobile": ANA})
    stage.activate(create_on="incoming")
    stage.receive("buenas", from_me=True)

    stage.tick()

    assert len(stage.notes(known)) == 1


def test_automations_of_the_crm_run_on_what_is_created(stage):
    stage.activate(run_automations=True)
    stage.receive()

    stage.tick()

    (lead,) = stage.leads()
    assert [run["operation"] for run in stage.zoho.workflow if run["id"] == lead["id"]] == ["create"]


def test_no_automation_runs_on_a_new_record_when_they_are_switched_off(stage):
    stage.activate(run_automations=False)
    stage.receive()

    stage.tick()

    assert len(stage.leads()) == 1
    assert [run for run in stage.zoho.workflow if run["module"] == "Leads"] == []


def test_one_person_on_two_connected_numbers_becomes_one_record(stage):
    stage.activate()
    stage.receive("a la sede norte", account=NUMBER)
    stage.receive("a la sede sur", account=OTHER_NUMBER)

    stage.tick()

    (lead,) = stage.leads()
    assert len(stage.notes(lead["id"])) == 2


def test_unique_number_field_names_the_record_that_a_web_form_made_meanwhile(stage):
    stage.zoho.add_field("Leads", {"api_name": "Phone_E164", "data_type": "text", "unique": {"case_sensitive": False}})
    known = stage.zoho.add_record("Leads", {"Last_Name": "Del formulario", "Phone_E164": ANA})
    stage.activate(unique_phone_field="Phone_E164")
    stage.receive(phone=ANA)
    stage.receive(phone="+573004445566")

    stage.tick()

    fresh = [lead for lead in stage.leads() if lead["id"] != known]
    assert [lead["Phone_E164"] for lead in fresh] == ["+573004445566"]
    assert len(stage.notes(known)) == 1
    assert stage.leads()[0]["Last_Name"] == "Del formulario"
