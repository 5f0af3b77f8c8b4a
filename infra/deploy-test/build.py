"""The functions and the template, laid out as `sam build` lays them out."""

import json
import pathlib
import platform
import shutil

import adapt
from stack import FUNCTION


def architecture():
    """This machine's, as the template's parameter names it."""
    return "arm64" if platform.machine() in ("aarch64", "arm64") else "x86_64"


def as_for_aws(commands, root, folder):
    """`sam build`, for this machine's processor."""
    commands.run(
        "sam", "build",
        "--config-file", str(root / "samconfig.toml"),
        "--build-dir", str(folder),
        "--parameter-overrides", f"Architecture={architecture()}",
    )  # fmt: skip


def for_this_machine(commands, root, folder):
    """The same from cargo's own target folder, where the tests have compiled nearly all of it already.

    `sam build` has cargo-lambda compile for a named target, which shares nothing with it: every
    dependency a second time.
    """
    template = adapt.read(root / "infra/template.yaml")
    functions = {
        name: resource
        for name, resource in template["Resources"].items()
        if resource["Type"] == FUNCTION
    }
    packages = [each["Metadata"]["BuildProperties"]["Binary"] for each in functions.values()]
    options = [option for package in packages for option in ("--package", package)]
    commands.run("cargo", "build", "--locked", *options)
    metadata = commands.output("cargo", "metadata", "--no-deps", "--format-version", "1")
    target = pathlib.Path(json.loads(metadata)["target_directory"])
    shutil.rmtree(folder, ignore_errors=True)
    for name, resource in functions.items():
        binary = resource.pop("Metadata")["BuildProperties"]["Binary"]
        (folder / name).mkdir(parents=True)
        bootstrap = folder / name / "bootstrap"
        shutil.copy2(target / "debug" / binary, bootstrap)
        if shutil.which("strip"):
            # As the release profile does; the symbols are most of what would be uploaded.
            commands.run("strip", str(bootstrap))
        resource["Properties"]["CodeUri"] = name
    adapt.write(template, folder / "template.yaml")
