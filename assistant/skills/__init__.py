"""The skills, which the wearer asks for: friends, things, description, reading. Off by default, one folder each.

A skill answers a question by a generator (`session.AnswerFunction`): it takes looks at the scene, has its engine work
on pictures, and yields what is to be spoken. The engine, with its libraries and weights, runs in a process of its own,
which is started by the first request, has a memory limit and may die at any time. A skill that is off is never
imported.
"""
