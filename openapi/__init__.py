"""The contracts and their requirement catalogues, as package data: read them with `importlib.resources.files("openapi")`."""
