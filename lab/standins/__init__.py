"""Lab only: what stands in for the vendor's software. It behaves as the catalogue's section 'Lab stand-in behaviour' says.

No stand-in knows the tool that drives it."""
