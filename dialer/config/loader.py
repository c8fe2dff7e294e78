"""Reads `configs/` and `ivr_flows/`: a Configuration, or every fault of every file at once."""

import hashlib
import os
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import TypeVar

from pydantic import BaseModel, ValidationError

from dialer.compliance.pack import Pack
from dialer.config.access import Access
from dialer.config.access_checks import holders_of
from dialer.config.campaign import Campaign
from dialer.config.configuration import Configuration, Draft, Loaded, Prompts, Recording
from dialer.config.document import Document, read
from dialer.config.explain import explain
from dialer.config.faults import ConfigError, Fault, Place
from dialer.config.models import Agents, Client, Hours, Plant
from dialer.config.references import check
from dialer.config.salvage import salvage
from dialer.config.score_cards import ScoreCard
from dialer.config.test_calls import TestCall
from dialer.flows.model import Flow
from dialer.flows.pcm import recording_fault

M = TypeVar("M", bound=BaseModel)
MODELS: Mapping[str, type[BaseModel]] = {
    "plant": Plant, "agents": Agents, "client": Client, "hours": Hours, "rules": Pack, "campaign": Campaign,
    "flow": Flow, "test": TestCall, "card": ScoreCard, "access": Access,
}
"""By kind of file: `dialer schema` writes one schema each."""


def load(root: Path = Path(), env: Mapping[str, str] | None = None, plant: Path | None = None) -> Configuration:
    """Load the configuration below `root`; `plant` replaces `configs/plant.yaml`.

    `env`, the process's own by default, says which secrets are set. Raises ConfigError with all faults, sorted by
    place.
    """
    reading = _Reading(root)
    draft = reading.draft(os.environ if env is None else env, plant or root / "configs" / "plant.yaml")
    holders, unheld = holders_of(draft)
    faults = [*reading.faults, *check(draft), *unheld]
    if faults or draft.plant is None or draft.agents is None:
        raise ConfigError(faults)
    return Configuration(
        root=root,
        plant=draft.plant.model,
        clients=_models(draft.clients),
        agents=draft.agents.model.agents,
        hours=_models(draft.hours),
        rules=_models(draft.rules),
        campaigns=_models(draft.campaigns),
        flows=_models(draft.flows),
        prompts=draft.prompts,
        digest=reading.digest(draft.prompts),
        plant_document=draft.plant.document,
        test_calls=_models(draft.test_calls),
        score_cards=_models(draft.score_cards),
        access=holders,
    )


def _models(loaded: Mapping[str, Loaded[M]]) -> dict[str, M]:
    return {name: one.model for name, one in sorted(loaded.items())}


