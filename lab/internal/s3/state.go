package s3

import (
	"github.com/tip-cli/tip-cli/lab/internal/s3/store"
)

// WithObjects starts the service with objects that [Service.Objects] told before.
// Buckets of the world that are not among them get what the world file has for them.
func WithObjects(state []store.BucketState) Option {
	return func(s *Service) { s.restore = state }
}

// Objects is everything in the buckets but uploads in progress. It shares memory
// with the service, which does not change what it has handed out.
func (s *Service) Objects() []store.BucketState { return s.store.State() }

// Changes numbers the states of [Service.Objects].
func (s *Service) Changes() uint64 { return s.store.Changes() }
