"""What the model reads of other files: found beside the decode thread, waited for briefly, kept while one types.

Blocks stand before the document, those that change least first, so that what is computed for them
stays when the document's own part of the prompt is laid out anew.
"""
