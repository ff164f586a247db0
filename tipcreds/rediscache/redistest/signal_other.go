//go:build !unix

package redistest

import "errors"

func (*process) suspend() error { return errors.ErrUnsupported }

func (*process) resume() error { return errors.ErrUnsupported }
