"""A thousand small faces that regroup by any column."""
