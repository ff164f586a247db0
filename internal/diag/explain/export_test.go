package explain

// Causes are those of all tables.
func Causes() []Cause {
	var all []Cause
	for _, table := range tables() {
		for i := range table {
			all = append(all, table[i].causes...)
		}
	}
	return all
}

// IDs are those of all pieces.
func IDs() []string {
	var all []string
	for _, table := range tables() {
		for i := range table {
			all = append(all, table[i].id)
		}
	}
	return all
}
