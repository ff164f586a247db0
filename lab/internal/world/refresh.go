package world

import "time"

// RefreshToken is a refresh token of Identity Center.
type RefreshToken struct {
	ApplicationARN, UserID string
	Scopes                 []string
	// IssuerARN is the trusted token issuer whose JWT began the chain.
	IssuerARN string
	Expires   time.Time
	// Ended is as [Session.Ended].
	Ended time.Time `json:"Ended,omitzero"`
}

// IssueRefreshToken stores t and returns its opaque text.
func (w *World) IssueRefreshToken(t *RefreshToken) string {
	text := "aorAAAAA" + randomText(120)
	w.mu.Lock()
	defer w.mu.UnlockRuntime()
	w.sweep()
	w.refresh[text] = t
	return text
}

// RefreshToken returns the refresh token with the text, also when it has expired.
func (w *World) RefreshToken(text string) (*RefreshToken, bool) {
	w.mu.RLock()
	defer w.mu.RUnlock()
	t, ok := w.refresh[text]
	return t, ok
}

// SpendRefreshToken makes a refresh token unknown and reports whether it was known.
func (w *World) SpendRefreshToken(text string) bool {
	w.mu.Lock()
	defer w.mu.UnlockRuntime()
	_, known := w.refresh[text]
	delete(w.refresh, text)
	return known
}

// RevokeRefreshTokens makes every refresh token of Identity Center unknown.
func (w *World) RevokeRefreshTokens() {
	w.mu.Lock()
	defer w.mu.UnlockRuntime()
	clear(w.refresh)
}
