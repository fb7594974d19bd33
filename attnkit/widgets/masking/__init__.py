"""The widgets of chapter 9."""
