"""Readers of what arrives: files, archives, feeds and pages in; raw records, each with its bytes, out."""
