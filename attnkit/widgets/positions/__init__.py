"""Widgets of chapter 8."""
