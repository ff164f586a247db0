package world

import (
	"strings"
	"sync"
	"time"
)

// Event is an entry of the audit trail in CloudTrail's shape. Secrets never get
// into one: whoever records it hides them first.
type Event struct {
	EventVersion       string         `json:"eventVersion"`
	UserIdentity       UserIdentity   `json:"userIdentity"`
	EventTime          time.Time      `json:"eventTime"`
	EventSource        string         `json:"eventSource"`
	EventName          string         `json:"eventName"`
	AWSRegion          string         `json:"awsRegion"`
	SourceIPAddress    string         `json:"sourceIPAddress"`
	UserAgent          string         `json:"userAgent,omitempty"`
	ErrorCode          string         `json:"errorCode,omitempty"`
	ErrorMessage       string         `json:"errorMessage,omitempty"`
	RequestParameters  map[string]any `json:"requestParameters"`
	ResponseElements   map[string]any `json:"responseElements"`
	AdditionalData     map[string]any `json:"additionalEventData,omitempty"`
	RequestID          string         `json:"requestID"`
	EventID            string         `json:"eventID"`
	ReadOnly           bool           `json:"readOnly"`
	Resources          []Resource     `json:"resources,omitempty"`
	EventType          string         `json:"eventType"`
	ManagementEvent    bool           `json:"managementEvent"`
	RecipientAccountID string         `json:"recipientAccountId"`
	EventCategory      string         `json:"eventCategory"`
}

// Resource is a resource that an event touched.
type Resource struct {
	AccountID string `json:"accountId,omitempty"`
	Type      string `json:"type"`
	ARN       string `json:"ARN"`
}

// UserIdentity says who made a request.
type UserIdentity struct {
	Type             string          `json:"type"`
	PrincipalID      string          `json:"principalId,omitempty"`
	ARN              string          `json:"arn,omitempty"`
	AccountID        string          `json:"accountId,omitempty"`
	AccessKeyID      string          `json:"accessKeyId,omitempty"`
	UserName         string          `json:"userName,omitempty"`
	IdentityProvider string          `json:"identityProvider,omitempty"`
	SessionContext   *SessionContext `json:"sessionContext,omitempty"`
	OnBehalfOf       *OnBehalfOf     `json:"onBehalfOf,omitempty"`
}

// SessionContext of an assumed role.
type SessionContext struct {
	SessionIssuer  *SessionIssuer `json:"sessionIssuer,omitempty"`
	SourceIdentity string         `json:"sourceIdentity,omitempty"`
	Attributes     map[string]any `json:"attributes,omitempty"`
}

// SessionIssuer is the role behind a session.
type SessionIssuer struct {
	Type        string `json:"type"`
	PrincipalID string `json:"principalId"`
	ARN         string `json:"arn"`
	AccountID   string `json:"accountId"`
	UserName    string `json:"userName"`
}

// OnBehalfOf is the propagated person.
type OnBehalfOf struct {
	UserID           string `json:"userId"`
	IdentityStoreARN string `json:"identityStoreArn"`
}

// TrailLength bounds the events kept in memory.
const TrailLength = 10_000

// trail keeps the newest events and hands each to the sinks.
type trail struct {
	mu sync.Mutex
	// events is a ring once it is full, of which oldest is the beginning.
	events []Event
	oldest int
	sinks  []func(Event)
}

// add takes an event in, in place of the oldest of a full trail.
func (t *trail) add(e Event) {
	if len(t.events) < TrailLength {
		t.events = append(t.events, e)
		return
	}
	t.events[t.oldest] = e
	t.oldest = (t.oldest + 1) % TrailLength
}

// Record appends an event to the audit trail.
func (w *World) Record(e Event) {
	w.trail.mu.Lock()
	defer w.trail.mu.Unlock()
	w.trail.add(e)
	for _, sink := range w.trail.sinks {
		sink(e)
	}
}

// OnEvent calls sink for every further event, one at a time, in order. sink must
// not call Record.
func (w *World) OnEvent(sink func(Event)) {
	w.trail.mu.Lock()
	defer w.trail.mu.Unlock()
	w.trail.sinks = append(w.trail.sinks, sink)
}

// Events returns the newest 10,000 events of the audit trail, oldest first.
func (w *World) Events() []Event {
	w.trail.mu.Lock()
	defer w.trail.mu.Unlock()
	events := make([]Event, 0, len(w.trail.events)) // never nil: JSON has a list
	return append(append(events, w.trail.events[w.trail.oldest:]...), w.trail.events[:w.trail.oldest]...)
}

// Principal describes a session for the audit trail.
func (w *World) Principal(s *Session) UserIdentity {
	id := UserIdentity{
		Type: string(s.Kind), PrincipalID: s.UserID, ARN: s.ARN,
		AccountID: s.Account, AccessKeyID: s.AccessKeyID,
	}
	if s.Kind == KindAssumedRole {
		id.SessionContext = &SessionContext{
			SourceIdentity: s.SourceIdentity,
			Attributes:     map[string]any{"creationDate": s.Issued.UTC().Format(time.RFC3339), "mfaAuthenticated": "false"},
		}
		if r, ok := w.Role(s.RoleARN); ok {
			id.SessionContext.SessionIssuer = &SessionIssuer{Type: "Role", PrincipalID: r.ID, ARN: r.ARN(), AccountID: r.Account, UserName: r.Name}
		} else if w.administrators.has(s) {
			role, _, _ := strings.Cut(s.UserID, ":")
			id.SessionContext.SessionIssuer = &SessionIssuer{Type: "Role", PrincipalID: role, ARN: s.RoleARN, AccountID: s.Account, UserName: AdministratorRole}
		}
	}
	if s.Identity != nil {
		id.OnBehalfOf = &OnBehalfOf{UserID: s.Identity.UserID, IdentityStoreARN: s.Identity.IdentityStoreARN}
	}
	return id
}
