"""What a tick writes down as it goes: how far it read, which never goes back, its intents, and how its run ended."""

from datetime import UTC, datetime, timedelta

import pytest

from chatledger.ledger import chats, intents, phone_index, runs
from chatledger.ledger.tables import Run

EARLY = datetime(2026, 3, 7, 12, 0, tzinfo=UTC)
LATE = EARLY + timedelta(hours=1)


@pytest.mark.parametrize(("newest", "cursor"), [(EARLY, LATE), (None, LATE), (LATE + timedelta(1), LATE + timedelta(1))])
def test_the_cursor_of_the_index_never_goes_back(ledger, newest, cursor):
    with ledger.transaction() as session:
        phone_index.start_building(session, "main", "Leads", "Mobile", "CO")
        session.flush()
        phone_index.moved_on(session, "main", "Leads", LATE, now=EARLY, grown=True)
        phone_index.moved_on(session, "main", "Leads", newest, now=LATE, grown=False)
    with ledger.reading() as session:
        state = phone_index.states(session, "main")["Leads"]
    assert (state.cursor, state.read_at, state.grown_at) == (cursor, LATE, EARLY)


@pytest.mark.parametrize(("newest", "cursor"), [(EARLY, LATE), (None, LATE), (LATE + timedelta(1), LATE + timedelta(1))])
def test_the_cursor_of_the_chat_list_never_goes_back(ledger, newest, cursor):
    with ledger.transaction() as session:
        chats.walk_of(session, "main").next_page = 3
        chats.walked(session, "main", newest=LATE, broken=True, pages=3, now=EARLY, swept=True)
        chats.walked(session, "main", newest=newest, broken=False, pages=1, now=LATE, swept=False)
    with ledger.reading() as session:
        walk = chats.walk_of(session, "main")
    assert (walk.cursor, walk.next_page, walk.order_broken, walk.pages) == (cursor, None, False, 1)
    assert (walk.walked_at, walk.swept_at) == (LATE, EARLY)


def test_a_run_that_ends_keeps_who_it_is(ledger):
    with ledger.transaction() as session:
        runs.start(session, Run(id="1", organisation_id="main", kind="retry", started_at=EARLY, fence=7))
        ended = Run(id="1", organisation_id="main", started_at=LATE, ended_at=LATE, state="completed", messages_seen=2)
        runs.finish(session, ended)
    with ledger.reading() as session:
        run = runs.find(session, "1")
    assert (run.kind, run.started_at, run.fence) == ("retry", EARLY, 7)
    assert (run.state, run.ended_at, run.messages_seen) == ("completed", LATE, 2)


def test_intents_are_numbered_in_the_order_in_which_they_were_decided(ledger):
    with ledger.transaction() as session:
        decided = intents.Decided("main", "1", 1, decided_at=EARLY, may_leave_until=LATE)
        ids = intents.add(
            session, [intents.NewIntent("create_note", "Leads", title=str(number)) for number in range(5)], decided
        )
    with ledger.reading() as session:
        stored = {row.id: row.title for row in intents.unsettled(session, "main")}
    assert [stored[each] for each in ids] == ["0", "1", "2", "3", "4"]
