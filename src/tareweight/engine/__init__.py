"""The Docker Engine: reach it, describe it, install and start it where there is none."""
