"""`python3 -m scan ROOT`."""

from .scan import main

raise SystemExit(main())
