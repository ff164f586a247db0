package fastpath

// What the tests of this package look at.
var (
	Document    = document
	Write       = write
	ContextName = contextName
)

// Names are the names that internal/store and os have as well.
var Names = map[string]string{
	"state directory": homeVariable, "context": contextVariable, "directory": defaultDir, "contexts": contextsDir,
	"default": defaultContext, "current": currentContextFile, "config": configFile, "role": roleFile, "home": userHome,
}

// ParseRole parses role_creds.json; the result compares with what the store reads.
func ParseRole(text []byte) (Role, bool) {
	r, ok := parseRole(text)
	if !ok {
		return Role{}, false
	}
	return Role{
		r.accessKeyID, r.secretAccessKey, r.sessionToken, r.expiration.text, r.accountID, r.userID, r.fingerprint,
		r.obtainedAt.text, r.renewBefore, r.configDigest, string(r.document()),
	}, true
}

// Role is what ParseRole reads, and the document that comes of it.
type Role struct {
	AccessKeyID, SecretAccessKey, SessionToken, Expiration, AccountID, UserID, Fingerprint, ObtainedAt string
	RenewBefore                                                                                        int
	ConfigDigest, Document                                                                             string
}
