"""Run directories, models and texts made to harm: links, pipes, pickles, huge or odd documents, escapes."""

from tests.attack.hostile import documents, links, models, texts

FAMILIES = [*links.FAMILIES, *documents.FAMILIES, *models.FAMILIES, *texts.FAMILIES]
