"""How picture libraries are built and judged; not needed to show them."""
