"""The models that come with LiteLIC."""
