"""Models of harness inside lm-eval; ``python -m harness_plugins.lm_eval`` is lm-eval's command line with them."""
