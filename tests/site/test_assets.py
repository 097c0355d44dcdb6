"""What npm brings: pinned, and named without the address of any registry."""

import json
import re

from tests.site.building import ROOT


def test_the_lock_file_names_no_host_and_keeps_every_hash():
    text = (ROOT / "package-lock.json").read_text()
    assert "://" not in text
    packages = {name: entry for name, entry in json.loads(text)["packages"].items() if name}
    assert packages
    assert all(entry["integrity"].startswith("sha512-") for entry in packages.values())


def test_every_package_is_pinned_to_one_version():
    manifest = json.loads((ROOT / "package.json").read_text())
    versions = {**manifest["dependencies"], **manifest["devDependencies"]}
    assert all(re.fullmatch(r"\d+\.\d+\.\d+", version) for version in versions.values())
