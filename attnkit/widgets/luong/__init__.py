"""The widget of chapter 5."""
