package fastpath_test

// systemStates are those of files that only Unix has.
var systemStates = states[:0:0]
