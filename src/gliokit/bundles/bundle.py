"""Model bundles: a folder with weights, `card.json` and `manifest.json`.

The manifest holds the sha256 of every other file; a bundle in which one differs, lacks or is
not listed is refused. The bundle's own hash is that of its manifest. Weights are safetensors
and OpenVINO IR, never pickle. This shows damage and mix-ups; it is no signature.

A file that a bundle of this package has in common with another need not lie in both: the
manifest's `from` names the one that lends it. A copy of the folder works wherever this package
holds the lender's very file, or where that file is put into the copy; elsewhere it is refused.
"""

import json
from collections.abc import Mapping
from dataclasses import asdict, dataclass, field, fields
from importlib.resources import files
from pathlib import Path
from typing import Any

from gliokit.bundles.file_hash import file_sha256
from gliokit.core.errors import BundleError

MANIFEST, CARD = "manifest.json", "card.json"
DAMAGED = "the bundle is damaged or altered: install it again"
ANOTHER_VERSION = (
    "the folder came with another version of gliokit: put its own file into it, or install that"
)


@dataclass(frozen=True, slots=True)
class Card:
    """What a model is, what it was made from and how good it is.

    Attributes
    ----------
    inputs, outputs : tuple of str
        Channels of the networks, in order.
    training, evaluation : tuple of str
        One statement each, with its figure, cohort and n.
    assumed, limits : tuple of str
        Choices that nothing published fixes; what it must not be used for.
    """

    name: str
    version: str
    purpose: str
    inputs: tuple[str, ...]
    outputs: tuple[str, ...]
    training: tuple[str, ...]
    evaluation: tuple[str, ...]
    intended_use: str
    limits: tuple[str, ...]
    assumed: tuple[str, ...]
    licence: str


@dataclass(frozen=True, slots=True)
class Bundle:
    """A bundle whose every file has been checked.

    Attributes
    ----------
    folder : Path
        Where it lies.
    card : Card
        Read from `card.json`.
    sha256 : str
        Of the manifest, and so of everything.
    lent : mapping of str to Path
        Files that lie in another bundle, by their name in this one.
    """

    folder: Path
    card: Card
    sha256: str
    lent: Mapping[str, Path] = field(default_factory=dict)

    @property
    def name(self) -> str:
        """Name of the model."""
        return self.card.name

    @property
    def version(self) -> str:
        """Version of the model."""
        return self.card.version

    def file(self, name: str) -> Path:
        """Say where a file of the bundle lies, or would if there were one."""
        return self.lent.get(name, self.folder / name)

    def network(self, name: str) -> tuple[Path, Path]:
        """Say where the structure and the weights of a network lie."""
        return self.file(f"{name}.xml"), self.file(f"{name}.bin")


def shipped_bundles() -> dict[str, Path]:
    """Folders of the bundles inside this package, by name."""
    shipped = Path(str(files("gliokit.bundles"))) / "shipped"
    return {manifest.parent.name: manifest.parent for manifest in shipped.glob(f"*/{MANIFEST}")}


def shipped_bundle(name: str) -> Path:
    """Give the folder of a bundle inside this package.

    Raises
    ------
    BundleError
        If it is not there.
    """
    shipped = shipped_bundles()
    if name not in shipped:
        raise BundleError(f"this installation has no bundle {name!r}; install gliokit again")
    return shipped[name]


def read_bundle(folder: Path) -> Bundle:
    """Check every file of a bundle against its manifest and read its card.

    Raises
    ------
    BundleError
        If a file is missing, altered or not listed, or the card is incomplete.
    """
    try:
        manifest = json.loads((folder / MANIFEST).read_bytes())
        listed, lenders = dict(manifest["sha256"]), dict(manifest.get("from", {}))
    except (OSError, ValueError, KeyError, TypeError, AttributeError) as error:
        raise BundleError(
            f"{folder} is no model bundle: {MANIFEST} cannot be read ({error}); "
            "give a folder written by gliokit, or reinstall it"
        ) from error
    own = _contents(folder)
    if unlisted := sorted((own | set(lenders)) - set(listed)):
        raise BundleError(f"{folder} holds {unlisted[0]}, which its manifest does not list")
    lent = _lent_files({name: lenders[name] for name in lenders if name not in own}, folder)
    for name, expected in listed.items():
        path = lent.get(name, folder / name)
        found = file_sha256(path) if path.is_file() else "no file"
        if found != expected:
            whose = f"the manifest of {folder}" if name in lent else "its manifest"
            raise BundleError(
                f"{path} does not match {whose}: found {found:.12}, needed {expected!s:.12}; "
                f"{ANOTHER_VERSION if name in lent else DAMAGED}"
            )
    return Bundle(folder, _read_card(folder / CARD), file_sha256(folder / MANIFEST), lent)


def seal_bundle(
    folder: Path,
    card: Card,
    *,
    made_with: Mapping[str, str],
    lenders: Mapping[str, str] | None = None,
) -> Bundle:
    """Write card and manifest for the weights that lie in a folder.

    Parameters
    ----------
    made_with : mapping of str to str
        Versions of the software, and fingerprints of the training runs.
    lenders : mapping of str to str
        Bundles of this package, by the names of files that lie there and not in `folder`.

    Raises
    ------
    BundleError
        If a file lies neither here nor there.
    """
    (folder / CARD).write_text(_json(asdict(card)))
    paths = {name: folder / name for name in _contents(folder)}
    paths |= _lent_files(lenders or {}, folder)
    manifest: dict[str, Mapping[str, str]] = {
        "sha256": {name: file_sha256(path) for name, path in sorted(paths.items())},
        "made_with": dict(sorted(made_with.items())),
    }
    if lenders:
        manifest["from"] = dict(sorted(lenders.items()))
    (folder / MANIFEST).write_text(_json(manifest))
    return read_bundle(folder)


def _lent_files(lenders: Mapping[str, str], folder: Path) -> dict[str, Path]:
    """Find the files that other bundles of this package hold for the one in `folder`."""
    shipped = shipped_bundles()
    found = {name: shipped.get(lender, folder) / name for name, lender in lenders.items()}
    for name, path in found.items():
        if not path.is_file():
            raise BundleError(
                f"{folder} takes {name} from the bundle {lenders[name]!r} of gliokit, and this "
                "installation has no such file; put it into the folder, or install the gliokit "
                "that the folder came with"
            )
    return found


def _contents(folder: Path) -> set[str]:
    """Every file but the manifest, by its path in the folder."""
    every = (path.relative_to(folder).as_posix() for path in folder.rglob("*") if path.is_file())
    return set(every) - {MANIFEST}


def _read_card(path: Path) -> Card:
    try:
        return Card(**json.loads(path.read_bytes(), object_hook=_with_tuples))
    except (OSError, ValueError, TypeError, AttributeError) as error:
        needed = ", ".join(field.name for field in fields(Card))
        raise BundleError(
            f"{path} is no complete model card ({error}); needed: {needed}"
        ) from error


def _with_tuples(content: dict[str, Any]) -> dict[str, Any]:
    return {k: tuple(v) if isinstance(v, list) else v for k, v in content.items()}


def _json(content: object) -> str:
    return json.dumps(content, indent=2, ensure_ascii=False) + "\n"
