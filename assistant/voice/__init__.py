"""The voice: everything the wearer hears. Standard library only, so that nothing broken elsewhere can silence it."""
