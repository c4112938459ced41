"""Serving in earnest: a budget and a log line for each request, health, metrics, and the processes of the server.

Nothing is imported here: the metrics of several processes must be given their folder before their library is loaded.
"""
