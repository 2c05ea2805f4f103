"""Several builds of one site at the same time, and links that lie in the way."""

from __future__ import annotations

import json
import threading

from harness_plugins.site.write import LOCK, MANIFEST, Site, _write


def site_of(number):
    site = Site()
    for page in range(20):
        site.add(f"models/m-{page}.js", f"{number}" * 5000)
    site.add(f"only-{number}.html", "")
    site.add("index.html", f"{number}" * 5000)
    return site


def test_four_builds_at_once_leave_one_whole_site(tmp_path):
    failed = []

    def build(number):
        try:
            for _ in range(3):
                _write(site_of(number), tmp_path / "site")
        except BaseException as error:
            failed.append(error)

    threads = [threading.Thread(target=build, args=(number,)) for number in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert failed == []
    folder = tmp_path / "site"
    (last,) = set((folder / "index.html").read_text())
    assert {(folder / f"models/m-{page}.js").read_text() for page in range(20)} == {last * 5000}
    listed = json.loads((folder / MANIFEST).read_text())["files"]
    there = {str(path.relative_to(folder)) for path in folder.rglob("*") if path.is_file()}
    assert there == {*listed, MANIFEST}
    assert f"only-{last}.html" in listed


def test_planted_links_are_not_followed(tmp_path):
    victim, folder = tmp_path / "victim", tmp_path / "site"
    victim.write_text("precious")
    (folder / "models").mkdir(parents=True)
    for name in ("models/m-0.js", "models/m-0.js.partial", "index.html.partial"):
        (folder / name).symlink_to(victim)
    _write(site_of(1), folder)
    assert victim.read_text() == "precious"
    assert (folder / "models/m-0.js").read_text() == "1" * 5000
    assert not (folder / LOCK).exists()
