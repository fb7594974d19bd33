"""The figures that are measured side by side; run by ``make bench``."""
