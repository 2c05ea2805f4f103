"""From what a user names to what is loaded: arguments, registered facts, registry, plugins, models."""
