package fastpath_test

const userHome = "USERPROFILE"
