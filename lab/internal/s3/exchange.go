package s3

import (
	"crypto/rand"
	"encoding/base64"
	"encoding/hex"
	"net/http"
	"strings"
	"time"

	"github.com/tip-cli/tip-cli/lab/internal/world"
)

// Exchange is a request and what became of it, for the audit trail and the
// console. It holds no secret.
type Exchange struct {
	// Session that signed, nil if anonymous or unknown.
	Session *world.Session
	// AccessKeyID that signed or claims to, also if it is unknown.
	AccessKeyID string
	// Operation as the S3 API names it (GetObject); empty if there is no such operation.
	Operation string
	// Action is the operation's IAM action or, if another one was denied, that.
	// It is empty where each key has its own (DeleteObjects).
	Action string
	// Resource is the ARN that Action was asked for.
	Resource    string
	Bucket, Key string
	VersionID   string
	// Account that owns the bucket, empty if there is no such bucket.
	Account string
	// Region that the request was for.
	Region string
	Status int
	// Code and Message of the error, empty on success.
	Code, Message string
	RequestID     string
	Method        string
	SourceIP      string
	UserAgent     string
	Host          string
	Start         time.Time
	// Duration until the answer was complete.
	Duration time.Duration
	// BytesSent counts the bytes of the answer's body.
	BytesSent int64
}

// newIDs makes a request id and an extended request id as S3's look.
func newIDs() (requestID, hostID string) {
	var b [64]byte
	_, _ = rand.Read(b[:]) // never fails: crypto/rand aborts the program instead
	return strings.ToUpper(hex.EncodeToString(b[:8])), base64.StdEncoding.EncodeToString(b[8:])
}

// recorder remembers what was answered.
type recorder struct {
	http.ResponseWriter
	status int
	sent   int64
}

func (w *recorder) WriteHeader(status int) {
	if w.status == 0 {
		w.status = status
	}
	w.ResponseWriter.WriteHeader(status)
}

func (w *recorder) Write(p []byte) (int, error) {
	if w.status == 0 {
		w.status = http.StatusOK
	}
	n, err := w.ResponseWriter.Write(p)
	w.sent += int64(n)
	return n, err
}

// Unwrap lets http.ResponseController through.
func (w *recorder) Unwrap() http.ResponseWriter { return w.ResponseWriter }
