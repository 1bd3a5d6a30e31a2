"""What pages show, as plain data made of rows."""
