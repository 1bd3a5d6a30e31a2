"""HTTP of topics."""
