"""A small AWX: the part of its API that its Ansible modules use, with its rules.

What it refuses, and in which words, is AWX 24.6.1's. It keeps nothing on disk, and runs nothing.
"""
