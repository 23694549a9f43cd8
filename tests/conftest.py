"""What every test needs."""

from hypothesis import settings

# A loaded machine is not a failure.
settings.register_profile("populace", deadline=None)
settings.load_profile("populace")
