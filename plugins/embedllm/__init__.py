"""EmbedLLM (arXiv 2410.02223): which model answers which question, from embeddings of both."""
