package s3control

// SessionPolicy is what limits the session for a target.
var SessionPolicy = sessionPolicy
