"""One evaluation: the plan, the client through which models are asked, and the run of each cell."""
