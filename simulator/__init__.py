"""A fake DC/OS Enterprise cluster whose Backup and Restore service behaves as scripted."""
