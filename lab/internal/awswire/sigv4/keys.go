package sigv4

import (
	"crypto/hmac"
	"crypto/sha256"
	"crypto/subtle"
	"encoding/hex"
	"sync"
)

// maxCachedKeys bounds the cache of derived signing keys. Only keys of requests
// that passed the scope and access key checks get in.
const maxCachedKeys = 1024

const terminator = "aws4_request"

type keyName struct{ accessKeyID, date, region, service string }

type cachedKey struct {
	secret string
	key    []byte
}

// keyCache remembers derived signing keys. The zero value is ready.
type keyCache struct {
	mu   sync.RWMutex
	keys map[keyName]cachedKey
}

// get returns the signing key of a scope. A key derived from another secret is
// never served.
func (c *keyCache) get(secret string, s credentialScope) []byte {
	name := keyName{s.accessKeyID, s.date, s.region, s.service}
	c.mu.RLock()
	entry, ok := c.keys[name]
	c.mu.RUnlock()
	if ok && subtle.ConstantTimeCompare([]byte(entry.secret), []byte(secret)) == 1 {
		return entry.key
	}
	key := deriveKey(secret, s)
	c.put(name, cachedKey{secret, key})
	return key
}

func (c *keyCache) put(name keyName, entry cachedKey) {
	c.mu.Lock()
	defer c.mu.Unlock()
	if c.keys == nil {
		c.keys = make(map[keyName]cachedKey)
	}
	if _, known := c.keys[name]; !known && len(c.keys) >= maxCachedKeys {
		for victim := range c.keys {
			delete(c.keys, victim)
			break
		}
	}
	c.keys[name] = entry
}

func deriveKey(secret string, s credentialScope) []byte {
	key := hmacSHA256([]byte("AWS4"+secret), s.date)
	key = hmacSHA256(key, s.region)
	key = hmacSHA256(key, s.service)
	return hmacSHA256(key, terminator)
}

func hmacSHA256(key []byte, data string) []byte {
	mac := hmac.New(sha256.New, key)
	mac.Write([]byte(data))
	return mac.Sum(nil)
}

// sign returns the signature of a string to sign in lower-case hex.
func sign(key []byte, stringToSign string) string {
	return hex.EncodeToString(hmacSHA256(key, stringToSign))
}

func hexSHA256(data []byte) string {
	sum := sha256.Sum256(data)
	return hex.EncodeToString(sum[:])
}

func equalConstantTime(a, b string) bool {
	return subtle.ConstantTimeCompare([]byte(a), []byte(b)) == 1
}
