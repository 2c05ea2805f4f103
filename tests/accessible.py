"""What axe-core finds wrong with a page: contrast, names, keyboard, landmarks, the order of headings.

axe-core is MPL-2.0 and half a megabyte, so no copy is kept here: npm fetches the one version below into the user's
cache, and where there is no npm, or no registry, the tests that need it are skipped.
"""

from __future__ import annotations

import base64
import hashlib
import os
import shutil
import subprocess
import tarfile
import tempfile
from pathlib import Path
from typing import Any

import pytest

VERSION = "4.14.1"
DIGEST = "FHfa+lmNjQZfJz1q8wKqIDwC6DExcHt/pkjNQb09a3NPjCKg2rhu5qb2S4r76ASyFNNtuFooJpZe37OgudVGtQ=="
"""SHA-512 of npm's archive of that version, as the registry gives it."""
WIDTHS = (390, 1280)
SCHEMES = ("light", "dark")


def fetched_axe() -> str:
    """Return the source of axe-core, from the cache or from npm; skip the test where neither has it."""
    cache = Path(os.environ.get("XDG_CACHE_HOME") or Path.home() / ".cache") / "harness-tests"
    archive = cache / f"axe-core-{VERSION}.tgz"
    if not archive.exists():
        npm = shutil.which("npm")
        if npm is None:
            pytest.skip("axe-core is fetched by npm, which is not installed")
        cache.mkdir(parents=True, exist_ok=True)
        with tempfile.TemporaryDirectory(dir=cache) as folder:
            command = [npm, "pack", f"axe-core@{VERSION}", "--pack-destination", folder, "--silent"]
            try:
                ran = subprocess.run(command, cwd=folder, capture_output=True, text=True, timeout=90)
            except subprocess.TimeoutExpired:
                pytest.skip("npm did not fetch axe-core within 90 seconds")
            made = Path(folder) / archive.name
            if ran.returncode or not made.exists():
                pytest.skip(f"npm cannot fetch axe-core: {ran.stderr.strip()[-200:]}")
            made.replace(archive)  # at once: tests of several processes may fetch it at the same time
    found = base64.b64encode(hashlib.sha512(archive.read_bytes()).digest()).decode()
    assert found == DIGEST, f"{archive} is not the axe-core that is expected; remove it"
    with tarfile.open(archive) as packed:
        member = packed.extractfile("package/axe.min.js")
        assert member is not None
        return member.read().decode()


def faults(page: Any, source: str) -> list[str]:
    """Return what axe-core finds wrong with an open page, on a phone and a desk, in both schemes; a line a fault."""
    page.evaluate(source)
    found: dict[str, None] = {}
    for width in WIDTHS:
        page.set_viewport_size({"width": width, "height": 900})
        for scheme in SCHEMES:
            page.emulate_media(color_scheme=scheme)
            ran = page.evaluate("axe.run(document, {resultTypes: ['violations'], preload: false})")
            for violation in ran["violations"]:
                for node in violation["nodes"]:
                    where = f"{page.url} at {width} px, {scheme}, {node['target']}"
                    found[f"{where}: {violation['id']}: {node['html'][:160]}: {node['failureSummary'][:300]}"] = None
    return list(found)


def keyboard_faults(page: Any, *, most: int = 150) -> list[str]:
    """Walk a page with the tab key; return what it passes without a visible mark, and what it never reaches."""
    page.evaluate("document.activeElement?.blur(); window.passed = new Set()")
    found = []
    for _ in range(most):
        page.keyboard.press("Tab")
        said = page.evaluate("""() => {
            const on = document.activeElement;
            if (on === document.body || window.passed.has(on)) return null;
            window.passed.add(on);
            const style = getComputedStyle(on);
            const marked = style.outlineStyle !== "none" && parseFloat(style.outlineWidth) > 0;
            const box = on.getBoundingClientRect();
            return [on.outerHTML.slice(0, 120), marked, box.width > 0 && box.bottom > 0 && box.top < innerHeight];
        }""")
        if said is None:
            break
        if not said[1]:
            found.append(f"no mark of focus: {said[0]}")
        if not said[2]:
            found.append(f"focused out of sight: {said[0]}")
    else:
        return found  # a long page: its beginning was walked
    return found + page.evaluate("""() => [...document.querySelectorAll(
        "a[href], button, input, select, summary, [tabindex='0']")]
        .filter(one => one.checkVisibility({visibilityProperty: true, contentVisibilityAuto: false}) && !one.disabled
            && one.tabIndex >= 0 && !window.passed.has(one))
        .map(one => "not reached: " + one.outerHTML.slice(0, 120))""")
