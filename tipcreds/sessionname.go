package tipcreds

import "strings"

// Limits of STS RoleSessionName.
const (
	minSessionName = 2
	maxSessionName = 64
)

// fallbackSessionName is used when there is no user id to name.
const fallbackSessionName = "tip"

func defaultSessionName(userID string) string {
	if userID == "" {
		return fallbackSessionName
	}
	return "tip-" + userID
}

// cleanSessionName makes name one that STS accepts. The JWT is spent when the
// name is needed, so a wrong character must not cost the exchange.
func cleanSessionName(name string) string {
	clean := strings.Map(func(r rune) rune {
		if sessionNameRune(r) {
			return r
		}
		return '-'
	}, name)
	if len(clean) > maxSessionName {
		clean = clean[:maxSessionName]
	}
	if len(clean) < minSessionName {
		return fallbackSessionName
	}
	return clean
}

func validSessionName(name string) bool {
	return len(name) >= minSessionName && cleanSessionName(name) == name
}

// sessionNameRune reports whether r is in the pattern [\w+=,.@-] of STS.
func sessionNameRune(r rune) bool {
	switch {
	case r >= 'a' && r <= 'z', r >= 'A' && r <= 'Z', r >= '0' && r <= '9':
		return true
	default:
		return strings.ContainsRune("_+=,.@-", r)
	}
}
