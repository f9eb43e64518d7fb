"""`python -m localazure`: the commands of Local Azure."""

import sys

from localazure.commands import main

sys.exit(main())
