"""What every test stands on: the same random examples each time, and the browser that `make` found."""

from __future__ import annotations

import os

import pytest
from hypothesis import settings

# Two workers on two cores: more threads would only wait for one another. Read when torch is imported.
os.environ.setdefault("OMP_NUM_THREADS", "1")

# The same examples in every run, and no deadline: a slow machine is not a wrong formula.
settings.register_profile("house", derandomize=True, deadline=None)
settings.load_profile("house")


@pytest.fixture(scope="session")
def browser_type_launch_args(browser_type_launch_args: dict) -> dict:
    """Start the browser that tools/browser.py finds instead of Playwright's own download."""
    from tools.browser import launch_options

    return {**browser_type_launch_args, **launch_options()}
