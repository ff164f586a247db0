package world

// User of an identity store.
type User struct {
	ID, UserName, DisplayName, Email string
	ExternalIDs                      []ExternalIDFile
	Disabled                         bool
}

// Group of an identity store. Members are user ids.
type Group struct {
	ID, DisplayName string
	Members         []string
}
