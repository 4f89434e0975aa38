"""Bundles: what is sealed can be read, and nothing else."""

import json
import shutil
from pathlib import Path

import pytest

from gliokit.bundles.bundle import Card, read_bundle, seal_bundle, shipped_bundles
from gliokit.core.errors import BundleError

CARD = Card(
    name="toy",
    version="1",
    purpose="tests",
    inputs=("t1",),
    outputs=("WT",),
    training=("none",),
    evaluation=("none",),
    intended_use="tests",
    limits=("all",),
    assumed=(),
    licence="Apache-2.0",
)


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    (tmp_path / "toy").mkdir()
    (tmp_path / "toy" / "net.bin").write_bytes(b"weights")
    seal_bundle(tmp_path / "toy", CARD, made_with={"python": "3.11"})
    return tmp_path / "toy"


def test_a_sealed_bundle_reads_back_its_card(folder):
    assert read_bundle(folder).card == CARD


def test_altered_weights_are_refused(folder):
    (folder / "net.bin").write_bytes(b"weightz")
    with pytest.raises(BundleError, match=r"net\.bin does not match its manifest: found [0-9a-f]+"):
        read_bundle(folder)


def test_an_altered_card_is_refused(folder):
    content = json.loads((folder / "card.json").read_text())
    (folder / "card.json").write_text(json.dumps(content | {"limits": []}))
    with pytest.raises(BundleError, match=r"card\.json does not match"):
        read_bundle(folder)


def test_missing_weights_are_refused(folder):
    (folder / "net.bin").unlink()
    with pytest.raises(BundleError, match="found no file"):
        read_bundle(folder)


def test_a_file_that_the_manifest_does_not_list_is_refused(folder):
    (folder / "other.bin").write_bytes(b"")
    with pytest.raises(BundleError, match=r"holds other\.bin, which its manifest does not list"):
        read_bundle(folder)


def test_a_pickle_that_was_put_into_a_bundle_is_refused(folder):
    (folder / "extra").mkdir()
    (folder / "extra" / "model.pkl").write_bytes(b"")
    with pytest.raises(BundleError, match=r"holds extra/model\.pkl"):
        read_bundle(folder)


def test_a_manifest_without_hashes_is_refused(folder):
    (folder / "manifest.json").write_text('{"sha256": 3}')
    with pytest.raises(BundleError, match="is no model bundle"):
        read_bundle(folder)


def test_no_shipped_card_is_unfinished():
    for path in shipped_bundles().values():
        assert "placeholder" not in (path / "card.json").read_text()


def test_a_folder_that_is_no_bundle_is_refused(tmp_path):
    with pytest.raises(BundleError, match=r"is no model bundle: manifest\.json cannot be read"):
        read_bundle(tmp_path)


def test_the_hash_of_a_bundle_changes_with_its_weights(folder):
    before = read_bundle(folder).sha256
    (folder / "net.bin").write_bytes(b"better")
    assert seal_bundle(folder, CARD, made_with={}).sha256 != before


def test_every_shipped_bundle_is_whole():
    assert "default" in shipped_bundles()
    for name, path in shipped_bundles().items():
        assert read_bundle(path).name == name


def test_a_shipped_bundle_with_one_flipped_bit_is_refused(tmp_path):
    copy = shutil.copytree(shipped_bundles()["default"], tmp_path / "default")
    weights = bytearray((copy / "fine.bin").read_bytes())
    weights[1000] ^= 1
    (copy / "fine.bin").write_bytes(weights)
    with pytest.raises(BundleError, match=r"fine\.bin does not match"):
        read_bundle(copy)


def test_no_two_shipped_bundles_hold_the_same_file():
    paths = [path for folder in shipped_bundles().values() for path in folder.iterdir()]
    contents = [path.read_bytes() for path in paths]
    assert len(set(contents)) == len(paths)


@pytest.fixture
def borrower(folder, monkeypatch) -> Path:
    """Seal a bundle that has `net.bin` from the shipped bundle `toy`, and `own.bin` itself."""
    monkeypatch.setattr("gliokit.bundles.bundle.shipped_bundles", lambda: {"toy": folder})
    own = folder.with_name("borrower")
    own.mkdir()
    (own / "own.bin").write_bytes(b"own")
    seal_bundle(own, CARD, made_with={}, lenders={"net.bin": "toy"})
    return own


def test_a_lent_file_is_found_in_the_bundle_that_lends_it(borrower, folder):
    bundle = read_bundle(borrower)
    assert bundle.file("net.bin") == folder / "net.bin"
    assert bundle.file("own.bin") == borrower / "own.bin"


def test_a_lent_file_of_another_version_is_refused(borrower, folder):
    (folder / "net.bin").write_bytes(b"newer")
    with pytest.raises(BundleError, match=r"toy/net\.bin does not match the .*another version"):
        read_bundle(borrower)


def test_a_file_that_nobody_here_lends_is_refused(borrower, monkeypatch):
    monkeypatch.setattr("gliokit.bundles.bundle.shipped_bundles", dict)
    with pytest.raises(BundleError, match=r"takes net\.bin from the bundle 'toy'.*put it into"):
        read_bundle(borrower)


def test_a_copy_that_was_given_the_lent_file_needs_no_lender(borrower, folder, monkeypatch):
    before = read_bundle(borrower).sha256
    shutil.copy(folder / "net.bin", borrower)
    monkeypatch.setattr("gliokit.bundles.bundle.shipped_bundles", dict)
    whole = read_bundle(borrower)
    assert whole.file("net.bin") == borrower / "net.bin"
    assert whole.sha256 == before


def test_a_file_is_lent_only_under_a_hash(borrower):
    manifest = json.loads((borrower / "manifest.json").read_text())
    del manifest["sha256"]["net.bin"]
    (borrower / "manifest.json").write_text(json.dumps(manifest))
    with pytest.raises(BundleError, match=r"net\.bin, which its manifest does not list"):
        read_bundle(borrower)
