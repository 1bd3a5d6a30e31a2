"""What is read about people and their accounts."""
