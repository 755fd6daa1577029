package tasktest

// What the contracts are made of, for tests that show them what they must find.
var (
	OneHolder        = oneHolder
	InOrder          = inOrder
	HandedOver       = handedOver
	Alternating      = alternating
	CancelledLockers = cancelledLockers
	NothingLost      = nothingLost
	ShutDown         = shutDown
	CancelledQueue   = cancelledQueue
	PassOn           = passOn
	Rendezvous       = rendezvous
	CloseUnder       = closeUnder
	CancelledChannel = cancelledChannel
	CloseWakes       = closeWakes
	PeerCloses       = peerCloses
	PastDeadline     = pastDeadline
	LaterDeadline    = laterDeadline
	BothWays         = bothWays
)
