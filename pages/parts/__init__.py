"""What the pages share: the sidebar, words and numbers for the screen, cards, charts, loaders."""
