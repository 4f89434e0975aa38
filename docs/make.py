"""Write the files in docs/ that are made from the code and from the shipped bundles.

python docs/make.py
"""

import json
from pathlib import Path

from gliokit.bundles.bundle import Card, read_bundle, shipped_bundles
from gliokit.reporting.findings_json import findings_schema

DOCS = Path(__file__).parent


def main() -> None:
    """Write them beside this script."""
    schema = json.dumps(findings_schema(), indent=2, ensure_ascii=False)
    (DOCS / "findings.schema.json").write_text(schema + "\n")
    (DOCS / "models").mkdir(exist_ok=True)
    for name, folder in shipped_bundles().items():
        (DOCS / "models" / f"{name}.md").write_text(card_page(read_bundle(folder).card))


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
