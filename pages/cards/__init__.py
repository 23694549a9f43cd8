"""People as cards, with their menus and dialogs."""
