import json
import signal
import subprocess
import sys

import httpx
import pytest

from sandbox.__main__ import main


@pytest.fixture
def world_file(world, tmp_path):
    path = tmp_path / "world.json"
    path.write_text(json.dumps(world))
    return path


@pytest.mark.parametrize("end", [signal.SIGTERM, signal.SIGINT])
def test_the_process_says_when_it_is_ready_and_ends_cleanly(world_file, tmp_path, end):
    faults = tmp_path / "faults.json"
    faults.write_text('{"timelines": {"chat_url": "absolute"}, "zoho": {}}')
    command = [sys.executable, "-m", "sandbox", "timelines", "--port", "0", "--world", world_file, "--faults", faults]
    with subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True) as process:
        base_url = json.loads(process.stdout.readline())["ready"]
        answer = httpx.get(f"{base_url}/integrations/api/chats/1", headers={"Authorization": "Bearer secret-token"})
        process.send_signal(end)
        rest, complaints = process.communicate(timeout=60)
    assert answer.json()["data"]["chat_url"] == f"{base_url}/chat/1/messages/"
    assert (process.returncode, rest, complaints) == (0, "", "")


@pytest.mark.parametrize(
    "arguments",
    [
        [],
        ["whatsapp"],
        ["timelines", "--port", "x"],
        ["timelines", "--port", "99999"],
        ["timelines", "--world", "/nowhere.json"],
        ["timelines", "--faults", "/nowhere.json"],
        ["timelines", "--seed", "1", "--world", "a.json"],
        ["timelines", "--phone", "+573001112233"],
        ["timelines", "--unknown"],
    ],
)
def test_wrong_use_is_one_sentence_and_exit_code_2(arguments, capsys):
    assert main(arguments) == 2
    printed = capsys.readouterr()
    assert printed.out == ""
    assert len(printed.err.splitlines()) == 1


@pytest.mark.parametrize("content", ["nonsense", "[]", '{"timelines": []}', '{"timelines": {"unknown": 1}}'])
def test_unusable_fault_switches_are_wrong_use(world_file, tmp_path, content, capsys):
    faults = tmp_path / "faults.json"
    faults.write_text(content)
    assert main(["timelines", "--world", str(world_file), "--faults", str(faults)]) == 2
    assert len(capsys.readouterr().err.splitlines()) == 1


def test_a_world_that_lacks_a_part_is_wrong_use(world, tmp_path, capsys):
    del world["timelines"]["accounts"]
    path = tmp_path / "world.json"
    path.write_text(json.dumps(world))
    assert main(["timelines", "--world", str(path)]) == 2
    assert "accounts" in capsys.readouterr().err
