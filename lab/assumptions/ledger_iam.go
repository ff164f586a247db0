package assumptions

// iam is about IAM and the policy engine.
var iam = []Assumption{}
