"""Gives the file that shiv built another start, pyz_main.py. Usage: python finish_pyz.py FILE.

Run it with the Python that the file is built for.
"""

import platform
import sys
from pathlib import Path
from zipfile import ZIP_DEFLATED, ZipFile

START = Path(__file__).with_name("pyz_main.py")


def finish(file: Path) -> None:
    """Write the archive again, with its first line, `#!/usr/bin/env python3`, and another start."""
    built_for = (platform.system(), platform.machine(), "{}.{}".format(*sys.version_info))
    start = START.read_text(encoding="utf-8").replace('BUILT_FOR = ("", "", "")', f"BUILT_FOR = {built_for!r}")
    first_line = file.read_bytes().split(b"\n", 1)[0] + b"\n"
    draft = file.with_suffix(".draft")
    with ZipFile(file) as built, draft.open("wb") as output:
        output.write(first_line)
        with ZipFile(output, "w", ZIP_DEFLATED) as archive:
            for entry in built.infolist():
                archive.writestr(entry, start if entry.filename == "__main__.py" else built.read(entry))
    draft.chmod(0o755)
    draft.replace(file)


if __name__ == "__main__":
    finish(Path(sys.argv[1]))
