"""The contracts and their requirement catalogues, as package data.

Read them with `importlib.resources.files("openapi")`. A regular package, since the finder of an editable
install cannot read the resources of a namespace package.
"""
