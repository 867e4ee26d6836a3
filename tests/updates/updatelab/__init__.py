"""Updates of a cluster under load: what is sent meanwhile, what is updated to, what came of it."""
