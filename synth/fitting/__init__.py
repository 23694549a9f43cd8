"""From a table to a population: inspection, plan, fit, refit."""
