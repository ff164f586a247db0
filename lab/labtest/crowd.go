package labtest

import (
	"encoding/base64"
	"encoding/json"
	"fmt"
	"strings"

	"github.com/tip-cli/tip-cli/lab"
)

// ClientID is the client of the issuers okta and loopback in the default world,
// and the aud of their ID tokens.
const ClientID = "0oaTipCliEXAMPLE"

// CrowdGroup is the Identity Center group of which all of a [Crowd] are members.
const CrowdGroup = "crowd"

// Member is one of a [Crowd].
type Member struct {
	// Login and Password at the issuers okta and loopback, and the sub claim there.
	Login, Password, Subject string
	// UserID and UserName in Identity Center; the latter is the e-mail address, too.
	UserID, UserName string
}

// CrowdMember is the i-th of a [Crowd], counted from 1: user-00001@example.com, and
// so on. It is the same in every lab.
func CrowdMember(i int) Member {
	login := fmt.Sprintf("user-%05d", i)
	return Member{
		Login: login, Password: login, Subject: fmt.Sprintf("00uUser%05dEXAMPLE", i),
		UserID: fmt.Sprintf("1234567890-eeeeeeee-5555-4eee-8eee-%012d", i), UserName: login + "@example.com",
	}
}

// Crowd adds n users to a world like the default one, in an edit of [Edit]: to its
// Identity Center, in the group [CrowdGroup], and to the issuers okta and loopback.
//
//	labtest.Start(t, labtest.Edit(func(w *lab.World) { labtest.Crowd(w, 10_000) }))
func Crowd(w *lab.World, n int) {
	center := &w.IdentityCenter[0]
	group := further(&center.Groups)
	group.ID, group.DisplayName = "1234567890-eeeeeeee-6666-4eee-8eee-eeeeeeeeeeee", CrowdGroup
	for i := range n {
		m := CrowdMember(i + 1)
		group.Members = append(group.Members, m.UserName)
		user := further(&center.Users)
		user.ID, user.UserName, user.DisplayName, user.Email = m.UserID, m.UserName, m.Login, m.UserName
	}
	for i := range w.Issuers {
		is := &w.Issuers[i]
		if is.Name != "okta" && is.Name != "loopback" {
			continue
		}
		for i := range n {
			m, person := CrowdMember(i+1), further(&is.People)
			person.Login, person.Password, person.Subject = m.Login, m.Password, m.Subject
			person.Claims = map[string]any{"email": m.UserName, "preferred_username": m.UserName, "name": m.Login}
		}
	}
}

// further appends an element to a list and returns it.
func further[T any](list *[]T) *T {
	*list = append(*list, *new(T))
	return &(*list)[len(*list)-1]
}

// Identity is somebody who has signed in, as a server meets them.
type Identity struct {
	// Issuer and Subject are the claims iss and sub of the token.
	Issuer, Subject string
	// Token is an ID token: a JWT that Identity Center takes once.
	Token string
}

// SignIn gives somebody a new ID token of an issuer of the lab ("okta" or
// "loopback"), as a sign-in gives it, but without one: see [lab.Lab.IssueIDToken].
// It may be called concurrently; signing takes about a millisecond.
func SignIn(l *lab.Lab, issuer, login string, edits ...func(*lab.IDToken)) (Identity, error) {
	token, err := l.IssueIDToken(issuer, login, ClientID, edits...)
	if err != nil {
		return Identity{}, err
	}
	parts := strings.SplitN(token, ".", 3)
	payload, err := base64.RawURLEncoding.DecodeString(parts[1])
	if err != nil {
		return Identity{}, fmt.Errorf("read the token: %w", err)
	}
	var claims struct{ Iss, Sub string }
	if err := json.Unmarshal(payload, &claims); err != nil {
		return Identity{}, fmt.Errorf("read the token: %w", err)
	}
	return Identity{Issuer: claims.Iss, Subject: claims.Sub, Token: token}, nil
}
