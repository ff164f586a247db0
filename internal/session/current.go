package session

import (
	"slices"
	"time"

	"github.com/tip-cli/tip-cli/internal/answer"
	"github.com/tip-cli/tip-cli/internal/config"
	"github.com/tip-cli/tip-cli/internal/store"
)

// CurrentRole reports whether the role session with an access key is the one on disk,
// made for this configuration: whether whoever has it in memory may go on using it, for
// as long as it lasts. The error is that of reading the file.
func CurrentRole(st *store.Store, c config.Config, accessKeyID string) (bool, error) {
	held, err := st.LoadRole()
	if err != nil {
		return false, err
	}
	return held.AccessKeyID == accessKeyID && known(st, c, &held), nil
}

// CurrentGrant is [CurrentRole] for S3 credentials, which are those of the person whose
// role session is on disk, and answer a request that has a region, however long they last.
func CurrentGrant(st *store.Store, c config.Config, r GrantRequest, accessKeyID string) (bool, error) {
	role, err := st.LoadRole()
	if err != nil {
		return false, err
	}
	entries, err := st.LoadS3()
	if err != nil {
		return false, err
	}
	s := newShelf(st, c)
	asked := s.asked(&r, role)
	return known(st, c, &role) && slices.ContainsFunc(entries, func(e store.S3Entry) bool {
		grant := e.Grant()
		return e.AccessKeyID == accessKeyID && asked.Matches(&grant)
	}), nil
}

// known reports whether a role session was made for a configuration, however long it
// lasts.
func known(st *store.Store, c config.Config, held *store.RoleCredentials) bool {
	s := newShelf(st, c)
	switch answer.Judge(held.Judged(), &answer.Asked{Now: time.Now(), Fingerprint: s.fingerprint, LastGood: true}) {
	case answer.Incomplete, answer.Alien:
		return false
	}
	return true
}
