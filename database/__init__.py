"""The sample database: its mapped classes, its rows, and the code that loads them."""
