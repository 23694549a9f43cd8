"""A survey: whether people believe that the profiles are real."""
