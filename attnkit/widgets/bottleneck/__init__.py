"""The widget of chapter 1."""
