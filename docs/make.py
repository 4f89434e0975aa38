"""Write the files in docs/ that are made from the code.

python docs/make.py
"""

import json
from pathlib import Path

from gliokit.reporting.findings_json import findings_schema


def main() -> None:
    """Write them beside this script."""
    schema = json.dumps(findings_schema(), indent=2, ensure_ascii=False)
    (Path(__file__).parent / "findings.schema.json").write_text(schema + "\n")


if __name__ == "__main__":
    main()
