"""What all pages share: sidebar, header, charts, loaders, Markdown."""
