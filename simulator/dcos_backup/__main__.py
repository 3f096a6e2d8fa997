"""``python -m simulator.dcos_backup``."""

import sys

from simulator.dcos_backup.entry import main

if __name__ == "__main__":
    sys.exit(main())
