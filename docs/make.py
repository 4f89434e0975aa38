"""Write the files in docs/ that are made from the code and from the shipped bundles.

python docs/make.py
"""

import json
from pathlib import Path

from feature_page import features_page

from gliokit.analysis.systems import SYSTEMS
from gliokit.bundles.bundle import Card, read_bundle, shipped_bundles
from gliokit.core.settings import as_mapping
from gliokit.core.system import System, SystemCard
from gliokit.reporting.findings_schema import findings_schema
from gliokit.reporting.timeline_schema import timeline_schema

DOCS = Path(__file__).parent


def main() -> None:
    """Write them beside this script."""
    for name, schema in (("findings", findings_schema()), ("timeline", timeline_schema())):
        text = json.dumps(schema, indent=2, ensure_ascii=False)
        (DOCS / f"{name}.schema.json").write_text(text + "\n")
    (DOCS / "models").mkdir(exist_ok=True)
    for name, folder in shipped_bundles().items():
        (DOCS / "models" / f"{name}.md").write_text(card_page(read_bundle(folder).card))
    (DOCS / "systems.md").write_text(systems_page())
    page = DOCS / "features.md"
    page.write_text(features_page(page.read_text()))


def systems_page() -> str:
    """Lay out the cards of all systems as one page."""
    head = (
        "# Systems\n\nEach is trained, run and evaluated by the same commands "
        "([evaluation.md](evaluation.md)). Published figures are of other cohorts than yours: they "
        "stand here for orientation, not for comparison. Made by `docs/make.py` from the cards."
    )
    return "\n\n".join([head, *(system_section(system) for system in SYSTEMS.values())]) + "\n"


def system_section(system: type[System]) -> str:
    """Lay out one system: its card, then its settings."""
    card = system.card
    parts = [f"## {card.name}: {card.title}", card.question]
    parts.append(
        f"**Needs** {', '.join(card.sequences)}{' (any of them)' if card.any_subset else ''}; "
        f"columns {', '.join(card.fields)}. **Source** {card.source}. **Cohort** {card.cohort}."
    )
    if card.figures:
        parts.append(figures_table(card))
    for title, statements in [
        ("Assumed", card.assumed),
        ("Departures", card.departures),
        ("Caveats", card.caveats),
    ]:
        if statements:
            parts.append(f"**{title}**\n\n" + "\n".join(_line(text) for text in statements))
    settings = json.dumps(as_mapping(system.Settings()), indent=1)
    parts.append(f"<details><summary>Settings</summary>\n\n```json\n{settings}\n```\n</details>")
    return "\n\n".join(parts)


def figures_table(card: SystemCard) -> str:
    """Lay out what the authors report."""
    rows = [
        f"| {own.quantity} | {own.value:g} | {own.cohort} | {own.level} | {own.caveat} |"
        for own in card.figures
    ]
    return "\n".join(
        ["| published | value | cohort | level | caveat |", "|---|---|---|---|---|", *rows]
    )


def card_page(card: Card) -> str:
    """Lay out a model card as a page; a statement that is a table row stays one."""
    parts = [f"# Model {card.name} {card.version}", card.purpose]
    parts += [f"**Intended use.** {card.intended_use}", f"**Licence.** {card.licence}."]
    parts += [f"**Inputs** {', '.join(card.inputs)}. **Outputs** {', '.join(card.outputs)}."]
    for title, statements in [
        ("Training", card.training),
        ("Evaluation", card.evaluation),
        ("Limits", card.limits),
        ("Assumed", card.assumed),
    ]:
        parts += [f"## {title}", "\n".join(_line(statement) for statement in statements)]
    return "\n\n".join(parts) + "\n"


def _line(statement: str) -> str:
    return statement if statement.startswith("|") or not statement else f"- {statement}"


if __name__ == "__main__":
    main()
