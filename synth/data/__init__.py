"""Tables, schemas, evidence and aggregate counts: what goes in and comes out."""
