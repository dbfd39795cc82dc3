"""Activating: what is asked for is checked first, and what was there stays."""

import asyncio
from datetime import timedelta

import pytest

from chatledger.delivery import activation
from chatledger.errors import UsageError
from chatledger.ledger import organisations
from chatledger.settings import SyncSettings
from tests.stage import ANA, NUMBER, ORGANISATION, OTHER_NUMBER

UNUSABLE = {
    "module that does not exist": ({"target_module": "Lleads"}, "Lleads"),
    "module without notes": ({"target_module": "Notes", "fixed_fields": {}}, "Notes"),
    "module without a phone field": ({"target_module": "Products", "phone_field": "Product_Code"}, "phone_field"),
    "field that is no phone field": ({"phone_field": "Fax"}, "phone_field"),
    "read-only phone field": ({"phone_field": "Old_Phone"}, "phone_field"),
    "field that does not exist": ({"phone_field": "Celular"}, "phone_field"),
    "read-only name field": ({"name_field": "Full_Name"}, "name_field"),
    "link field of another type": ({"chat_link_field": "Email_Opt_Out"}, "chat_link_field"),
    "lead source field of another type": ({"lead_source_field": "Email"}, "lead_source_field"),
    "fixed field that does not exist": ({"fixed_fields": {"Company": "x", "Empresa": "y"}}, "Empresa"),
    "converted module that does not exist": ({"converted_module": "Contactos"}, "Contactos"),
    "converted phone field of another type": ({"converted_phone_field": "Email"}, "converted_phone_field"),
    "mandatory field that nobody fills": ({"fixed_fields": {}}, "Company"),
}


def activate(stage, start=None, **changes) -> activation.Activated:
    """Activate as the stage does, and give what the activation says of itself."""
    settings = SyncSettings.model_validate(stage.settings.model_dump() | changes)

    async def done() -> activation.Activated:
        timelines, zoho, _ = stage.clients()
        seen = await activation.look_around(timelines, zoho, settings)
        try:
            return await activation.activate(
                stage.ledger, zoho, ORGANISATION, settings, seen, start=start, credentials_hash="same"
            )
        finally:
            await timelines.aclose()
            await zoho.aclose()

    return asyncio.run(done())


def test_nothing_is_synced_before_the_activation_and_everything_after_it(stage):
    stage.activate()
    stage.receive()

    stage.tick()

    assert len(stage.leads()) == len(stage.notes()) == 1


@pytest.mark.parametrize(("changes", "named"), UNUSABLE.values(), ids=UNUSABLE)
def test_settings_that_cannot_work_are_refused_by_name_and_the_sync_goes_on_as_before(stage, changes, named):
    stage.zoho.add_field("Leads", {"api_name": "Old_Phone", "data_type": "phone", "read_only": True})
    stage.activate()

    with pytest.raises(UsageError, match=named):
        activate(stage, **changes)

    stage.receive()
    stage.tick()
    assert len(stage.leads()) == len(stage.notes()) == 1


def test_refusal_of_a_field_names_the_fields_that_would_do(stage):
    stage.activate()

    with pytest.raises(UsageError, match=r"Fields that would do: .*Mobile"):
        activate(stage, phone_field="Fax")

    stage.receive()
    stage.tick()
    assert stage.leads()[0]["Mobile"] == ANA


def test_refusal_of_a_module_names_only_modules_that_would_do(stage):
    stage.activate()

    with pytest.raises(UsageError, match="Lleads") as refusal:
        activate(stage, target_module="Lleads")

    named = str(refusal.value).partition("that would do: ")[2]
    assert "Contacts" in named
    assert "WhatsApp_Clients" in named
    assert "Products" not in named  # it has no phone field
    stage.receive()
    stage.tick()
    assert len(stage.leads()) == 1


def test_module_does_once_it_has_a_phone_field(stage):
    stage.zoho.add_field("Products", {"api_name": "Celular", "data_type": "phone"})
    stage.activate(
        target_module="Products", phone_field="Celular", name_field="Product_Name", chat_link_field=None,
        lead_source_field=None, fixed_fields={},
    )  # fmt: skip
    stage.receive(name="Ana")

    stage.tick()

    (product,) = stage.records("Products")
    assert (product["Product_Name"], product["Celular"]) == ("Ana", ANA)
    assert len(stage.notes(product["id"])) == 1


def test_workspace_without_a_connected_number_is_refused(stage):
    stage.activate()
    stage.timelines.disconnect_account(NUMBER)
    stage.timelines.disconnect_account(OTHER_NUMBER)

    with pytest.raises(UsageError, match="no connected WhatsApp number"):
        activate(stage)

    stage.timelines.reconnect_account(NUMBER)
    activate(stage)
    stage.receive()
    stage.tick()
    assert len(stage.leads()) == 1


def test_one_connected_number_is_enough(stage):
    stage.timelines.disconnect_account(OTHER_NUMBER)

    done = activate(stage)

    assert any("disconnected" in warning for warning in done.warnings)
    stage.receive(account=NUMBER)
    stage.tick()
    assert len(stage.leads()) == 1


def test_messages_count_from_the_activation_on_when_no_start_is_given(stage):
    stage.receive("antes", at=stage.now() - timedelta(seconds=2))
    activate(stage, start=None)
    stage.receive("después")  # dated with the whole second the activation falls into

    stage.tick()

    (note,) = stage.notes()
    assert "después" in note["Note_Content"]
    assert "antes" not in note["Note_Content"]


