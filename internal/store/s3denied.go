package store

import (
	"errors"
	"slices"
	"time"
)

// What s3_denied.json holds at most: it is for processes that ask at the same time.
const (
	maxS3Denials = 32
	s3DenialAge  = time.Minute
)

// S3Denial is an answer of S3 Access Grants that is none of credentials, left for the
// processes that wait to ask the same question. It has no secret.
type S3Denial struct {
	// Question is a digest of all that was asked.
	Question string `json:"question"`
	// At is when the answer came.
	At time.Time `json:"at"`
	// Operation and what follows are those of s3agcreds.DataAccessError.
	Operation  string `json:"operation"`
	Kind       string `json:"kind"`
	Code       string `json:"code"`
	Message    string `json:"message,omitempty"`
	HTTPStatus int    `json:"http_status"`
	RequestID  string `json:"request_id,omitempty"`
	Target     string `json:"target"`
	Permission string `json:"permission"`
	// Owner is the account that was found to own the instance and has answered, and
	// LookUp why none could be found; mostly both are empty.
	Owner  string `json:"owner,omitempty"`
	LookUp string `json:"look_up,omitempty"`
}

// s3Denials is s3_denied.json, the newest last.
type s3Denials struct {
	Denials []S3Denial `json:"denials"`
}

// S3DenialSince returns the answer to a question that has come since a time. Whoever
// cannot read it asks again.
func (s *Store) S3DenialSince(question string, since time.Time) (S3Denial, bool) {
	var file s3Denials
	if err := s.decode(S3DeniedFile, &file); err != nil {
		return S3Denial{}, false
	}
	now := time.Now()
	for _, d := range slices.Backward(file.Denials) {
		if d.Question == question && !d.At.Before(since) && !d.At.After(now) {
			return d, true
		}
	}
	return S3Denial{}, false
}

// AddS3Denial leaves an answer for those who wait for it, and drops old ones. It takes
// no lock: if two write at once, those who wait for the lost answer ask themselves.
func (s *Store) AddS3Denial(d S3Denial) error {
	var file s3Denials
	if err := s.decode(S3DeniedFile, &file); err != nil && !errors.Is(err, ErrNotFound) {
		file = s3Denials{}
	}
	kept := slices.DeleteFunc(file.Denials, func(old S3Denial) bool {
		return old.Question == d.Question || d.At.Sub(old.At) > s3DenialAge || old.At.After(d.At)
	})
	kept = append(kept, d)
	return s.encode(S3DeniedFile, s3Denials{Denials: kept[max(0, len(kept)-maxS3Denials):]})
}

// ClearS3Denials deletes s3_denied.json, or sets it aside if it is damaged. That there
// is none is no error.
func (s *Store) ClearS3Denials() error { return s.clear(S3DeniedFile) }
