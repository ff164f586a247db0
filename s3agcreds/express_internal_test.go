package s3agcreds

import (
	"fmt"
	"testing"
	"testing/synctest"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
)

// There are never more sessions than there is room for. Who is spent goes first.
func TestSessionBound(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		var c sessionCache
		put := func(from, to int, life time.Duration) {
			for i := range to - from {
				c.put(sessionKey{accessKey: fmt.Sprint(from + i)}, aws.Credentials{Expires: time.Now().Add(life)})
			}
		}
		put(0, maxSessions/2, 5*time.Minute)
		put(maxSessions/2, maxSessions, 10*time.Minute)
		time.Sleep(4 * time.Minute)
		put(maxSessions, maxSessions+1, 10*time.Minute)
		if n := len(c.byKey); n != maxSessions/2+1 {
			t.Errorf("%d sessions once half are spent, want %d", n, maxSessions/2+1)
		}
		put(maxSessions+1, 2*maxSessions+1, 10*time.Minute)
		if n := len(c.byKey); n == 0 || n > maxSessions {
			t.Errorf("%d sessions, want up to %d", n, maxSessions)
		}
	})
}