@dataclass(slots=True)
class _Reading:
    """One pass over the files: collects faults and the names of everything there is."""

    root: Path
    faults: list[Fault] = field(default_factory=list)
    documents: list[Document] = field(default_factory=list)

    def draft(self, env: Mapping[str, str], plant: Path) -> Draft:
        names: dict[str, frozenset[str]] = {}
        clients = self._folder("configs/clients", Client, "client", names)
        return Draft(
            root=self.root,
            env=env,
            plant=self._required(plant, Plant),
            agents=self._required(self.root / "configs" / "agents.yaml", Agents),
            clients=clients,
            hours=self._folder("configs/hours", Hours, "hours", names),
            rules=self._folder("configs/rules", Pack, "rules", names),
            campaigns=self._folder("configs/campaigns", Campaign, "campaign", names),
            flows=self._folder("ivr_flows", Flow, "flow", names),
            prompts=self._prompts(),
            names=names,
            test_calls=self._folder("configs/test_calls", TestCall, "test", names),
            score_cards=self._folder("configs/score_cards", ScoreCard, "card", names),
            access=self._optional(self.root / "configs" / "access.yaml", Access),
        )

    def _required(self, path: Path, model: type[M]) -> Loaded[M] | None:
        if not os.path.lexists(path):
            self.faults.append(Fault(Place(str(path)), "there is no such file", "every plant needs one"))
            return None
        return self._file(path, model)

    def _optional(self, path: Path, model: type[M]) -> Loaded[M] | None:
        return self._file(path, model) if os.path.lexists(path) else None

    def _file(self, path: Path, model: type[M]) -> Loaded[M] | None:
        document = read(path)
        self.documents.append(document)
        self.faults += document.faults
        if document.root is None:
            return None
        try:
            return Loaded(model.model_validate(document.value), document)
        except ValidationError as error:
            self.faults += explain(error, model, document)
            left = salvage(model, document, error)
            return None if left is None else Loaded(left, document, whole=False)

    def _folder(
        self, folder: str, model: type[M], kind: str, names: dict[str, frozenset[str]]
    ) -> dict[str, Loaded[M]]:
        """Every `NAME.yaml` of a folder, by the name it declares under its key `kind`."""
        found: dict[str, Loaded[M]] = {}
        stems: set[str] = set()
        for path in self._yaml_files(self.root / folder):
            stems.add(path.stem)
            if (loaded := self._file(path, model)) is None:
                continue
            name = str(getattr(loaded.model, kind))
            if name != path.stem:
                self.faults.append(_misnamed(loaded.document, kind, name, path, found))
            found.setdefault(name, loaded)
        names[kind] = frozenset(stems | set(found))
        return found

    def _yaml_files(self, folder: Path) -> Iterator[Path]:
        for path in self._list(folder):
            if path.suffix == ".yml":
                self.faults.append(Fault(Place(str(path)), "is not read", f"name it `{path.stem}.yaml`"))
            elif path.suffix == ".yaml" and not path.name.startswith("."):
                yield path

    def _prompts(self) -> Prompts:
        found: dict[tuple[str, str], Recording] = {}
        recordings = (path for path in self._list(self.root / "ivr_flows" / "prompts") if path.suffix == ".wav")
        for path in recordings:
            name, dot, language = path.stem.rpartition(".")
            if not dot:
                self.faults.append(Fault(Place(str(path)), "does not say its language",
                                         f"name it `{path.stem}.LANGUAGE.wav`, as `{path.stem}.de.wav`"))
                continue
            if fault := recording_fault(path):
                wrong, _, right = fault.partition("; ")
                self.faults.append(Fault(Place(str(path)), wrong, right))
            found[name, language] = _recording(path)
        return found

    def _list(self, folder: Path) -> list[Path]:
        """What a folder holds; one that is not there holds nothing."""
        try:
            return sorted(folder.iterdir())
        except FileNotFoundError:
            return []
        except OSError as error:
            wrong = f"cannot be read: {error.strerror or error}"
            self.faults.append(Fault(Place(str(folder)), wrong, "it must be readable"))
            return []

    def digest(self, prompts: Prompts) -> str:
        sums = hashlib.sha256()
        for document in self.documents:
            sums.update(f"{document.file}\0{document.digest}\0".encode())
        for recording in prompts.values():
            sums.update(f"{recording.path}\0{recording.size_bytes}\0{recording.changed_ns}\0".encode())
        return sums.hexdigest()


def _recording(path: Path) -> Recording:
    try:
        stat = path.stat()
    except OSError:  # a link to nothing: a fault already, but its name is taken
        return Recording(path, 0, 0)
    return Recording(path, stat.st_size, stat.st_mtime_ns)


def _misnamed(document: Document, kind: str, name: str, path: Path, found: Mapping[str, Loaded[M]]) -> Fault:
    place = document.place((kind,))
    if name in found:
        return Fault(place, f"{kind} `{name}` is already in {found[name].document.file}",
                     f"declare `{kind}: {path.stem}`")
    return Fault(place, f"declares {kind} `{name}`, but the file is called {path.name}",
                 f"declare `{kind}: {path.stem}`, or rename the file to {name}.yaml")
