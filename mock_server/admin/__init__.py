"""The mock's own control API, as `openapi/admin.yaml` describes it."""
