package lab_test

import (
	"fmt"
	"path/filepath"
	"sync/atomic"
	"testing"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/secretsmanager"

	"github.com/tip-cli/tip-cli/lab"
	"github.com/tip-cli/tip-cli/lab/labtest"
)

// go test ./lab -run '^$' -bench DataDir -benchtime 2s
//
// A change of the world, answered: in memory, and on disk before the answer.
func BenchmarkDataDirChange(b *testing.B) {
	for _, users := range []int{1, 10_000} {
		for _, kept := range []bool{false, true} {
			for _, clients := range []int{1, 16} {
				b.Run(fmt.Sprintf("users=%d/kept=%v/clients=%d", users, kept, clients), func(b *testing.B) {
					dir := ""
					if kept {
						dir = filepath.Join(b.TempDir(), "data")
					}
					l := labtest.Start(b, func(o *lab.Options) { o.DataDir = dir }, labtest.Edit(func(w *lab.World) { labtest.Crowd(w, users) }))
					client := l.HTTPClient()
					b.Cleanup(client.CloseIdleConnections)
					secrets := secretsmanager.NewFromConfig(aws.Config{Region: l.Region(), HTTPClient: client, Credentials: labtest.Admin()})
					_, err := secrets.CreateSecret(b.Context(), &secretsmanager.CreateSecretInput{Name: aws.String("one"), SecretString: aws.String("x")})
					if err != nil {
						b.Fatal(err)
					}
					var n atomic.Int64
					b.SetParallelism((clients + 1) / 2) // of two cores
					b.ResetTimer()
					change := func() error {
						_, err := secrets.UpdateSecret(b.Context(), &secretsmanager.UpdateSecretInput{SecretId: aws.String("one"), Description: aws.String(fmt.Sprint(n.Add(1)))})
						return err
					}
					if clients == 1 {
						for range b.N {
							if err := change(); err != nil {
								b.Fatal(err)
							}
						}
						return
					}
					b.RunParallel(func(pb *testing.PB) {
						for pb.Next() {
							if err := change(); err != nil {
								b.Error(err)
							}
						}
					})
				})
			}
		}
	}
}

// The start of a lab that goes on with the world of a data directory.
func BenchmarkDataDirStart(b *testing.B) {
	for _, users := range []int{1, 10_000} {
		b.Run(fmt.Sprintf("users=%d", users), func(b *testing.B) {
			dir := filepath.Join(b.TempDir(), "data")
			opts := lab.Options{DataDir: dir, Edit: func(w *lab.World) { labtest.Crowd(w, users) }}
			for b.Loop() {
				l, err := lab.Start(b.Context(), opts)
				if err != nil {
					b.Fatal(err)
				}
				if err := l.Close(); err != nil {
					b.Fatal(err)
				}
			}
		})
	}
}
