package assumptions

// center is about sso-admin and the identity store.
var center = []Assumption{}
