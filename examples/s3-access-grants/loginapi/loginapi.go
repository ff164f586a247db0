// Package loginapi is the login endpoint of an application whose users are in a Cognito
// user pool:
//
//	POST /users/login {"email": ..., "password": ...}
//	200 {"token": ID token}    401 {"message": ...}
//
// It is the application that AWS's notebook of S3 Access Grants signs in to. A handler
// is safe for concurrent use. It does not limit how often somebody may try (Cognito
// does), answers no challenges, such as those of MFA, gives no refresh tokens, and logs
// neither passwords nor tokens nor names.
package loginapi

import (
	"encoding/json"
	"errors"
	"io"
	"log/slog"
	"mime"
	"net/http"
)

// MaxBody bounds the body of a request, in bytes.
const MaxBody = 4 << 10

// New returns the application's endpoint for the users of a pool.
func New(pool Pool, log *slog.Logger) http.Handler {
	mux := http.NewServeMux()
	mux.Handle("/users/login", &handler{pool, log})
	return mux
}

type handler struct {
	pool Pool
	log  *slog.Logger
}

// refusal is an answer other than a token.
type refusal struct {
	status  int
	message string
	// reason is for the log: what the user pool said.
	reason string
}

// Error implements error.
func (r *refusal) Error() string { return r.message }

// ServeHTTP implements [http.Handler].
func (h *handler) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	token, err := h.login(w, r)
	if err == nil {
		h.log.InfoContext(r.Context(), "signed in")
		answer(w, http.StatusOK, map[string]string{"token": token})
		return
	}
	refused, ok := errors.AsType[*refusal](err)
	if !ok {
		refused = &refusal{http.StatusBadGateway, "the user pool cannot be asked", err.Error()}
	}
	h.log.WarnContext(r.Context(), "not signed in", "status", refused.status, "reason", refused.reason)
	if refused.status == http.StatusMethodNotAllowed {
		w.Header().Set("Allow", http.MethodPost)
	}
	answer(w, refused.status, map[string]string{"message": refused.message})
}

func (h *handler) login(w http.ResponseWriter, r *http.Request) (string, error) {
	if r.Method != http.MethodPost {
		return "", refuse(http.StatusMethodNotAllowed, "send POST")
	}
	if kind, _, err := mime.ParseMediaType(r.Header.Get("Content-Type")); err != nil || kind != "application/json" {
		return "", refuse(http.StatusUnsupportedMediaType, "send application/json")
	}
	var user struct{ Email, Password string }
	body := json.NewDecoder(http.MaxBytesReader(w, r.Body, MaxBody))
	err := body.Decode(&user)
	if err == nil {
		if _, err = body.Token(); errors.Is(err, io.EOF) {
			err = nil
		} else if err == nil {
			err = errors.New("there is more behind the object")
		}
	}
	switch tooLong, _ := errors.AsType[*http.MaxBytesError](err); {
	case tooLong != nil:
		return "", refuse(http.StatusRequestEntityTooLarge, "the body is too long")
	case err != nil || user.Email == "" || user.Password == "":
		return "", refuse(http.StatusBadRequest, `send {"email": ..., "password": ...}`)
	}
	return h.pool.signIn(r.Context(), user.Email, user.Password)
}

func refuse(status int, message string) error { return &refusal{status, message, message} }

func answer(w http.ResponseWriter, status int, body map[string]string) {
	w.Header().Set("Content-Type", "application/json")
	w.Header().Set("Cache-Control", "no-store")
	w.WriteHeader(status)
	_ = json.NewEncoder(w).Encode(body) // to a client that may be gone
}
