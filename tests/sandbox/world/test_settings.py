import tomllib

from sandbox.world.sample import SAMPLE


def test_the_settings_of_the_demo_name_fields_and_values_the_organisation_has(world):
    sync = tomllib.loads((SAMPLE / "settings.toml").read_text(encoding="utf-8"))["sync"]
    own_fields = {field["api_name"] for field in world["zoho"]["fields"][sync["target_module"]]}
    records = world["zoho"]["records"]
    assert {sync["chat_link_field"], sync["lead_source_field"]} <= own_fields
    assert any(sync["phone_field"] in record for record in records[sync["target_module"]])
    assert any(sync["converted_phone_field"] in record for record in records[sync["converted_module"]])
    assert sync["timezone"] == world["zoho"]["organisation"]["time_zone"] == world["timelines"]["workspace"]["time_zone"]
    assert sync["fixed_fields"] == {"Company": "WhatsApp"}


def test_the_settings_say_everything_that_can_be_set():
    sync = tomllib.loads((SAMPLE / "settings.toml").read_text(encoding="utf-8"))["sync"]
    assert list(sync) == [
        "target_module",
        "phone_field",
        "name_field",
        "chat_link_field",
        "lead_source_field",
        "converted",
        "converted_module",
        "converted_phone_field",
        "create_on",
        "run_automations",
        "several_matches",
        "language",
        "timezone",
        "default_region",
        "fixed_fields",
    ]
