"""Reads what was given, whatever it is: everything becomes sightings."""
