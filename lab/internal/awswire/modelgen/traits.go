package main

import (
	"encoding/json"
	"fmt"
	"slices"
)

// Traits that the lab reads, and those it may drop: they concern documentation,
// endpoints, retries, checksums and other work of clients.
var (
	shapeTraits = []string{
		"type", "required", "members", "member", "key", "value", "enum", "min", "max", "pattern", "locationName", "payload",
		"timestampFormat", "xmlNamespace", "flattened", "sensitive", "streaming", "union", "document", "eventstream", "event",
		"exception", "fault", "error",
		"documentation", "box", "retryable", "deprecated", "deprecatedMessage", "deprecatedSince", "synthetic", "wrapper",
		"xmlOrder", "requiresLength", "authtype",
	}
	refTraits = []string{
		"shape", "location", "locationName", "queryName", "resultWrapper", "timestampFormat", "xmlNamespace", "xmlAttribute",
		"flattened", "streaming", "hostLabel",
		"documentation", "box", "contextParam", "idempotencyToken", "deprecated", "deprecatedMessage", "deprecatedSince",
		"eventpayload", "eventheader", "jsonvalue", "enum",
	}
	operationTraits = []string{
		"name", "http", "input", "output", "errors", "authtype", "auth",
		"documentation", "documentationUrl", "endpoint", "endpointdiscovery", "endpointoperation", "staticContextParams",
		"operationContextParams", "httpChecksum", "httpChecksumRequired", "idempotent", "readonly", "deprecated",
		"deprecatedMessage", "alias", "unsignedPayload", "requestcompression",
	}
)

// checkTraits refuses a model with a trait that is neither read nor known to be
// of no interest.
func checkTraits(raw []byte) error {
	var m struct {
		Operations map[string]map[string]json.RawMessage
		Shapes     map[string]map[string]json.RawMessage
	}
	if err := json.Unmarshal(raw, &m); err != nil {
		return err
	}
	for name, op := range m.Operations {
		if err := known("operation "+name, op, operationTraits); err != nil {
			return err
		}
	}
	for name, shape := range m.Shapes {
		if err := checkShape(name, shape); err != nil {
			return err
		}
	}
	return nil
}

func checkShape(name string, shape map[string]json.RawMessage) error {
	if err := known("shape "+name, shape, shapeTraits); err != nil {
		return err
	}
	refs := map[string]map[string]json.RawMessage{}
	if members := shape["members"]; members != nil {
		if err := json.Unmarshal(members, &refs); err != nil {
			return err
		}
	}
	for _, part := range []string{"member", "key", "value"} {
		if shape[part] == nil {
			continue
		}
		ref := map[string]json.RawMessage{}
		if err := json.Unmarshal(shape[part], &ref); err != nil {
			return err
		}
		refs[part+" of "+name] = ref
	}
	for member, ref := range refs {
		if err := known(name+"."+member, ref, refTraits); err != nil {
			return err
		}
	}
	return nil
}

func known(what string, traits map[string]json.RawMessage, allowed []string) error {
	for trait := range traits {
		if !slices.Contains(allowed, trait) {
			return fmt.Errorf("%s has the unknown trait %q", what, trait)
		}
	}
	return nil
}
