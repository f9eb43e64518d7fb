"""The start of principal-used.pyz, in place of shiv's: it explains why the file cannot run or unpack itself here."""

import platform
import sys

BUILT_FOR = ("", "", "")  # filled in by finish_pyz.py
THIS = (platform.system(), platform.machine(), "%d.%d" % sys.version_info[:2])  # also for a Python without f-strings


def refuse(reason):
    sys.stderr.write("principal-used.pyz cannot run here: %s\n" % reason)
    sys.exit(2)


if THIS != BUILT_FOR:
    refuse("it has compiled packages for %s %s, Python %s, and this is %s %s, Python %s." % (BUILT_FOR + THIS))

import _bootstrap  # noqa: E402

extract = _bootstrap.extract_site_packages


def extract_or_refuse(*args, **options):
    try:
        extract(*args, **options)
    except OSError as error:
        reason = "%s: %s." % (error.filename or "it cannot unpack itself", error.strerror or error)
        refuse(reason + " Set SHIV_ROOT to a folder that is writable, with 80 MB of space.")


_bootstrap.extract_site_packages = extract_or_refuse
_bootstrap.bootstrap()