def test_start_in_the_future_is_refused(stage):
    stage.activate()

    with pytest.raises(UsageError, match="future"):
        activate(stage, start=stage.now() + timedelta(hours=1))

    stage.receive()
    stage.tick()
    assert len(stage.leads()) == 1


def test_earlier_start_is_refused_with_a_pointer_to_backfill(stage):
    stage.receive("antes del comienzo", at=stage.now() - timedelta(hours=2))
    stage.activate(start=stage.now() - timedelta(hours=1))

    with pytest.raises(UsageError, match="backfill"):
        activate(stage, start=stage.now() - timedelta(hours=3))

    stage.tick()
    assert (stage.leads(), stage.notes()) == ([], [])


def test_lead_source_that_the_picklist_does_not_know_is_only_a_warning(stage):
    done = activate(stage, lead_source_field="Lead_Source")

    assert any("Lead_Source" in warning and "TimelinesAI" in warning for warning in done.warnings)
    stage.receive()
    stage.tick()
    assert stage.leads()[0]["Lead_Source"] == "TimelinesAI"


def test_lead_source_that_the_picklist_knows_gives_no_warning(stage):
    stage.zoho.add_field("Leads", {"api_name": "Lead_Source", "pick_list_values": ["-None-", "TimelinesAI"]})
    stage.zoho.faults.picklists_strict = True

    done = activate(stage)

    assert done.warnings == ()
    stage.receive()
    stage.tick()
    assert stage.leads()[0]["Lead_Source"] == "TimelinesAI"


def test_other_zoho_organisation_is_refused(stage):
    stage.activate()
    stage.zoho.crm.organisation["zgid"] = "999999"

    with pytest.raises(UsageError, match="999999"):
        activate(stage)

    stage.zoho.crm.organisation["zgid"] = "700100"
    stage.receive()
    stage.tick()
    assert len(stage.leads()) == 1


def test_other_timelines_workspace_is_refused(stage):
    stage.activate()
    stage.timelines.workspace.slug = "otra-empresa"

    with pytest.raises(UsageError, match="otra-empresa"):
        activate(stage)

    stage.timelines.workspace.slug = "acme"
    stage.receive()
    stage.tick()
    assert len(stage.leads()) == 1


def test_changed_phone_field_is_matched_by_from_then_on(stage):
    by_phone = stage.zoho.add_record("Leads", {"Last_Name": "Ana", "Phone": ANA})
    stage.activate(phone_field="Mobile")

    stage.activate(phone_field="Phone")
    stage.receive()
    stage.tick()

    assert [lead["id"] for lead in stage.leads()] == [by_phone]
    assert len(stage.notes(by_phone)) == 1


def test_changed_region_reads_numbers_anew(stage):
    national = stage.zoho.add_record("Leads", {"Last_Name": "Ana", "Mobile": "11 98765-4321"})
    stage.activate(default_region="CO")

    stage.activate(default_region="BR")
    stage.receive(phone=None, jid="5511987654321@s.whatsapp.net")
    stage.tick()

    assert [lead["id"] for lead in stage.leads()] == [national]
    assert len(stage.notes(national)) == 1


def test_activating_again_keeps_start_links_and_notes(stage):
    stage.activate()
    stage.receive("uno")
    stage.tick()
    (lead,) = stage.leads()
    stage.zoho.edit_record("Leads", lead["id"], {"Mobile": None})
    stage.advance(600)

    done = activate(stage, start=stage.now(), language="es", create_on="incoming")
    stage.receive("dos")
    stage.tick()

    assert done.version == 2
    assert done.starts_at < stage.now() - timedelta(minutes=60)
    assert [row["id"] for row in stage.leads()] == [lead["id"]]
    (note,) = stage.notes(lead["id"])
    assert "uno" in note["Note_Content"]
    assert "dos" in note["Note_Content"]


def test_changed_module_takes_new_chats_and_leaves_linked_ones_where_they_are(stage):
    stage.activate()
    stage.receive("uno", phone=ANA)
    stage.tick()
    (lead,) = stage.leads()

    stage.activate(target_module="Contacts", chat_link_field=None, fixed_fields={})
    stage.receive("dos", phone=ANA)
    stage.receive("hola", phone="+573004445566")
    stage.tick()

    assert [row["id"] for row in stage.leads()] == [lead["id"]]
    assert "dos" in stage.notes(lead["id"])[0]["Note_Content"]
    assert [contact["Mobile"] for contact in stage.records("Contacts")] == ["+573004445566"]


def test_deactivating_keeps_records_links_and_notes_for_the_next_activation(stage):
    stage.activate()
    stage.receive("uno")
    stage.tick()

    activation.deactivate(stage.ledger, ORGANISATION)

    with stage.ledger.reading() as session:
        assert not organisations.get(session, ORGANISATION).active
    stage.receive("mientras dormía")
    stage.advance(600)
    stage.activate(start=stage.now())
    stage.tick()
    (lead,) = stage.leads()
    (note,) = stage.notes(lead["id"])
    assert "uno" in note["Note_Content"]
    assert "mientras dormía" in note["Note_Content"]
