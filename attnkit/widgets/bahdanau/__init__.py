"""The widget of chapter 4."""
