"""What people read, in their language: wording of instruments and texts of the interface, with completeness.

For texts as data. Not for sending or showing them.
"""
