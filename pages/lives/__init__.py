"""Lives: states over time under facts about people and any part of their life."""
