//go:build !unix

package http

// alive cannot tell here whether an idle connection is still open; the rule about
// retries has to do.
func (pc *persistConn) alive() bool { return true }
