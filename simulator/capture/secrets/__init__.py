"""What is a secret, and what stands for it where it was."""
