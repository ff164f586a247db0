package world

// User of an identity store.
type User struct {
	ID, UserName, DisplayName string
	// Email is the only e-mail address, empty for none; the other two belong to it.
	Email, EmailType string
	EmailPrimary     bool
	ExternalIDs      []ExternalIDFile
	Disabled         bool
	ProfileFile
	StampFile
}

// Group of an identity store. Its members are [Membership]s.
type Group struct {
	ID, DisplayName, Description string
	ExternalIDs                  []ExternalIDFile
	StampFile
}

// Membership of a user in a group, both named by their ids.
type Membership struct {
	ID, GroupID, UserID string
	StampFile
}
