"""``python -m attnkit``: train a translator, translate with it, measure it."""

import signal
import sys

if __name__ == "__main__":
    try:
        from attnkit.cli import main
    except ModuleNotFoundError as missing:
        sys.exit(f"python -m attnkit needs {missing.name}: pip install 'attnkit[torch,train]'")
    signal.signal(signal.SIGTERM, signal.default_int_handler)  # a request to end is heard as Ctrl-C, workers included
    main(prog_name="python -m attnkit")
