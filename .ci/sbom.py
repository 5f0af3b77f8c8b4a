"""What each function is made of: a CycloneDX bill of materials for every package in functions/.

    cargo metadata --locked --format-version 1 --filter-platform aarch64-unknown-linux-gnu \
        | python .ci/sbom.py target/ci/sbom

Counts what is linked: normal dependencies, no build or test ones. A crate's hash is that of Cargo.lock,
which is what cargo downloaded and checked. Needs cyclonedx-python-lib, which checkov brings.
"""

import json
import sys
import tomllib
from pathlib import Path

from cyclonedx.factory.license import LicenseFactory
from cyclonedx.model import HashAlgorithm, HashType
from cyclonedx.model.bom import Bom
from cyclonedx.model.component import Component, ComponentType
from cyclonedx.output.json import JsonV1Dot5
from packageurl import PackageURL


def linked(root, nodes):
    """The ids of a package and of everything that is linked into it."""
    found, waiting = set(), [root]
    while waiting:
        package = waiting.pop()
        if package not in found:
            found.add(package)
            for dependency in nodes[package]["deps"]:
                if any(kind["kind"] is None for kind in dependency["dep_kinds"]):
                    waiting.append(dependency["pkg"])
    return found


def component(package, checksums, kind=ComponentType.LIBRARY):
    name, version = package["name"], package["version"]
    checksum = checksums.get((name, version))
    # Ours come from this folder and from nowhere else, so they have no address of a package.
    purl = PackageURL(type="cargo", name=name, version=version) if checksum else None
    licence = package.get("license")
    return Component(
        type=kind,
        name=name,
        version=version,
        bom_ref=f"{name}@{version}",
        purl=purl,
        # An old way of writing "or".
        licenses=[LicenseFactory().make_from_string(licence.replace("/", " OR "))] if licence else [],
        hashes=[HashType(alg=HashAlgorithm.SHA_256, content=checksum)] if checksum else [],
    )


def main(folder):
    metadata = json.load(sys.stdin)
    nodes = {node["id"]: node for node in metadata["resolve"]["nodes"]}
    packages = {package["id"]: package for package in metadata["packages"]}
    workspace = Path(metadata["workspace_root"])
    lock = tomllib.loads((workspace / "Cargo.lock").read_text())
    checksums = {(one["name"], one["version"]): one.get("checksum") for one in lock["package"]}
    folder.mkdir(parents=True, exist_ok=True)
    written = 0
    for root in metadata["workspace_members"]:
        if Path(packages[root]["manifest_path"]).parent.parent != workspace / "functions":
            continue
        parts = {one: component(packages[one], checksums) for one in linked(root, nodes)}
        parts[root] = component(packages[root], checksums, ComponentType.APPLICATION)
        bom = Bom(components=[part for one, part in parts.items() if one != root])
        bom.metadata.component = parts[root]
        for one, part in parts.items():
            on = {dependency["pkg"] for dependency in nodes[one]["deps"]} & parts.keys()
            bom.register_dependency(part, [parts[other] for other in on])
        file = folder / f"{packages[root]['name']}.cdx.json"
        file.write_text(JsonV1Dot5(bom).output_as_string(indent=1))
        print(f"{len(parts):4} packages  {file}")
        written += 1
    if not written:
        sys.exit("no function was found")


if __name__ == "__main__":
    main(Path(sys.argv[1]))
