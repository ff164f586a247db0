package credserver

import (
	"context"
	"crypto/sha256"
	"crypto/subtle"
	"encoding/json"
	"errors"
	"net"
	"net/http"
	"strconv"
	"strings"
	"time"
	"unicode"
)

// document is what SDKs read: botocore's ContainerMetadataFetcher, endpointcreds of
// the SDK for Go, fromHttp of that for JavaScript.
type document struct {
	AccessKeyID     string `json:"AccessKeyId"`
	SecretAccessKey string
	Token           string
	Expiration      string
	AccountID       string `json:"AccountId,omitempty"`
}

// refusal is an answer that is no credentials.
type refusal struct {
	status        int
	code, message string
}

// ServeHTTP implements http.Handler for the connections of [Server.Serve].
func (s *Server) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	if r.ContentLength != 0 { // nobody waits for a body that nobody reads
		_ = http.NewResponseController(w).SetReadDeadline(time.Now())
	}
	route, no := s.admit(r)
	if no != nil {
		no.write(w)
		return
	}
	if !s.count(1, false) {
		s.refusalOf(ErrEnding).write(w)
		return
	}
	defer s.count(-1, false)
	admitted(r)
	c, err := route.get(r.Context())
	if err != nil {
		s.refusalOf(err).write(w)
		return
	}
	write(w, http.StatusOK, document{
		AccessKeyID: c.AccessKeyID, SecretAccessKey: c.SecretAccessKey.Reveal(), Token: c.SessionToken.Reveal(),
		Expiration: c.Expiration.UTC().Format(time.RFC3339), AccountID: c.AccountID,
	})
}

// admit finds the route of a request that may be answered. Who has no token learns
// nothing about what is there.
func (s *Server) admit(r *http.Request) (*route, *refusal) {
	switch {
	case !s.addressed(r.Host):
		return nil, &refusal{http.StatusForbidden, "WrongHost", "the Host header must name " + s.host + ", the address that is listened on"}
	case fromBrowser(r.Header):
		return nil, &refusal{http.StatusForbidden, "NoBrowsers", "web pages get no credentials"}
	case !s.authorized(r.Header):
		return nil, &refusal{http.StatusUnauthorized, "Unauthorized", "the Authorization header must be the token of this server, as in AWS_CONTAINER_AUTHORIZATION_TOKEN or the file of AWS_CONTAINER_AUTHORIZATION_TOKEN_FILE"}
	case r.Method != http.MethodGet:
		return nil, &refusal{http.StatusMethodNotAllowed, "MethodNotAllowed", "only GET is answered"}
	case r.ContentLength != 0:
		return nil, &refusal{http.StatusBadRequest, "UnexpectedBody", "a request for credentials has no body"}
	}
	route := s.routes[r.RequestURI] // to the letter: nothing is cleaned, unescaped or redirected
	if route == nil {
		return nil, &refusal{http.StatusNotFound, "NotFound", "there are no credentials at this path"}
	}
	return route, nil
}

// addressed reports whether a Host header names this server by an address or name
// that is always this machine. A page that has its own name resolve to loopback
// (DNS rebinding) names itself.
func (s *Server) addressed(host string) bool {
	_, port, err := net.SplitHostPort(s.host)
	if err != nil {
		return false
	}
	for _, name := range []string{"127.0.0.1", "localhost", "[::1]"} {
		if at := name + ":" + port; host == at || port == "80" && host == name {
			return true
		}
	}
	return host == s.host
}

// fromBrowser reports whether a request carries what browsers add and SDKs do not.
func fromBrowser(h http.Header) bool {
	for _, name := range []string{"Origin", "Sec-Fetch-Site", "Referer"} {
		if len(h.Values(name)) > 0 {
			return true
		}
	}
	return false
}

// authorized compares in constant time, whatever the length.
func (s *Server) authorized(h http.Header) bool {
	shown := h.Values("Authorization")
	if len(shown) != 1 {
		return false
	}
	digest := sha256.Sum256([]byte(shown[0]))
	return subtle.ConstantTimeCompare(digest[:], s.digest[:]) == 1
}

// refusalOf words an error of a source, with its hint.
func (s *Server) refusalOf(err error) *refusal {
	switch {
	case errors.Is(err, ErrEnding):
		return &refusal{http.StatusServiceUnavailable, "Ending", err.Error()}
	case errors.Is(err, context.DeadlineExceeded), errors.Is(err, context.Canceled):
		return &refusal{http.StatusServiceUnavailable, "Timeout", "no credentials could be had in time: " + err.Error()}
	}
	status, code := s.status(err)
	if status < 400 || status > 599 { // never a success
		status = http.StatusInternalServerError
	}
	return &refusal{status, code, worded(err)}
}

// worded is an error on one line, with its hint.
func worded(err error) string {
	text := err.Error()
	var hinted interface{ Hint() string }
	if errors.As(err, &hinted) && hinted.Hint() != "" {
		text += "; " + hinted.Hint()
	}
	return oneLine(text)
}

// refused is the body of a refusal. The SDK for JavaScript reads the members in
// upper case, those for Java and C++ in lower case, and that for Go either.
type refused struct {
	Code     string `json:"code"`
	Message  string `json:"message"`
	Code2    string `json:"Code"`
	Message2 string `json:"Message"`
}

// retryAfter is in seconds.
const retryAfter = "1"

func (no *refusal) write(w http.ResponseWriter) {
	h := w.Header()
	switch no.status {
	case http.StatusUnauthorized:
		h.Set("WWW-Authenticate", "Token")
	case http.StatusMethodNotAllowed:
		h.Set("Allow", http.MethodGet)
	case http.StatusServiceUnavailable, http.StatusTooManyRequests:
		h.Set("Retry-After", retryAfter)
	}
	message := oneLine(no.message)
	write(w, no.status, refused{no.code, message, no.code, message})
}

// write sends a document in one piece, for nobody to keep. When it returns, it is on
// its way, so that the end of the server does not cut it off.
func write(w http.ResponseWriter, status int, document any) {
	h := w.Header()
	h.Set("Cache-Control", "no-store")
	h.Set("X-Content-Type-Options", "nosniff")
	text, err := json.Marshal(document)
	if err != nil { // strings only: it does not happen
		w.WriteHeader(http.StatusInternalServerError)
		return
	}
	h.Set("Content-Type", "application/json")
	h.Set("Content-Length", strconv.Itoa(len(text)))
	w.WriteHeader(status)
	_, _ = w.Write(text)
	_ = http.NewResponseController(w).Flush()
}

// maxMessage is the length of a message, in bytes, beyond which nobody reads it.
const maxMessage = 1000

func oneLine(text string) string {
	text = strings.Map(func(r rune) rune {
		switch {
		case r == '\n':
			return ' '
		case !unicode.IsPrint(r):
			return -1
		}
		return r
	}, text)
	if len(text) > maxMessage {
		text = strings.ToValidUTF8(text[:maxMessage], "") + " ..."
	}
	return text
}
