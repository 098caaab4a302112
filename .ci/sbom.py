"""Writes the bill of materials of a binary, and checks it against CycloneDX's own schema.

Usage: sbom.py PACKAGE BINARY BILL, with `NAME vVERSION[ (SOURCE)]<TAB>LICENCE` of each crate on standard input.
"""

import hashlib
import sys
import tomllib
from pathlib import Path

from cyclonedx.model import HashAlgorithm, HashType
from cyclonedx.model.bom import Bom
from cyclonedx.model.component import Component, ComponentType
from cyclonedx.model.license import LicenseExpression
from cyclonedx.output.json import JsonV1Dot6
from cyclonedx.schema import SchemaVersion
from cyclonedx.validation.json import JsonStrictValidator
from packageurl import PackageURL

# What a binary has to be linked from, so that an empty list is noticed; and what none of them may be.
NEEDED = {"aws-lc-rs", "rustls", "hyper", "identity", "vault"}
FORBIDDEN = {"ring", "openssl", "reqwest", "local", "stand-in"}
# The Session Binding Service reaches no conversation, no model and no tool.
FORBIDDEN_TO_BINDER = {"aws-sdk-s3", "aws-sdk-bedrockruntime", "octocrab", "session", "agent"}


def sha256(digest):
    return [HashType(alg=HashAlgorithm.SHA_256, content=digest)]


def crates(checksums):
    """The crates on standard input, each once."""
    for line in sorted(set(sys.stdin.read().splitlines())):
        crate, licence = line.split("\t")
        name, version = crate.split(" ")[:2]
        version = version.removeprefix("v")
        checksum = checksums.get((name, version))
        yield Component(
            type=ComponentType.LIBRARY,
            name=name,
            version=version,
            # Those of this repository are at no registry.
            purl=PackageURL("cargo", None, name, version) if checksum else None,
            hashes=sha256(checksum) if checksum else None,
            licenses=[LicenseExpression(licence.replace("/", " OR "))] if licence else None,
            bom_ref=f"{name}@{version}",
        )


def main(package, binary, path):
    lock = tomllib.loads(Path("Cargo.lock").read_text())
    checksums = {(it["name"], it["version"]): it.get("checksum") for it in lock["package"]}
    parts = {it.bom_ref.value: it for it in crates(checksums)}
    [this] = [reference for reference, it in parts.items() if it.name == package]
    version = parts.pop(this).version
    program = Component(
        type=ComponentType.APPLICATION,
        name=package,
        version=version,
        hashes=sha256(hashlib.sha256(Path(binary).read_bytes()).hexdigest()),
        bom_ref=this,
    )
    bill = Bom(components=parts.values())
    bill.metadata.component = program
    bill.register_dependency(program, parts.values())
    text = JsonV1Dot6(bill).output_as_string(indent=1)
    wrong = JsonStrictValidator(SchemaVersion.V1_6).validate_str(text)
    if wrong:
        sys.exit(f"{path}: {wrong}")
    names = {it.name for it in parts.values()}
    missing = NEEDED - names
    extra = names & (FORBIDDEN | (FORBIDDEN_TO_BINDER if package.startswith("bind-session") else set()))
    if missing or extra:
        sys.exit(f"{path}: lacks {sorted(missing)}, and has {sorted(extra)}")
    Path(path).write_text(text)
    print(f"{path}: {len(parts)} crates")


main(*sys.argv[1:])
