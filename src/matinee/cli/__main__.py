"""`python -m matinee.cli`."""

from matinee.cli import main

raise SystemExit(main())
