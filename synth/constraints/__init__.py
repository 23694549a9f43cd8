"""What must hold in every row: rules, derived columns, and how they are discovered."""
