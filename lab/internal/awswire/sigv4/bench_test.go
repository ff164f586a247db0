package sigv4_test

import (
	"io"
	"strings"
	"testing"
)

// go test -run '^$' -bench . -benchmem ./lab/internal/awswire/sigv4

func BenchmarkVerifySTS(b *testing.B) {
	r, body := signedSTS(b)
	v := verifierAt(testTime)
	b.ReportAllocs()
	for b.Loop() {
		if _, err := v.Verify(r, body, stsScope); err != nil {
			b.Fatal(err)
		}
	}
}

func BenchmarkVerifyS3Presigned(b *testing.B) {
	r := presign(b, "GET", "https://bucket.s3.eu-west-1.amazonaws.com/key?versionId=1", "60", temporary, s3Scope)
	v := verifierAt(testTime)
	b.ReportAllocs()
	for b.Loop() {
		if _, err := v.VerifyS3(r, s3Scope); err != nil {
			b.Fatal(err)
		}
	}
}

func BenchmarkReadChunked(b *testing.B) {
	chunk := strings.Repeat("x", 64<<10)
	for _, mode := range []string{streamingSigned, streamingUnsignedTrailer} {
		b.Run(mode, func(b *testing.B) {
			u := upload{mode: mode, chunks: []string{chunk, chunk, chunk, chunk}}
			if mode == streamingUnsignedTrailer {
				u.trailer = "x-amz-checksum-crc32"
			}
			r := u.request(b)
			wire, err := io.ReadAll(r.Body)
			if err != nil {
				b.Fatal(err)
			}
			v := verifierAt(testTime)
			b.SetBytes(int64(len(wire)))
			b.ReportAllocs()
			for b.Loop() {
				r.Body = io.NopCloser(strings.NewReader(string(wire)))
				verified, err := v.VerifyS3(r, s3Scope)
				if err != nil {
					b.Fatal(err)
				}
				if _, err := io.Copy(io.Discard, verified.Body); err != nil {
					b.Fatal(err)
				}
			}
		})
	}
}
