"""Tests of a policy: files of expectations, their coverage of the declarations, and a plug-in for pytest.

The plug-in is imported by every run of pytest in an environment that has rowgate, so nothing is imported from here.
"""
