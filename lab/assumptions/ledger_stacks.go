package assumptions

// stacks is about CloudFormation.
var stacks = []Assumption{}
