"""What a wheel says of the others' code in libpywasm: an SBOM (PEP 770) and the licences."""

from __future__ import annotations

import json
import re
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

from wheels.toolchain import BuildError, Toolchain

# SPDX identifiers; a module that is not here stops the build until somebody has read its licence.
LICENCES = {
    "github.com/go-python/gopy": "BSD-3-Clause",
    "github.com/tetratelabs/wazero": "Apache-2.0",
    "golang.org/x/sys": "BSD-3-Clause",
    "std": "BSD-3-Clause",
}
FILES = ("LICENSE", "NOTICE", "PATENTS")


@dataclass(frozen=True)
class Module:
    """A Go module in the library; `std` is Go itself."""

    name: str
    version: str

    @property
    def purl(self) -> str:
        return f"pkg:golang/{self.name}@{self.version}"


def modules(tools: Toolchain, library: Path) -> list[Module]:
    """As the library itself has it on record."""
    text = tools.run_go("version", "-m", str(library))
    found = [Module(*row) for row in re.findall(r"^\tdep\t(\S+)\t(\S+)", text, re.MULTILINE)]
    found.append(Module("std", tools.go_version.removeprefix("go")))
    if unknown := [module.name for module in found if module.name not in LICENCES]:
        raise BuildError(f"wheels/notices.py knows no licence of {', '.join(unknown)}")
    return found


def licences(tools: Toolchain, found: list[Module]) -> dict[str, bytes]:
    """The texts, by the name that they have below `licenses/`."""
    texts = {}
    for module in found:
        query = ["env", "GOROOT"]
        if module.name != "std":
            query = ["list", "-m", "-f", "{{.Dir}}", module.name]
        folder = Path(tools.run_go(*query).strip())
        for name in FILES:
            if (folder / name).exists():
                texts[f"{module.name}/{name}"] = (folder / name).read_bytes()
    if missing := {m.name for m in found} - {name.rpartition("/")[0] for name in texts}:
        raise BuildError(f"no licence is with the sources of {', '.join(sorted(missing))}")
    return texts


def sbom(name: str, version: str, found: list[Module]) -> bytes:
    """CycloneDX 1.6 in JSON."""
    purl = f"pkg:pypi/{name}@{version}"
    document = {
        "bomFormat": "CycloneDX",
        "specVersion": "1.6",
        "version": 1,
        "metadata": {"component": component(name, version, purl, "Apache-2.0")},
        "components": [
            component(module.name, module.version, module.purl, LICENCES[module.name])
            for module in found
        ],
        "dependencies": [{"ref": purl, "dependsOn": [module.purl for module in found]}],
    }
    return json.dumps(document, indent=1).encode() + b"\n"


def component(name: str, version: str, purl: str, licence: str) -> Mapping[str, object]:
    return {
        "type": "library",
        "bom-ref": purl,
        "name": name,
        "version": version,
        "purl": purl,
        "licenses": [{"license": {"id": licence}}],
    }
