"""Real beside synthetic, column by column."""
