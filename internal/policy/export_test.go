package policy

// Statements returns the number of statements, at least one.
func (d *Document) Statements() int { return len(d.statements) }
