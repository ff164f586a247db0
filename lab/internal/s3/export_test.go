package s3

import "github.com/tip-cli/tip-cli/lab/internal/s3/store"

// Parsers, for fuzzing from outside.
var (
	ParseCopySource = parseCopySource
	ParseTagging    = parseTagging
	ParseTagSet     = parseTagSet
	EncodeKey       = encodeKey
)

// ParseRange opens parseRange.
func ParseRange(v string, size int64) (offset, length int64, ok, satisfiable bool) {
	s, ok, satisfiable := parseRange(v, size)
	return s.offset, s.length, ok, satisfiable
}

// Store is the objects of s, to look past its rights.
func (s *Service) Store() *store.Store { return s.store }

// ActionsOf names every operation with its actions.
func ActionsOf() map[string][2]string {
	all := map[string][2]string{}
	for _, op := range operations {
		all[op.name] = [2]string{op.action, op.versionAction}
	}
	return all
}

// NewUpload begins a multipart upload without asking for rights.
func (s *Service) NewUpload(bucket, key string) (string, error) {
	u := &store.Upload{Key: key}
	err := s.store.CreateUpload(bucket, u)
	return u.ID, err
}
