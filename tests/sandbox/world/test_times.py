import json
import random
from datetime import UTC, datetime, timedelta
from itertools import pairwise
from zoneinfo import ZoneInfo

import pytest

from sandbox.world import load_file, load_sample
from sandbox.world.moments import Calendar, iso, moment

BOGOTA = ZoneInfo("America/Bogota")
MADRID = ZoneInfo("Europe/Madrid")


def every_time(value, key=""):
    if isinstance(value, dict):
        for name, inner in value.items():
            yield from every_time(inner, name)
    elif isinstance(value, list):
        for inner in value:
            yield from every_time(inner, key)
    elif key.lower().endswith(("timestamp", "_time", "connected_on")) or key == "at":
        yield value


@pytest.mark.parametrize("clock", ["00:00:00", "00:00:01", "03:00:00", "12:00:00", "23:59:59"])
def test_nothing_is_later_than_now_at_any_time_of_the_day(clock):
    now = datetime.fromisoformat(f"2026-03-01T{clock}").replace(tzinfo=BOGOTA)
    times = [datetime.fromisoformat(time) for time in every_time(load_sample(now))]
    assert len(times) > 1000
    assert all(time.utcoffset() == timedelta(0) and time <= now for time in times)


def test_order_across_all_chats_does_not_depend_on_the_time_of_the_day():
    def order(hour):
        world = load_sample(datetime(2026, 3, 1, hour, tzinfo=BOGOTA))
        stamped = [(m["timestamp"], m["uid"]) for chat in world["timelines"]["chats"] for m in chat["messages"]]
        return {uid: timestamp for timestamp, uid in stamped}

    late, early = order(23), order(1)
    uids = sorted(late, key=late.__getitem__)
    assert all(early[a] <= early[b] for a, b in pairwise(uids))


def test_messages_of_a_chat_are_written_oldest_first(chats):
    for chat in chats:
        times = [message["timestamp"] for message in chat["messages"]]
        assert times == sorted(times), chat["name"]
        assert not times or chat["created_timestamp"] <= times[0], chat["name"]


def test_ids_do_not_depend_on_now(world, now):
    other = load_sample(now + timedelta(days=400, hours=7))

    def ids(of):
        return [(chat["id"], [message["uid"] for message in chat["messages"]]) for chat in of["timelines"]["chats"]]

    assert ids(world) == ids(other)


def test_the_same_moment_gives_the_same_world(world, now):
    assert load_sample(now) == world


def test_a_world_survives_json_and_is_loaded_as_it_is(world, now, tmp_path):
    path = tmp_path / "world.json"
    path.write_text(json.dumps(world), encoding="utf-8")
    assert load_file(path, now + timedelta(days=3)) == world


@pytest.mark.parametrize("text", ["", "[]", '{"timelines": {}}'])
def test_a_file_that_holds_no_world_is_refused_by_name(text, now, tmp_path):
    path = tmp_path / "world.json"
    path.write_text(text, encoding="utf-8")
    with pytest.raises(ValueError, match=r"world\.json is no"):
        load_file(path, now)


def test_a_clock_time_stays_itself_on_days_of_23_and_25_hours():
    spring = Calendar(datetime(2026, 3, 29, 20, tzinfo=UTC), MADRID)
    autumn = Calendar(datetime(2026, 10, 26, 20, tzinfo=UTC), MADRID)
    assert spring.at(moment(0, "09:00")).isoformat() == "2026-03-29T07:00:00+00:00"
    assert spring.at(moment(1, "09:00")).isoformat() == "2026-03-28T08:00:00+00:00"
    assert autumn.at(moment(1, "09:00")).isoformat() == "2026-10-25T08:00:00+00:00"
    assert autumn.at(moment(2, "09:00")).isoformat() == "2026-10-24T07:00:00+00:00"


def test_today_is_squeezed_only_when_it_would_reach_into_the_future():
    now = datetime(2026, 3, 1, 12, tzinfo=BOGOTA)
    moments = [moment(0, f"{random.Random(n).randrange(18):02}:30") for n in range(20)]
    free = Calendar(now, BOGOTA, busiest_second=12 * 3600)
    assert free.text(moment(0, "11:30")) == iso(datetime(2026, 3, 1, 11, 30, tzinfo=BOGOTA))
    squeezed = Calendar(now, BOGOTA, max(m.second for m in moments))
    assert max(squeezed.at(m) for m in moments) == now
    assert [squeezed.at(m) for m in sorted(moments, key=lambda m: m.second)] == sorted(squeezed.at(m) for m in moments)
