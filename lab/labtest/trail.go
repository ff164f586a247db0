package labtest

import "github.com/tip-cli/tip-cli/lab"

// Events are the entries of the audit trail that match everything that is asked,
// oldest first: what CloudTrail would have.
//
//	labtest.Events(l, labtest.Named("GetDataAccess"), labtest.OnBehalfOf(labtest.AnalystID))
func Events(l *lab.Lab, matches ...func(*lab.Event) bool) []lab.Event {
	var found []lab.Event
	all := l.Events()
	for i := range all {
		if everything(&all[i], matches) {
			found = append(found, all[i])
		}
	}
	return found
}

func everything(e *lab.Event, matches []func(*lab.Event) bool) bool {
	for _, match := range matches {
		if !match(e) {
			return false
		}
	}
	return true
}

// Named matches events of an operation, such as CreateTokenWithIAM.
func Named(operation string) func(*lab.Event) bool {
	return func(e *lab.Event) bool { return e.EventName == operation }
}

// OnBehalfOf matches events whose credentials carry the identity of a user, by the
// id in the identity store.
func OnBehalfOf(userID string) func(*lab.Event) bool {
	return func(e *lab.Event) bool {
		return e.UserIdentity.OnBehalfOf != nil && e.UserIdentity.OnBehalfOf.UserID == userID
	}
}

// Refused matches events of requests that were refused with an error code, or, with
// an empty one, with any.
func Refused(code string) func(*lab.Event) bool {
	return func(e *lab.Event) bool { return e.ErrorCode != "" && (code == "" || code == e.ErrorCode) }
}
