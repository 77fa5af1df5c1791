"""The host link's hardware (`docs/protocol.md`)."""
