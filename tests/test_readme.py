"""What the README repeats of the code is what the code says."""

from pathlib import Path

from secrets_app.management.commands.settings_table import markdown

README = (Path(__file__).resolve().parent.parent / "README.md").read_text()


def test_the_readme_lists_every_setting_as_the_code_has_it() -> None:
    assert markdown() in README, "run `python manage.py settings_table` and put its table into the README"
