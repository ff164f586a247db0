package main

import (
	"errors"
	"io"
	"mime"
	"net/http"
	"net/url"
	"strconv"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/s3"
)

// download hands a file on as it comes. What is in it is somebody's upload: the browser
// stores it, and if it should show it all the same, then as plain bytes in a sandbox.
func (a *app) download(w http.ResponseWriter, r *http.Request, s *session) error {
	p, err := parsePlace(r.URL.Query().Get("path"))
	if err != nil {
		return err
	}
	if p.folder() {
		return errPlace
	}
	user, err := userOf(r.Context())
	if err != nil {
		return err
	}
	object, err := a.objects.GetObject(r.Context(), &s3.GetObjectInput{Bucket: &p.bucket, Key: &p.key}, a.plugin.As(user))
	if err != nil {
		return err
	}
	defer func() { _ = object.Body.Close() }()
	h := w.Header()
	h.Set("Content-Type", "application/octet-stream")
	h.Set("Content-Security-Policy", "sandbox; default-src 'none'; frame-ancestors 'none'")
	h.Set("Content-Disposition", attachment(p.name()))
	if object.ContentLength != nil {
		h.Set("Content-Length", strconv.FormatInt(*object.ContentLength, 10))
	}
	if _, err := io.Copy(w, object.Body); err != nil {
		// Part of it has been sent. Ending the connection is the one way to say so.
		a.log.Warn("a download broke off", "user", s.subject.String(), "err", err)
		panic(http.ErrAbortHandler)
	}
	return nil
}

// attachment is the header Content-Disposition of a file (RFC 6266).
func attachment(name string) string {
	if v := mime.FormatMediaType("attachment", map[string]string{"filename": name}); v != "" {
		return v
	}
	return "attachment"
}

// Limits of an upload, in bytes: of the whole, and of what is kept in memory of it.
const (
	maxUpload       = 32_000_000
	maxUploadMemory = 1 << 20
	formRoom        = 4096
)

// upload puts a file into a folder. Nothing is overwritten.
func (a *app) upload(w http.ResponseWriter, r *http.Request, _ *session) error {
	p, err := parsePlace(r.URL.Query().Get("path"))
	if err != nil {
		return err
	}
	r.Body = http.MaxBytesReader(w, r.Body, maxUpload+formRoom)
	if err := r.ParseMultipartForm(maxUploadMemory); err != nil { //nolint:gosec // the body is bounded above
		if _, ok := errors.AsType[*http.MaxBytesError](err); ok {
			return err
		}
		return errFileName
	}
	defer func() { _ = r.MultipartForm.RemoveAll() }()
	body, header, err := r.FormFile("file")
	if err != nil {
		return err
	}
	defer func() { _ = body.Close() }()
	to, err := p.file(header.Filename)
	if err != nil {
		return err
	}
	user, err := userOf(r.Context())
	if err != nil {
		return err
	}
	_, err = a.objects.PutObject(r.Context(), &s3.PutObjectInput{
		Bucket: &to.bucket, Key: &to.key, Body: body, ContentLength: &header.Size,
		ContentType: aws.String("application/octet-stream"), IfNoneMatch: aws.String("*"),
	}, a.plugin.As(user))
	if err != nil {
		return err
	}
	back := link("/browse", p.String()) + "&" + url.Values{"uploaded": {to.name()}}.Encode()
	http.Redirect(w, r, back, http.StatusSeeOther)
	return nil
}
