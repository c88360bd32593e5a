"""Things: what is in front, and where is it?"""
