"""`python -m mock_server` is the same as `histdata-mock`."""

import sys

from mock_server.cli import main

sys.exit(main())
