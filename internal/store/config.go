package store

import "encoding/json"

// LoadConfig returns the text of config.json, which is a JSON object for sure;
// internal/config gives it types. Without the file, or with an empty one, the
// error wraps [ErrNotFound] and its hint is the command that makes it.
func (s *Store) LoadConfig() ([]byte, error) {
	data, err := s.object(ConfigFile)
	if err != nil {
		return nil, err
	}
	var object map[string]json.RawMessage
	if err := json.Unmarshal(data, &object); err != nil {
		return nil, s.corrupt(ConfigFile, "%s", describe(data, err))
	}
	return data, nil
}

// SaveConfig replaces config.json with data, which must be a JSON object.
func (s *Store) SaveConfig(data []byte) error {
	var object map[string]json.RawMessage
	if err := json.Unmarshal(data, &object); err != nil || object == nil {
		return s.corrupt(ConfigFile, "refusing to write what is not a JSON object")
	}
	return s.write(ConfigFile, data)
}
