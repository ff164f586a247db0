package grantcache_test

import (
	"strings"
	"sync"
	"time"

	"github.com/aws/aws-sdk-go-v2/service/s3control/types"
)

// peerCache is the algorithm of the official plugins for Java v2 and boto3, rendered in Go:
// a bounded map by credentials, permission and text. A target that ends in "/*" is kept
// without these two characters, one that ends in "*" as it is, and one object not at all.
// A look-up takes one segment after the other from the end of the request's target, then
// the same with READWRITE, then one character after the other with "*" behind it, then that
// with READWRITE. A key is a string here, which is kinder than their key objects.
type peerCache struct {
	mu      sync.Mutex // Caffeine and cacheout have finer ones; with one goroutine it costs little
	entries map[string]peerEntry
}

type peerEntry struct {
	value   int
	expires time.Time
}

func newPeerCache() *peerCache { return &peerCache{entries: map[string]peerEntry{}} }

func peerKey(credentials string, permission types.Permission, text string) string {
	return credentials + "\x00" + string(permission) + "\x00" + text
}

func (c *peerCache) put(credentials string, permission types.Permission, target string, value int, life time.Duration) {
	text, ok := strings.CutSuffix(target, "/*")
	if !ok && !strings.HasSuffix(target, "*") {
		return
	}
	c.mu.Lock()
	defer c.mu.Unlock()
	c.entries[peerKey(credentials, permission, text)] = peerEntry{value: value, expires: time.Now().Add(life * 9 / 10)}
}

func (c *peerCache) get(credentials string, permission types.Permission, target string) (int, bool) {
	for _, search := range []func(string, types.Permission, string) (int, bool){c.bySegment, c.byCharacter} {
		if v, ok := search(credentials, permission, target); ok {
			return v, true
		}
		if permission == types.PermissionReadwrite {
			continue
		}
		if v, ok := search(credentials, types.PermissionReadwrite, target); ok {
			return v, true
		}
	}
	return 0, false
}

func (c *peerCache) bySegment(credentials string, permission types.Permission, text string) (int, bool) {
	for text != "s3:" {
		if v, ok := c.load(peerKey(credentials, permission, text)); ok {
			return v, true
		}
		text = text[:strings.LastIndexByte(text, '/')]
	}
	return 0, false
}

func (c *peerCache) byCharacter(credentials string, permission types.Permission, text string) (int, bool) {
	for text != "s3://" {
		if v, ok := c.load(peerKey(credentials, permission, text+"*")); ok {
			return v, true
		}
		text = text[:len(text)-1]
	}
	return 0, false
}

func (c *peerCache) load(key string) (int, bool) {
	c.mu.Lock()
	defer c.mu.Unlock()
	e, ok := c.entries[key]
	return e.value, ok && time.Now().Before(e.expires)
}
