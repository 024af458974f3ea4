"""What a bill of materials is put together from (CycloneDX 1.5, whose components are dictionaries here)."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

Component = dict[str, Any]
#: Lists of a component that grow when it is in several parts: a package's wheels differ from one platform to the other.
_GROW = ("hashes", "externalReferences", "licenses")


@dataclass(frozen=True, kw_only=True)
class Listed:
    """Components, and what each needs of them in turn, by their references (`bom-ref`, which is the purl)."""

    components: tuple[Component, ...] = ()
    needs: Mapping[str, Sequence[str]] = field(default_factory=dict)

    def __or__(self, other: "Listed") -> "Listed":
        """Take both; of a component that is in both, all that either says."""
        merged = {one["bom-ref"]: dict(one) for one in self.components}
        for one in other.components:
            there = merged.setdefault(one["bom-ref"], one)
            merged[one["bom-ref"]] = {
                **one,
                **there,
                **{name: _union(there, one, name) for name in _GROW if name in one},
            }
        needs = {
            ref: sorted({*self.needs.get(ref, ()), *other.needs.get(ref, ())}) for ref in {**self.needs, **other.needs}
        }
        return Listed(components=tuple(merged.values()), needs=needs)


@dataclass(frozen=True, kw_only=True)
class Part:
    """Something of ours that stands by itself, and what is in it."""

    name: str
    kind: str  #: CycloneDX' type: application, container
    description: str
    listed: Listed

    def component(self, version: str) -> Component:
        """Give the part itself, as one of the whole."""
        named = {"bom-ref": f"matinee:{self.name}", "group": "matinee", "name": self.name, "version": version}
        licences = [{"license": {"id": "Apache-2.0"}}]
        return {"type": self.kind, **named, "description": self.description, "licenses": licences}


def assembled(parts: Sequence[Part], version: str) -> dict[str, Any]:
    """Give components and dependencies of the whole, in an order that depends on nothing else."""
    listed = Listed()
    for part in parts:
        listed |= part.listed
    owned = {f"matinee:{part.name}": sorted(one["bom-ref"] for one in part.listed.components) for part in parts}
    needs = {"matinee": sorted(owned), **owned, **{one["bom-ref"]: [] for one in listed.components}, **listed.needs}
    components = [*(part.component(version) for part in parts), *listed.components]
    return {
        "components": sorted(components, key=lambda one: str(one["bom-ref"])),
        "dependencies": [{"ref": ref, "dependsOn": list(needs[ref])} for ref in sorted(needs)],
    }


def _union(one: Component, other: Component, name: str) -> list[Any]:
    return list(_once([*one.get(name, []), *other.get(name, [])]))


def _once(found: Sequence[Any]) -> Iterator[Any]:
    seen: list[Any] = []
    for each in found:
        if each not in seen:
            seen.append(each)
            yield each
