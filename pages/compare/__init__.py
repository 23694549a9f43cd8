"""The Compare page: generators side by side on one table."""
