"""How the portraits were made and are judged; not needed to show them."""
