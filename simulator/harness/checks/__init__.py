"""What is judged about a client in every scenario: checks over what it did and what it claimed."""
