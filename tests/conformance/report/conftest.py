"""Settings of the properties in this folder."""

from hypothesis import settings

# The first page compiles its template, and a loaded machine is no fault of a report.
settings.register_profile(
    "unhurried", settings.get_profile(settings.get_current_profile_name()), deadline=None
)
settings.load_profile("unhurried")
