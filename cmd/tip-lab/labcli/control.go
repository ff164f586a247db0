package labcli

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net/http"
	"strings"
	"time"

	"github.com/tip-cli/tip-cli/cmd/tip-lab/labfile"
	"github.com/tip-cli/tip-cli/lab"
)

// controlTimeout bounds an answer of the lab's own pages: new keys take a moment.
const controlTimeout = 30 * time.Second

// control sends a request to a page of the running lab that dir describes, and
// reads the answer. in and out may be nil. The lab's refusals are the error.
func control(ctx context.Context, dir, method, page string, in, out any) error {
	dir, err := resolveDir(dir)
	if err != nil {
		return err
	}
	running, err := labfile.Read(ctx, dir)
	if err != nil {
		return err
	}
	body, err := json.Marshal(in)
	if err != nil {
		return err
	}
	req, err := http.NewRequestWithContext(ctx, method, running.Endpoint+"/_lab/"+page, bytes.NewReader(body))
	if err != nil {
		return err
	}
	req.Header.Set(lab.AdminHeader, "admin")
	resp, err := (&http.Client{Transport: &http.Transport{}, Timeout: controlTimeout}).Do(req)
	if err != nil {
		return fmt.Errorf("ask the lab: %w", err)
	}
	defer func() { _ = resp.Body.Close() }()
	text, err := io.ReadAll(io.LimitReader(resp.Body, 16<<20))
	if err != nil {
		return fmt.Errorf("ask the lab: %w", err)
	}
	if resp.StatusCode != http.StatusOK {
		return errors.New(strings.TrimSpace(string(text)))
	}
	if out == nil {
		return nil
	}
	if err := json.Unmarshal(text, out); err != nil {
		return fmt.Errorf("read the lab's answer: %w", err)
	}
	return nil
}
