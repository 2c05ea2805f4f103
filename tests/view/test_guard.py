"""Who may look, under which name, and what the browser may do with it."""

from __future__ import annotations

import os
import re
import signal
import sqlite3
import subprocess
import sys

import pytest
from harness_plugins.view.guard import is_loopback
from harness_plugins.view.serve import address_of, listen

from harness.errors import StoreError, UsageError
from harness.store.reading import StoreReader

from .conftest import Viewer


@pytest.fixture
def viewer(write_task, rows, evaluate, view):
    write_task("demo/plain", rows(4))
    evaluate("toy-reader", "demo/plain")
    return view()


@pytest.mark.parametrize("host", ["evil.example", "evil.example:80", "127.0.0.1.evil.example", "", "[::2]", "10.0.0.1"])
def test_another_name_than_ours_is_refused(viewer, host):
    answer = viewer.get("/", Host=host)
    assert answer.status == 421
    assert "toy-reader" not in answer.text


@pytest.mark.parametrize("host", ["127.0.0.1", "localhost:8425", "LOCALHOST", "[::1]:9"])
def test_our_own_names_are_served(viewer, host):
    assert viewer.get("/", Host=host).status == 200


@pytest.mark.parametrize("method", ["POST", "PUT", "DELETE", "OPTIONS"])
def test_nothing_can_be_sent(viewer, method):
    assert viewer.get("/", method=method).status == 405


def test_every_answer_forbids_what_is_not_ours(viewer):
    for path in ("/", "/cells/1/samples", "/nothing", "/static/view.js", "/static/theme.js", "/static/nothing"):
        headers = viewer.get(path).headers
        assert "default-src 'none'" in headers["content-security-policy"]
        assert "unsafe" not in headers["content-security-policy"]
        assert headers["x-content-type-options"] == "nosniff"
        assert headers["cache-control"] == "no-store"


def test_only_the_files_of_the_viewer_are_served(viewer):
    for path in ("/static/../app.py", "/static/%2e%2e/app.py", "/static//etc/passwd", "/static/"):
        assert viewer.get(path).status in (404, 405), path


def test_elsewhere_a_token_is_asked_for_and_kept_in_a_cookie(write_task, rows, evaluate, view):
    write_task("demo/plain", rows(4))
    evaluate("toy-reader", "demo/plain")
    viewer = view(host="0.0.0.0", token="secret-token")
    assert viewer.get("/").status == 403
    assert viewer.get("/?token=wrong").status == 403
    assert viewer.get("/static/view.css").status == 403
    assert viewer.get("/", Host="evil.example").status == 421
    welcome = viewer.get("/cells?token=secret-token&model=toy-reader", Host="192.168.1.5:80")
    assert (welcome.status, welcome.headers["location"]) == (303, "/cells?model=toy-reader")
    cookie = welcome.headers["set-cookie"]
    assert "HttpOnly" in cookie
    assert "SameSite=Strict" in cookie
    shown = viewer.get("/cells", Cookie=cookie.partition(";")[0])
    assert shown.status == 200
    assert "secret-token" not in shown.text
    assert viewer.get("/", Cookie=cookie.partition("=")[0] + "=wrong").status == 403
    assert viewer.get("//evil.example?token=secret-token").headers["location"].startswith("/evil.example")


@pytest.mark.parametrize(
    ("host", "alone"), [("127.0.0.1", True), ("::1", True), ("localhost", True), ("0.0.0.0", False), ("::", False)]
)
def test_loopback_is_known(host, alone):
    assert is_loopback(host) is alone


def test_a_port_that_is_taken_is_named():
    with listen("127.0.0.1", 0) as taken:
        port = taken.getsockname()[1]
        with pytest.raises(UsageError, match=f"127.0.0.1:{port} cannot be listened on"):
            listen("127.0.0.1", port)
    with pytest.raises(UsageError, match="no address of that name"):
        listen("no such host", 0)


def test_addresses():
    assert address_of("127.0.0.1", 80, "") == "http://127.0.0.1:80/"
    assert address_of("::1", 80, "t") == "http://[::1]:80/?token=t"


# reading only


def test_looking_writes_nothing(write_task, rows, evaluate, toys):
    write_task("demo/plain", rows(4))
    evaluate("toy-reader", "demo/plain")
    path = toys / ".harness/store.sqlite"
    before = path.read_bytes()
    with StoreReader(path) as store, store.reading() as connection, pytest.raises(Exception, match="readonly"):
        connection.exec_driver_sql("DELETE FROM responses")
    assert path.read_bytes() == before


def test_a_store_in_a_folder_that_cannot_be_written_can_be_looked_at(write_task, rows, evaluate, toys):
    write_task("demo/plain", rows(4))
    evaluate("toy-reader", "demo/plain")
    folder = toys / ".harness"
    for file in folder.glob("store.sqlite-*"):
        file.unlink()
    folder.chmod(0o555)
    try:
        with StoreReader(folder / "store.sqlite") as store, store.reading() as connection:
            assert connection.exec_driver_sql("SELECT count(*) FROM cells").scalar() == 1
    finally:
        folder.chmod(0o755)


def test_what_is_no_store_is_refused(tmp_path):
    with pytest.raises(StoreError, match="no such store"):
        StoreReader(tmp_path / "nothing.sqlite")
    text = tmp_path / "text.sqlite"
    text.write_text("not a database " * 100)
    with pytest.raises(StoreError, match="not a usable store"):
        StoreReader(text)
    other = tmp_path / "other.sqlite"
    with sqlite3.connect(other) as connection:
        connection.execute("CREATE TABLE notes (text)")
    with pytest.raises(StoreError, match="not a store of harness"):
        StoreReader(other)


def test_the_command_needs_a_store(harness):
    ran = harness("view", "--no-open")
    assert ran.code == 2
    assert "there is no store yet" in ran.err


def test_the_command_serves_until_it_is_stopped(write_task, rows, evaluate, toys, tmp_path):
    write_task("demo/plain", rows(3000))
    evaluate("toy-reader", "demo/plain")
    command = [sys.executable, "-m", "harness.cli.main", "view", "--no-open", "--port", "0"]
    environment = {**os.environ, "XDG_CACHE_HOME": str(tmp_path / "cache"), "PYTHONUNBUFFERED": "1"}
    process = subprocess.Popen(command, env=environment, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True)
    try:
        line = process.stdout.readline()
        port = int(re.fullmatch(r"\.harness/store\.sqlite is shown at http://127\.0\.0\.1:(\d+)/\n", line)[1])
        viewer = Viewer(port, "")
        assert process.stdout.readline() == "stop with Ctrl-C\n"
        assert "toy-reader" in viewer.get("/").text
        assert viewer.get("/cells/1/samples").status == 200  # begins to make an index
        process.send_signal(signal.SIGINT)
        out, err = process.communicate(timeout=30)
    finally:
        process.kill()
    assert (process.returncode, out, err) == (0, "", "")
