"""What a drafter may copy from besides the prompt: the rest of the file, other open files, the workspace.

Nothing of it is read by the model, and none of it changes a text: it makes guesses right more often.
The index of a workspace is made by a worker process and held in memory only.
"""
