"""The widgets of chapter 10."""
