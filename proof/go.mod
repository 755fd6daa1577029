module github.com/evergreen-go/evergreen/proof

go 1.26.0

require (
	github.com/anishathalye/porcupine v1.3.1
	github.com/evergreen-go/evergreen v0.0.0
	go.uber.org/goleak v1.3.0
)

require golang.org/x/sys v0.49.0 // indirect

replace github.com/evergreen-go/evergreen => ../
