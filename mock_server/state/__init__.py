"""The one store of the mock's state."""
