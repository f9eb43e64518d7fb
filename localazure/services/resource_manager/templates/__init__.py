"""ARM templates: expressions, functions and the evaluation of a template."""
