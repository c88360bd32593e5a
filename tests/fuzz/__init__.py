"""Hostile inputs for everything that reads what others have written: `make fuzz`. Not collected by a plain pytest.

Inputs come from Hypothesis, which `make test` needs anyway and which installs wherever Python does; atheris, guided by
coverage, has wheels for few machines. Most of what Hypothesis draws here are changes to something valid.
"""
