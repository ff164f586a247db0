// Package policy parses IAM policy documents and evaluates requests against
// them, as the IAM user guide describes the language and its evaluation logic.
//
// [Parse] is strict: whatever IAM would refuse, and whatever this package could
// only evaluate by guessing (an unknown operator, an unknown policy variable, a
// value that its operator cannot compare), is a [*SyntaxError] at load time and
// never a statement that is skipped later. [Document.Evaluate] answers for one
// document, [Authorize] combines the documents of every policy type that apply
// to a request and says which of them decided; [Explain] says what each of them
// says, for the policy simulator.
//
// A [Document] is immutable after Parse and safe for concurrent use. Evaluation
// reads the [Request] and keeps nothing.
//
// The package holds no state, does no input or output and does not know which
// actions or resources exist. It does not resolve principals (a policy naming a
// role that does not exist parses), does not implement service control policies
// or resource control policies, and does not write policies.
package policy
