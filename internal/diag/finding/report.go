package finding

// Report is what a diagnosis came to.
type Report struct {
	Results []Result
}

// Count says how many results have a status.
func (r *Report) Count(s Status) int {
	n := 0
	for i := range r.Results {
		if r.Results[i].Status == s {
			n++
		}
	}
	return n
}

// Worst is the status of a section: that of its worst result, Skipped if it has none.
func (r *Report) Worst(s Section) Status {
	worst := Skipped
	for i := range r.Results {
		if of := &r.Results[i]; of.Section == s && of.Status.Worse(worst) {
			worst = of.Status
		}
	}
	return worst
}

// Of returns the results of a section.
func (r *Report) Of(s Section) []Result {
	var of []Result
	for i := range r.Results {
		if r.Results[i].Section == s {
			of = append(of, r.Results[i])
		}
	}
	return of
}

// First is the one to begin with: the first failure, else the first warning; nil if
// there is neither.
func (r *Report) First() *Result {
	for _, s := range []Status{Fail, Warn} {
		for i := range r.Results {
			if r.Results[i].Status == s {
				return &r.Results[i]
			}
		}
	}
	return nil
}
