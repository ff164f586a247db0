package store

import (
	"bytes"
	"errors"
	"io"
	"sort"
	"sync/atomic"
)

// ErrFull says that the store's limit of bytes is reached.
var ErrFull = errors.New("the store is full")

// Sizes of the chunks that a body is read into, in bytes.
const (
	minChunk = 4 << 10
	maxChunk = 1 << 20
)

// Blob is an immutable sequence of bytes. The zero value is empty.
type Blob struct {
	chunks [][]byte
	ends   []int64 // ends[i] is the offset behind chunks[i]
}

var _ io.ReaderAt = (*Blob)(nil)

// NewBlob returns a Blob of a copy of b.
func NewBlob(b []byte) *Blob {
	blob := &Blob{}
	blob.append(bytes.Clone(b))
	return blob
}

// Size is the number of bytes.
func (b *Blob) Size() int64 {
	if len(b.ends) == 0 {
		return 0
	}
	return b.ends[len(b.ends)-1]
}

// ReadAt implements io.ReaderAt.
func (b *Blob) ReadAt(p []byte, off int64) (int, error) {
	if off < 0 {
		return 0, errors.New("negative offset")
	}
	n := 0
	for i := sort.Search(len(b.ends), func(i int) bool { return b.ends[i] > off }); n < len(p); i++ {
		if i == len(b.chunks) {
			return n, io.EOF
		}
		start := b.ends[i] - int64(len(b.chunks[i]))
		n += copy(p[n:], b.chunks[i][off+int64(n)-start:])
	}
	return n, nil
}

// Section reads n bytes from off.
func (b *Blob) Section(off, n int64) *io.SectionReader { return io.NewSectionReader(b, off, n) }

// Slice returns n bytes from off as a Blob that shares memory with b. The range
// must lie within b.
func (b *Blob) Slice(off, n int64) *Blob {
	part := &Blob{}
	for i, chunk := range b.chunks {
		start := b.ends[i] - int64(len(chunk))
		from, to := max(off-start, 0), min(off+n-start, int64(len(chunk)))
		if from < to {
			part.append(chunk[from:to])
		}
	}
	return part
}

// Join returns the blobs one behind the other; it shares their memory.
func Join(blobs ...*Blob) *Blob {
	whole := &Blob{}
	for _, b := range blobs {
		for _, chunk := range b.chunks {
			whole.append(chunk)
		}
	}
	return whole
}

func (b *Blob) append(chunk []byte) {
	if len(chunk) == 0 {
		return
	}
	b.ends = append(b.ends, b.Size()+int64(len(chunk)))
	b.chunks = append(b.chunks, chunk)
}

// quota counts the bytes of all bodies, those still being read included. A copy
// counts anew although it shares memory.
type quota struct {
	limit int64
	used  atomic.Int64
}

func (q *quota) take(n int64) error {
	if q.used.Add(n) > q.limit {
		q.used.Add(-n)
		return ErrFull
	}
	return nil
}

func (q *quota) give(n int64) { q.used.Add(-n) }

// Read reads r to its end and returns its bytes, which count against the limit
// until they are stored and removed, or released. hint is the expected size, or
// negative. On an error, ErrFull among them, nothing is kept.
func (s *Store) Read(r io.Reader, hint int64) (*Blob, error) {
	if hint > s.quota.limit-s.quota.used.Load() {
		return nil, ErrFull
	}
	blob := &Blob{}
	for {
		chunk, err := readChunk(r, chunkSize(blob.Size(), hint))
		if full := s.quota.take(int64(len(chunk))); full != nil {
			s.Release(blob)
			return nil, full
		}
		blob.append(chunk)
		if errors.Is(err, io.EOF) {
			return blob, nil
		}
		if err != nil {
			s.Release(blob)
			return nil, err
		}
	}
}

// Reserve counts the bytes of a Blob that was made from stored ones.
func (s *Store) Reserve(b *Blob) error { return s.quota.take(b.Size()) }

// Release gives back what Read or Reserve took, for a Blob that was never stored.
func (s *Store) Release(b *Blob) { s.quota.give(b.Size()) }

// chunkSize grows with what has come in, so that a wrong hint costs little.
func chunkSize(read, hint int64) int64 {
	if rest := hint - read; rest > 0 {
		return min(rest+1, maxChunk) // one more byte to meet the end in the same chunk
	}
	return min(max(read, minChunk), maxChunk)
}

// readChunk reads up to n bytes. The error is io.EOF at the end of r.
func readChunk(r io.Reader, n int64) ([]byte, error) {
	buf := make([]byte, n)
	got, err := io.ReadFull(r, buf)
	if errors.Is(err, io.ErrUnexpectedEOF) {
		err = io.EOF
	}
	if got < len(buf)/2 {
		return bytes.Clone(buf[:got]), err
	}
	return buf[:got], err
}
