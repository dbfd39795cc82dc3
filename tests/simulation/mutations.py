"""The named mutants: for each, the lines of the safety code that are replaced. Every one breaks a rule of docs/delivery.md."""

from dataclasses import dataclass


@dataclass(frozen=True)
class Mutant:
    """A text patch: for each module the old texts, found exactly once each, with the new ones.

    `scenario` names the directed scenario that tells what it breaks; without one, random seeds find it.
    """

    changes: dict[str, tuple[tuple[str, str], ...]]
    scenario: str | None = None


def _one(module, old, new, scenario=None):
    return _several(module, (old, new), scenario=scenario)


def _several(module, *pairs, scenario=None):
    return Mutant({f"chatledger.{module}": pairs}, scenario)


MUTANTS = {
    "no_wait": _one("delivery.tick", "return moment + timedelta(seconds=self.options.unknown_write_wait)", "return moment"),
    "wait_counted_from_the_decision": _one("ledger.intents", "intent.may_leave_until + wait", "intent.decided_at + wait"),
    "wait_shortened_by_the_time_out": _one(
        "delivery.sending",
        "tick.wait_from(tick.ledger.now())",
        "tick.wait_from(tick.ledger.now() - timedelta(seconds=tick.options.http_timeout + tick.options.intent_age))",
        "a_write_is_waited_for_as_long_as_zoho_may_take",
    ),
    "adopt_by_search": _one(
        "delivery.adoption",
        "async for page in note_pages(tick.zoho, record):\n            found += page.items",
        "async for page in note_pages(tick.zoho, record):\n"
        "            late = tick.ledger.now() - __import__('datetime').timedelta(seconds=240)\n"
        "            found += [item for item in page.items if item.created_at and item.created_at < late]",
    ),
    "match_by_title_only": _one("delivery.adoption", "        if url_path in body:", "        if True:"),
    "adoption_ignores_conversion": _several(
        "delivery.settling",
        *(
            ("    if waiting:\n        await index_reading.read_changes(tick)\n", "    if not waiting:\n"),
            ("searched = places(tick, key, meant_for)", "searched = [meant_for]"),
            (" or not set(places(tick, key, meant_for)) <= set(searched):", ":"),
        ),
    ),
    "late_update_not_locked": Mutant(
        {
            "chatledger.delivery.notes": (("if planned.position in locked:", "if False:"),),
            "chatledger.delivery.resolving": ((" or (row.chat_id, row.local_date) in unconfirmed:", ":"),),
        }
    ),
    "hash_set_before_the_answer": _one(
        "delivery.notes",
        "        await send(tick, [_update(",
        "        with tick.ledger.transaction() as session:\n"
        "            for planned in waiting:\n"
        "                _row(tick, session, planned).body_hash = planned.body_hash\n"
        "        await send(tick, [_update(",
    ),
    "index_cursor_before_its_rows": _several(
        "delivery.index_reading",
        *(
            ("OVERLAP = timedelta(minutes=10)", "OVERLAP = timedelta(0)"),
            (
                "        with tick.ledger.transaction() as session:\n            # Whoever took",
                "        with tick.ledger.transaction() as session:\n"
                "            kept = phone_index.states(session, tick.organisation_id)[module]\n"
                "            kept.cursor = max([*dated, *([kept.cursor] if kept.cursor else [])], default=None)\n"
                "        with tick.ledger.transaction() as session:\n"
                "            # Whoever took",
            ),
        ),
        scenario="the_index_and_its_cursor_are_stored_together",
    ),
    "strict_changed_since": _one(
        "delivery.index_reading",
        "changed_pages(zoho, state, since - OVERLAP if since else None)",
        "changed_pages(zoho, state, since + timedelta(seconds=1) if since else None)",
        "a_record_of_the_cursors_own_second_is_seen",
    ),
    "converted_rows_dropped": _one(
        "delivery.index_pages",
        'return "both" if module == "Leads" else None',
        "return None",
        "a_converted_lead_is_still_seen",
    ),
    "lease_taken_over_without_settling": _one(
        "ledger.intents",
        'intent.state, intent.settle_after = "unknown", intent.may_leave_until + wait',
        'intent.state = "abandoned"',
    ),
    "answers_zipped_unchecked": _one(
        "clients.zoho.rows",
        "    if len(rows) != len(sent_ids):\n",
        "    sent_ids = sent_ids[: len(rows)]\n    rows = rows[: len(sent_ids)]\n    if False:\n",
    ),
    "server_error_taken_as_refused": _one(
        "clients.zoho.answers",
        "return Unavailable(text, outcome_unknown=asked.write, **context)",
        "return Unavailable(text, outcome_unknown=False, **context)",
    ),
    "time_out_taken_as_not_done": _one(
        "clients.sending", 'seconds", unknown=asked.write) from None', 'seconds", unknown=False) from None'
    ),
    "broken_answer_taken_as_not_done": _one(
        "clients.sending", '({type(error).__name__})", unknown=asked.write)', '({type(error).__name__})", unknown=False)'
    ),
    "a_create_retried": _one("delivery.sending", "        if error.outcome_unknown:\n", "        if False:\n"),
    "unknown_taken_as_done": _one(
        "ledger.intents", '.values(state="unknown", settle_after=settle_after)', '.values(state="settled")'
    ),
    "two_chats_of_one_key_created_side_by_side": _one(
        "delivery.records",
        "chosen = first.setdefault(alias_key(key), row.chat_id)",
        "chosen = first.setdefault(str(row.chat_id), row.chat_id)",
    ),
    "plan_from_the_pull_only": _one(
        "ledger.messages",
        "pending = (col(Message.outcome) == Outcome.PENDING.value) & due",
        "pending = (col(Message.outcome) == Outcome.PENDING.value) & due & (col(Message.reason) == Reason.NEW.value)",
    ),
    "lease_never_checked": _one(
        "ledger.lease",
        "    if lease is None or lease.fence != fence or lease.holder == FREE or lease.expires_at <= needed_until:",
        "    if False:",
    ),
    "index_rows_of_a_late_run_stored": _one(
        "delivery.index_reading",
        "which slept in between.\n            lease.check(session, tick.organisation_id, tick.fence)\n",
        "which slept in between.\n",
        "rows_of_a_run_that_slept_are_not_stored",
    ),
    "stale_write_sent_late": _one(
        "delivery.sending", "    if too_old:", "    if False:", "a_write_that_waited_too_long_is_not_sent"
    ),
    "note_sent_again_without_looking": _one("delivery.settling", "        if hits:\n", "        if False:\n"),
    "unknown_creation_not_waited_for": _one(
        "delivery.resolving",
        '    keys = {alias_key(intent.phone_key or "") for intent in unsettled if intent.kind == "create_record"}\n',
        "    keys: set[object] = set()\n",
    ),
    "intent_after_the_request": _several(
        "delivery.sending",
        *(
            ("    ids = _committed(tick, writes)\n", "    ids: list[int] = []\n"),
            (
                "    _answered(tick, writes, ids, results, store)\n\n\ndef _committed",
                "    _answered(tick, writes, _committed(tick, writes), results, store)\n\n\ndef _committed",
            ),
        ),
    ),
    "merged_note_made_anew": _one(
        "delivery.notes",
        "and found.parent.id not in left_behind",
        "and False",
        "a_note_goes_on_where_a_merge_took_it",
    ),
    "astray_note_taken_as_missing": _one(
        "delivery.settling",
        "    astray = await _wherever_it_went(tick, intent, meant_for)\n",
        "    astray: list[ZohoNote] = []\n",
        "a_note_without_an_answer_is_found_wherever_it_went",
    ),
    "refused_parent_not_looked_at": _one(
        "delivery.notes",
        "    await index_reading.look_at(tick, doubted)\n",
        "",
        "a_refused_parent_is_looked_at_in_the_same_tick",
    ),
}
