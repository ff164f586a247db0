package assumptions

// control is about accounts, regions, state and faults.
var control = []Assumption{}
