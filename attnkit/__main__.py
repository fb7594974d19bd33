"""``python -m attnkit``: train a translator, translate with it, measure it."""

import sys

if __name__ == "__main__":
    try:
        from attnkit.cli import main
    except ModuleNotFoundError as missing:
        sys.exit(f"python -m attnkit needs {missing.name}: pip install 'attnkit[torch,train]'")
    main(prog_name="python -m attnkit")
