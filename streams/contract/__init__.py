"""Machine-readable descriptions of the public contract: the AsyncAPI document and JSON Schemas of records."""
