package main

import (
	"context"
	"net/http"
	"net/url"
	"slices"
	"strconv"
	"strings"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/s3"
	"github.com/aws/aws-sdk-go-v2/service/s3control/types"
)

// grantView is a row of the home page.
type grantView struct {
	Scope, Permission string
	// Link leads to what may be read; empty if nothing may.
	Link string
}

// permissions are what the page calls them.
var permissions = map[types.Permission]string{
	types.PermissionRead: "Read", types.PermissionWrite: "Write", types.PermissionReadwrite: "Read and write",
}

// home shows who has signed in what they may see, and everybody else where to sign in.
func (a *app) home(w http.ResponseWriter, r *http.Request) {
	if a.sessions.of(r) == nil {
		a.write(w, http.StatusOK, "welcome", view{Title: "Team files"})
		return
	}
	a.signedIn(a.overview).ServeHTTP(w, r)
}

func (a *app) overview(w http.ResponseWriter, r *http.Request, s *session) error {
	ctx, cancel := context.WithTimeout(r.Context(), pageTime)
	defer cancel()
	grants, err := a.callerGrants(ctx)
	if err != nil {
		return err
	}
	var rows []grantView
	for _, g := range grants {
		rows = append(rows, row(g))
	}
	a.write(w, http.StatusOK, "home", view{Title: "Your files", Name: s.name, Page: rows})
	return nil
}

// row shows a grant. Its scope is a prefix with a star, or one object.
func row(g types.ListCallerAccessGrantsEntry) grantView {
	v := grantView{Scope: text(g.GrantScope), Permission: permissions[g.Permission]}
	prefix, isPrefix := strings.CutSuffix(v.Scope, "*")
	switch {
	case g.Permission == types.PermissionWrite: // may be written to, and not be looked into
	case isPrefix:
		v.Link = link("/browse", prefix)
	default:
		v.Link = link("/download", v.Scope)
	}
	return v
}

// link leads to a place. Keys stand in the query, where nothing on the way cleans them.
func link(page, place string) string {
	return page + "?" + url.Values{"path": {place}}.Encode()
}

// browseView is what the page of a folder shows.
type browseView struct {
	Path           string
	Crumbs         []entryView // the last one is the folder itself
	Folders, Files []entryView
	More, Uploaded string
	Folder         bool // whether files can be put here
}

// entryView is a row, or a part of the path. Link is empty if it leads nowhere.
type entryView struct{ Name, Link, Size, Changed string }

// pageSize is how many names a page shows.
const pageSize = 200

func (a *app) browse(w http.ResponseWriter, r *http.Request, s *session) error {
	q := r.URL.Query()
	p, err := parsePlace(q.Get("path"))
	if err != nil {
		return err
	}
	ctx, cancel := context.WithTimeout(r.Context(), pageTime)
	defer cancel()
	user, err := userOf(ctx)
	if err != nil {
		return err
	}
	grant, err := a.plugin.Grant(ctx, user, p.String()+"*", types.PermissionRead) // which serves the list as well
	if err != nil {
		return err
	}
	in := &s3.ListObjectsV2Input{Bucket: &p.bucket, Prefix: &p.key, Delimiter: aws.String("/"), MaxKeys: aws.Int32(pageSize)}
	if token := q.Get("token"); token != "" {
		in.ContinuationToken = &token
	}
	out, err := a.objects.ListObjectsV2(ctx, in, a.plugin.As(user))
	if err != nil {
		return err
	}
	v := listing(p, out)
	if name := q.Get("uploaded"); slices.ContainsFunc(v.Files, func(f entryView) bool { return f.Name == name }) {
		v.Uploaded = name // and not what anybody writes into a link
	}
	for _, c := range p.crumbs() {
		crumb := entryView{Name: c.name() + "/"}
		if c.key == "" {
			crumb.Name = c.bucket + "/"
		}
		if c != p && grant.Covers(c.String(), types.PermissionRead) {
			crumb.Link = link("/browse", c.String())
		}
		v.Crumbs = append(v.Crumbs, crumb)
	}
	a.write(w, http.StatusOK, "browse", view{Title: p.String(), Name: s.name, Page: v})
	return nil
}

// listing is what S3 says of a place.
func listing(p place, out *s3.ListObjectsV2Output) *browseView {
	v := &browseView{Path: p.String(), Folder: p.folder()}
	for _, c := range out.CommonPrefixes {
		f := place{p.bucket, text(c.Prefix)}
		v.Folders = append(v.Folders, entryView{Name: strings.TrimPrefix(f.key, p.key), Link: link("/browse", f.String())})
	}
	for i := range out.Contents {
		o := &out.Contents[i]
		f := place{p.bucket, text(o.Key)}
		name := strings.TrimPrefix(f.key, p.key)
		if name == "" {
			continue // the folder itself, as the console of S3 makes it
		}
		v.Files = append(v.Files, entryView{
			Name: name, Link: link("/download", f.String()), Size: size(aws.ToInt64(o.Size)), Changed: aws.ToTime(o.LastModified).UTC().Format("2 Jan 2006, 15:04"),
		})
	}
	if out.NextContinuationToken != nil {
		v.More = link("/browse", p.String()) + "&" + url.Values{"token": {*out.NextContinuationToken}}.Encode()
	}
	return v
}

// size is a number of bytes for people.
func size(n int64) string {
	if n < 1000 {
		return strconv.FormatInt(n, 10) + " B"
	}
	f, unit := float64(n), 0
	for f >= 1000 && unit < 4 {
		f /= 1000
		unit++
	}
	return strconv.FormatFloat(f, 'f', 1, 64) + " " + []string{"B", "kB", "MB", "GB", "TB"}[unit]
}
